"""``cvclassic video track``: who is where, from frame to frame."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.options import jobs_option, n_jobs, quiet_option
from ...shared.outputs import OutputFile, TextFile, check_no_input, wrote
from ...shared.video import FrameReader


@click.command()
@click.argument("clip")
@click.option(
    "-o", "--output", required=True, type=TextFile(r"\d+,\d+,-?\d"), help="CSV file in MOT format."
)
@click.option("--video", type=OutputFile(), help="Write the video with the tracks drawn.")
@click.option("--box", metavar="X,Y,W,H", help="Track this box of the first frame.")
@click.option(
    "--cascade", type=click.Path(), metavar="XML", help="Track the detections of this cascade."
)
@click.option(
    "--objects",
    type=click.Path(),
    metavar="MODEL",
    help="Track the detections of this model of `objects train`.",
)
@click.option(
    "--max-hidden",
    type=click.IntRange(min=0),
    default=15,
    show_default=True,
    help="Maximum number of frames a track is kept without a detection.",
)
@click.option("--min-score", type=float, help="Detections below this score do not start a track.")
@jobs_option
@quiet_option
@click.pass_context
def track(ctx, clip, output, video, box, cascade, objects, max_hidden, min_score, jobs, quiet):
    """Track objects through CLIP: faces, unless --cascade, --objects or --box is given.

    The output has a row per object and frame: frame (from 1), track, left, top, width, height,
    score, -1, -1, -1. A score of 0 marks frames in which the object was hidden and its box is
    interpolated.

    \b
    Example:
      cvclassic video track party.mp4 -o tracks.csv --video drawn.mp4
      cvclassic video track run.mp4 -o one.csv --box 111,98,25,101 --video drawn.mp4
      cvclassic video track road.mp4 -o cars.csv --objects cars.cvmodel
    """
    if sum(option is not None for option in (box, cascade, objects)) > 1:
        raise click.UsageError("Give one of --box, --cascade and --objects.")
    from cvclassic._basics.atomic import atomic_file, check_writable

    check_no_input(output, (clip,))
    check_writable(output)
    if video is not None:
        from cvclassic.video.writing import check_video_output

        check_no_input(video, (clip,))
        check_video_output(video)
    reader = FrameReader(clip, quiet=quiet, what="Tracking")
    boxes = (
        _one(reader, _numbers(box))
        if box is not None
        else _all(reader, _task(cascade, objects), max_hidden, min_score, n_jobs(jobs))
    )
    with atomic_file(output, "w") as file:
        for one in boxes:
            x, y, w, h = one.box
            place = f"{x:.2f},{y:.2f},{w:.2f},{h:.2f}"
            file.write(f"{one.frame + 1},{one.track},{place},{one.score:.4f},-1,-1,-1\n")
    click.echo(wrote(output), err=True)
    if video is not None:
        _draw(clip, video, boxes, quiet)
        click.echo(wrote(video), err=True)
    if not quiet:
        n = len({one.track for one in boxes})
        click.echo(f"{plural(n, 'track')} in {plural(len(reader.times), 'frame')}", err=True)
    ctx.exit(ExitCode.FAILURES if reader.failed else ExitCode.OK)


def _numbers(text: str) -> tuple[float, ...]:
    with contextlib.suppress(ValueError):
        numbers = tuple(float(part) for part in text.split(","))
        if len(numbers) == 4:
            return numbers
    raise click.BadParameter(f"expected X,Y,W,H in pixels. Got {text!r}.", param_hint="--box")


def _one(reader: FrameReader, box: tuple[float, ...]) -> list[Any]:
    from cvclassic.video import TrackedBox, follow_box

    frames = (frame.value for frame in reader)
    return [
        TrackedBox(i, 1, found.box, 1.0 if found.seen else 0.0, None, found.seen)
        for i, found in enumerate(follow_box(frames, box))
    ]


def _task(cascade: str | None, objects: str | None) -> Any:
    from cvclassic.faces import CascadeFaceDetector, FaceTask, HaarFaceDetector

    if objects is not None:
        from cvclassic.objects import DetectTask, load_detector

        detector, _ = load_detector(objects)
        return DetectTask(detector)
    finder: Any = HaarFaceDetector() if cascade is None else CascadeFaceDetector(cascade)
    return FaceTask(finder.fit())


def _all(reader: FrameReader, task: Any, max_hidden: int, min_score, n: int | None) -> list[Any]:
    import numpy as np

    from cvclassic.batch import Work, map_inputs
    from cvclassic.images import Detections
    from cvclassic.video import BoxTracker

    sure = -np.inf if min_score is None else min_score
    tracker = BoxTracker(max_hidden=max_hidden, sure=sure)
    waiting: list[np.ndarray] = []

    def passed() -> Iterator[Any]:
        for frame in reader:
            waiting.append(frame.value)
            yield frame

    for record in map_inputs(task, passed(), Work("processes", n)):
        tracker.update(record.detections or Detections.empty(), waiting.pop(0))
    return tracker.finish()


def _draw(clip: str, path: str, boxes: list[Any], quiet: bool) -> None:
    from cvclassic.video import VideoWriter, draw_tracks

    by_frame: dict[int, list[Any]] = {}
    for one in boxes:
        by_frame.setdefault(one.frame, []).append(one)
    with VideoWriter(path) as writer:
        for i, frame in enumerate(FrameReader(clip, quiet=quiet, what="Drawing")):
            writer.write(draw_tracks(frame.value, by_frame.get(i, [])), frame.time)
