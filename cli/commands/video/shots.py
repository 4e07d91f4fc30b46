"""``cvclassic video shots``: where one shot ends and the next begins."""

from __future__ import annotations

import csv
import io
import os
import sys

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.console import plain
from ...shared.options import quiet_option
from ...shared.outputs import OutputFile, OutputFolder, TextFile, check_own, wrote
from ...shared.video import FrameReader, timecode


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP...")
@click.option(
    "--csv",
    "table",
    type=TextFile("clip,shot,"),
    help="CSV file for the list of shots; - is stdout. [default]",
)
@click.option(
    "--edl", type=TextFile("TITLE: "), help="Edit decision list (CMX 3600) for video editors."
)
@click.option(
    "--split",
    type=OutputFolder(),
    metavar="DIR",
    help="Write each shot as a video into DIR.",
)
@click.option(
    "--sheet", type=OutputFile(), help="Write an image with the middle frame of each shot."
)
@click.option(
    "--sensitivity",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Sensitivity: higher values find more shots, but make more mistakes.",
)
@quiet_option
@click.pass_context
def shots(ctx, clips, table, edl, split, sheet, sensitivity, quiet) -> None:
    """Find the shots of CLIPs: cuts, dissolves and fades.

    The list has a row per shot: clip, shot, the transition that it begins with, its first and last
    frame, and their times in seconds.

    Exit code: 0 all could be read, 1 some could not, 2 usage.

    \b
    Example:
      cvclassic video shots holiday.mp4
      cvclassic video shots holiday.mp4 --csv shots.csv --sheet shots.png
      cvclassic video shots holiday.mp4 --split shots/ --edl holiday.edl
    """
    if len(clips) > 1 and (edl or sheet):
        raise click.UsageError("--edl and --sheet take one CLIP.")
    from cvclassic._basics.atomic import atomic_file
    from cvclassic.video import detect_transitions, shots_between, summarize_frames

    rows: list[list] = []
    failed = 0
    for clip in clips:
        reader = FrameReader(clip, quiet=quiet, what="Detecting shots")
        summary = summarize_frames(frame.value for frame in reader)
        failed += reader.failed
        if not len(summary):
            continue
        transitions = detect_transitions(summary, sensitivity=sensitivity)
        spans = shots_between(transitions, len(summary))
        times = [*reader.times, reader.end]
        begins = ["", *(one.kind for one in transitions)]
        for number, ((first, end), kind) in enumerate(zip(spans, begins, strict=True), start=1):
            moments = [f"{times[first]:.6f}", f"{times[end]:.6f}"]
            rows.append([clip, number, kind, first, end - 1, *moments])
        if edl:
            with atomic_file(edl, "w") as file:
                file.write(_edl(clip, spans, times))
            click.echo(wrote(edl), err=True)
        if sheet and spans:
            _write_sheet(sheet, clip, spans, times)
            click.echo(wrote(sheet), err=True)
        if split and spans:
            _split(clip, split, spans, quiet)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["clip", "shot", "transition", "first", "last", "start", "end"])
    writer.writerows(rows)
    if table not in (None, "-"):
        with atomic_file(table, "w") as file:
            file.write(text.getvalue())
        click.echo(wrote(table), err=True)
    elif table == "-" or not (edl or split or sheet):
        sys.stdout.write(text.getvalue())
    if not quiet:
        n = len(rows)
        click.echo(f"{plural(n, 'shot')}", err=True)
    ctx.exit(ExitCode.FAILURES if failed else ExitCode.OK)


def _edl(clip: str, spans, times) -> str:
    lines = [f"TITLE: {os.path.splitext(os.path.basename(clip))[0]}", "FCM: NON-DROP FRAME", ""]
    for number, (first, end) in enumerate(spans, start=1):
        source = f"{timecode(times[first])} {timecode(times[end])}"
        lines.append(f"{number:03d}  AX       V     C        {source} {source}")
        lines.append(f"* FROM CLIP NAME: {os.path.basename(clip)}")
    return "\n".join(lines) + "\n"


def _write_sheet(path: str, clip: str, spans, times) -> None:
    from cvclassic.draw import label_panel, side_by_side, write_drawing
    from cvclassic.images import FrameSelection, VideoFrame, read_frames
    from cvclassic.images.resizing import resize_to

    middles = tuple(times[(first + end - 1) // 2] for first, end in spans)
    panels: list = []
    for frame in read_frames(clip, FrameSelection(times=middles)):
        if isinstance(frame, VideoFrame):
            number = len(panels) + 1
            small = resize_to(frame.value, 320)
            panels.append(label_panel(small, f"{number}: {timecode(frame.time)}"))
    write_drawing(path, side_by_side(panels, columns=min(5, len(panels))))


def _split(clip: str, folder: str, spans, quiet: bool) -> None:
    from cvclassic._basics.atomic import make_folder
    from cvclassic.video import VideoWriter

    make_folder(folder)
    stem, suffix = os.path.splitext(os.path.basename(clip.partition("#")[0]))
    suffix = suffix if suffix.lower() in (".mp4", ".mkv", ".mov", ".webm") else ".mp4"
    reader = iter(FrameReader(clip, quiet=quiet, what="Writing shots"))
    for number, (first, end) in enumerate(spans, start=1):
        path = os.path.join(folder, f"{stem}-{number:03d}{suffix}")
        start = None
        check_own(path, "--split")
        with VideoWriter(path) as writer:
            for _ in range(end - first):
                frame = next(reader, None)
                if frame is None:
                    break
                start = frame.time if start is None else start
                writer.write(frame.value, frame.time - start)
    click.echo(plain(f"Wrote {plural(len(spans), 'video')} to {folder}"), err=True)
