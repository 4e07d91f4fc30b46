"""``cvclassic video``: shots, tracks and motion of video files."""

from __future__ import annotations

import click

from ...main import LazyGroup

# name -> (module in `commands`:attribute, the line that `cvclassic video --help` shows).
COMMANDS: dict[str, tuple[str, str]] = {
    "shots": ("video.shots:shots", "Find cuts, dissolves and fades."),
    "track": ("video.track:track", "Track faces, objects or one box through a video."),
    "motion": ("video.motion:motion", "Show motion, or stabilize the camera."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def video() -> None:
    """Find shots, track objects and show motion in videos.

    Every other command takes videos too: cvclassic classify MODEL clip.mp4 --every 1s

    Needs the extra: pip install "cvclassic[video]"

    \b
    Example:
      cvclassic video shots holiday.mp4 --sheet shots.png
      cvclassic video track street.mp4 -o tracks.csv --video drawn.mp4
      cvclassic video motion street.mp4 -o flow.mp4 --kind flow
    """
