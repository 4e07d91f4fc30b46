"""``cvclassic faces blur``: a video in which nobody is recognized."""

from __future__ import annotations

import csv
from typing import Any

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.options import jobs_option, n_jobs, quiet_option
from ...shared.outputs import OutputFile, check_no_input, forced, wrote
from ...shared.video import FrameReader, timecode


@click.command()
@click.argument("clip")
@click.option("-o", "--output", required=True, type=OutputFile(), help="Video to write.")
@click.option(
    "--report",
    type=OutputFile(),
    help="Moments to check by eye: a page with frames (.html), or a table (.csv).",
)
@click.option(
    "--max-hidden",
    type=click.IntRange(min=0),
    default=15,
    show_default=True,
    help="Longest gap, in frames, between two detections of a face that is blurred too.",
)
@jobs_option
@quiet_option
@click.pass_context
def blur(ctx, clip, output, report, max_hidden, jobs, quiet) -> None:
    """Blur the faces in the video CLIP.

    Faces are tracked: a face is also blurred in frames where the detector missed it, if it was
    found before and after. The sound track is dropped. Check the moments of --report before you
    publish: no detector finds every face.

    Images are blurred with: cvclassic faces detect photos/ -o published/ --blur

    \b
    Example:
      cvclassic faces blur party.mp4 -o published.mp4 --report check.html
    """
    from cvclassic.batch import Work, map_inputs
    from cvclassic.faces import CASCADES, FaceTask, HaarFaceDetector, blur_boxes
    from cvclassic.images import Detections
    from cvclassic.video import VideoWriter, blur_frame, plan_blurring

    if report is not None and _is_page(report):
        from cvclassic.report import check_page_path

        check_page_path(report, "--report", force=forced())
    check_no_input(output, (clip,))
    reader = FrameReader(clip, quiet=quiet, what="Detecting faces")
    with VideoWriter(output) as writer:
        # for privacy every face counts, and time less
        task = FaceTask(HaarFaceDetector(tuple(CASCADES)).fit())
        records = map_inputs(task, iter(reader), Work("processes", n_jobs(jobs)))
        plan = plan_blurring(
            (record.detections or Detections.empty() for record in records), max_hidden=max_hidden
        )
        for i, frame in enumerate(FrameReader(clip, quiet=True, what="Blurring")):
            writer.write(blur_frame(frame.value, plan.boxes.get(i, []), blur_boxes), frame.time)
    click.echo(wrote(output), err=True)
    if report is not None:
        write = _write_page if _is_page(report) else _write_table
        write(report, clip, plan.doubtful, reader)
        click.echo(wrote(report), err=True)
    if not quiet:
        n = len(plan.doubtful)
        click.echo(
            f"{plural(plan.n_tracks, 'face')} followed, "
            f"{plural(plan.n_bridged, 'box', 'boxes')} bridged, "
            f"{plural(n, 'moment')} to check",
            err=True,
        )
    ctx.exit(ExitCode.FAILURES if reader.failed else ExitCode.OK)


def _is_page(path: str) -> bool:
    return path.lower().endswith((".html", ".htm"))


def _write_table(path: str, _clip: str, doubtful: list[Any], reader: FrameReader) -> None:
    from cvclassic._basics.atomic import atomic_file

    with atomic_file(path, "w") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["start", "end", "first_frame", "last_frame", "reason"])
        for one in doubtful:
            start, end = reader.times[one.first], reader.times[one.last]
            rows.writerow([timecode(start), timecode(end), one.first, one.last, one.reason])


def _write_page(path: str, clip: str, doubtful: list[Any], reader: FrameReader) -> None:
    from cvclassic.report import Clip, Moment, write_moments_page

    times = reader.times
    moments = [
        Moment(
            one.reason,
            times[one.first],
            times[one.last],
            times[(one.first + one.last) // 2],
            one.last - one.first + 1,
        )
        for one in doubtful
    ]
    shown = Clip(clip, times[0] if times else 0.0, reader.end, moments)
    n = len(moments)
    write_moments_page(
        path,
        [shown],
        title=f"{plural(n, 'moment')} to check",
        lead="Before you publish the blurred video, look at these moments: a face may be visible "
        "there. Frames are those of the original.",
        what="why",
        timeline=False,
    )
