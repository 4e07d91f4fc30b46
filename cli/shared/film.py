"""``--video`` and ``--live``: the drawings of a run as a video, or in a window."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from .outputs import OutputFile

if TYPE_CHECKING:
    from cvclassic.batch import Record, Sources

_LIVE = "cvclassic (q closes)"
_PROBE = "import cv2; cv2.namedWindow('x'); cv2.destroyAllWindows()"


def film_options(command: Callable) -> Callable:
    """``--video FILE --live``, given to the command as `film`, a `FilmOptions`."""

    @functools.wraps(command)
    def wrapper(*args: Any, video, live, **kwargs: Any) -> Any:
        return command(*args, film=FilmOptions(video, live), **kwargs)

    for option in (
        click.option("--live", is_flag=True, help="Show the drawings of a video in a window."),
        click.option(
            "--video",
            type=OutputFile(dir_okay=False),
            metavar="FILE",
            help="Write the drawings of a video as one (.mp4, .mkv, .mov or .webm), with the "
            "times of its frames. After an interruption such a run starts over.",
        ),
    ):
        wrapper = option(wrapper)
    return wrapper


@dataclass(frozen=True)
class FilmOptions:
    """What is asked for.

    Attributes
    ----------
    video : str or None
    live : bool
    """

    video: str | None
    live: bool

    def __bool__(self) -> bool:
        return self.video is not None or self.live

    def open(self, sources: Sources) -> Film:
        """A `Film` of the only source.

        Raises
        ------
        click.UsageError
            The sources are something else than one video.
        """
        from cvclassic.images import is_video

        if not self:
            return Film(None, show=False)
        option = "--live" if self.video is None else "--video"
        paths = sources.paths
        if sources.manifest is not None or len(paths) != 1 or not is_video(paths[0]):
            raise click.UsageError(f"{option} takes one video, such as clip.mp4 or camera:0.")
        return Film(self.video, show=self.live and _has_display())


NO_FILM = FilmOptions(None, live=False)


class Film:
    """Drawings in the order of time.

    Parameters
    ----------
    path : str or None
        Video to write.
    show : bool
        Whether to show them in a window.
    """

    def __init__(self, path: str | None, *, show: bool) -> None:
        self._path = path
        self._show = show
        self._writer: Any = None
        self._size: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return self._path is not None or self._show

    def __enter__(self) -> Film:
        if self._path is not None:
            from cvclassic.video import VideoWriter

            self._writer = VideoWriter(self._path)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._writer is not None:
            # a camera is ended by Ctrl-C: the video until then is whole
            self._writer.close(keep=error is None or isinstance(error, KeyboardInterrupt))
        if self._show:
            import cv2

            cv2.destroyAllWindows()

    def take(self, record: Record) -> None:
        """Add the drawing of a record, if it has one."""
        from cvclassic.video import time_of

        # bytes are files of numbers, such as masks
        drawn = [one for one in record.pictures.values() if isinstance(one, np.ndarray)]
        if not drawn:
            return
        pixels = self._fitted(drawn[-1])
        if self._writer is not None and (where := time_of(record)):
            self._writer.write(pixels, where[1])
        if self._show:
            import cv2

            cv2.imshow(_LIVE, pixels[..., ::-1])
            if cv2.waitKey(1) & 0xFF == ord("q"):
                self._show = False
                cv2.destroyAllWindows()

    def _fitted(self, pixels: np.ndarray) -> np.ndarray:
        """In color, and of the size of the first one."""
        import cv2

        if pixels.ndim == 2:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
        self._size = self._size or (pixels.shape[1], pixels.shape[0])
        if (pixels.shape[1], pixels.shape[0]) != self._size:
            pixels = cv2.resize(pixels, self._size, interpolation=cv2.INTER_AREA)
        return pixels


def _has_display() -> bool:
    """Whether a window can be opened; a toolkit without a display ends its process, so try it."""
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, check=False, timeout=60
    )
    if done.returncode:
        click.echo("--live is left out: there is no display to open a window on.", err=True)
    return done.returncode == 0
