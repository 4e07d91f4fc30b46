"""A page of moments in videos: when, what, and a frame."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..draw import Thumbnail, draw_timeline, make_thumbnail
from ..images import FrameSelection, VideoFrame, read_frames
from .page import render_page, write_page

_SIDE = 160
_MOST_FRAMES = 400  # thumbnails of a clip


@dataclass(frozen=True)
class Moment:
    """A stretch of a video.

    Attributes
    ----------
    what : str
    start, end : float
        Seconds.
    shown : float
        Time of the frame that is shown.
    n_frames : int
    """

    what: str
    start: float
    end: float
    shown: float
    n_frames: int


@dataclass(frozen=True)
class Clip:
    """A video and its moments.

    Attributes
    ----------
    name : str
        As it was given: frames are read from it again.
    start, end : float
        Seconds.
    moments : list of Moment
    """

    name: str
    start: float
    end: float
    moments: list[Moment] = field(default_factory=list)


def write_moments_page(
    path: str | os.PathLike,
    clips: Sequence[Clip],
    *,
    title: str,
    lead: str,
    what: str,
    command: str = "",
    timeline: bool = True,
) -> int:
    """Write the page.

    Parameters
    ----------
    path : str or os.PathLike
    clips : sequence of Clip
    title, lead : str
        Its heading, and a sentence on what it shows.
    what : str
        Heading of the column of names or reasons.
    command : str
        That makes the page again.
    timeline : bool
        Whether each clip has a drawing with a row per name.

    Returns
    -------
    int
        Bytes of the file.
    """
    shown = []
    for clip in clips:
        frames = _frames(clip)
        spans = [(one.what, one.start, one.end) for one in clip.moments]
        label = f"{len(spans)} stretches of {clip.name}"
        shown.append(
            {
                "name": clip.name,
                "timeline": draw_timeline(spans, clip.start, clip.end, label)
                if timeline and spans
                else None,
                "moments": [
                    {"moment": one, "thumb": frames.get(one.shown)} for one in clip.moments
                ],
            }
        )
    page = render_page(
        "moments.html.j2", title=title, lead=lead, what=what, clips=shown, command=command
    )
    return write_page(path, page)


def _frames(clip: Clip) -> dict[float, Any]:
    """Thumbnails by the time that was requested, of what can still be read."""
    wanted = sorted({one.shown for one in clip.moments})[:_MOST_FRAMES]
    if not wanted or clip.name.startswith("camera:"):
        return {}
    found: list[tuple[float, Thumbnail]] = []
    # the written times are rounded: the frame may be a millionth of a second earlier
    selection = FrameSelection(times=tuple(max(0.0, moment - 1e-6) for moment in wanted))
    for frame in read_frames(clip.name, selection):
        if isinstance(frame, VideoFrame):
            found.append((frame.time, make_thumbnail(frame.value, _SIDE)))
    if not found:
        return {}
    times = np.array([moment for moment, _ in found])
    return {moment: found[int(np.abs(times - moment).argmin())][1] for moment in wanted}
