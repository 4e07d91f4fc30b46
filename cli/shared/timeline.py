"""``--timeline``: who or what the frames of videos show when, as a page or an image."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from .outputs import OutputFile, forced, wrote

if TYPE_CHECKING:
    from cvclassic.batch import Record

timeline_option = click.option(
    "--timeline",
    "timelines",
    multiple=True,
    type=OutputFile(dir_okay=False),
    metavar="FILE",
    help="Write what the frames of videos show when: a page (.html), or an image (.png). May be "
    "repeated.",
)


class Timeline:
    """A sink of records that writes timelines at the end.

    Parameters
    ----------
    paths : sequence of str
        Pages and images.
    names_of : callable
        What a record shows: a list of names.
    gap : float
        Times without a name that are bridged, in seconds.

    Raises
    ------
    click.UsageError
        A name ends otherwise.
    """

    def __init__(
        self, paths: tuple[str, ...], names_of: Callable[[Record], list[str]], gap: float
    ) -> None:
        from cvclassic._basics.atomic import check_writable
        from cvclassic.report import check_page_path

        for path in paths:
            suffix = os.path.splitext(path)[1].lower()
            if suffix not in (".html", ".png"):
                raise click.UsageError(f"--timeline must end in .html or .png. Got {path!r}.")
            if suffix == ".html":
                check_page_path(path, "--timeline", force=forced())
            else:
                check_writable(path)
        self._paths = paths
        self._names_of = names_of
        self._gap = gap
        self._clips: dict[str, tuple[list[list[str]], list[float]]] = {}

    def __bool__(self) -> bool:
        return bool(self._paths)

    def write(self, record: Record) -> None:
        """Take the record of a frame; others are skipped."""
        from cvclassic.video import time_of

        where = time_of(record)
        if where is None or not self._paths:
            return
        names, times = self._clips.setdefault(where[0], ([], []))
        names.append([] if record.failed else self._names_of(record))
        times.append(where[1])

    def finish(self, title: str) -> None:
        """Write the files, and say so."""
        from cvclassic.report import Clip, Moment, write_moments_page
        from cvclassic.video import presences

        clips = []
        for name, (names, times) in self._clips.items():
            found = presences(names, times, gap=self._gap)
            moments = [
                Moment(one.name, one.start, one.end, one.middle, one.n_frames) for one in found
            ]
            end = max([times[-1], *(one.end for one in moments)])
            clips.append(Clip(name, times[0], end, moments))
        for path in self._paths:
            if path.lower().endswith(".png"):
                self._draw(path, clips, title)
            else:
                lead = f"What the frames show when; gaps of up to {self._gap:g} s are bridged."
                write_moments_page(path, clips, title=title, lead=lead, what="shown")
            click.echo(wrote(path), err=True)

    def _draw(self, path: str, clips: list, title: str) -> None:
        from cvclassic.draw import timeline_figure
        from cvclassic.draw.training_curves import write_figure

        several = len(clips) > 1
        spans = [
            (
                f"{os.path.basename(clip.name)}: {one.what}" if several else one.what,
                one.start,
                one.end,
            )
            for clip in clips
            for one in clip.moments
        ]
        start = min((clip.start for clip in clips), default=0.0)
        end = max((clip.end for clip in clips), default=1.0)
        write_figure(timeline_figure(spans, start, end, title), path)
