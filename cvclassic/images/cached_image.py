"""Images that are decoded once, however many passes are made."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from functools import lru_cache
from typing import IO

import numpy as np

from .._basics.platform import pread_into, pwrite
from .reading import read_image


class Spool:
    """An unlinked temporary file of decoded pixels; gone when the last image is gone.

    Pixels are read back from the page cache, so that memory does not grow with the number of
    images. The file lies in ``TMPDIR``.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="cvclassic-")  # noqa: SIM115
        self._end = 0
        self._lock = threading.Lock()

    def add(self, source) -> Picture:
        """Wrap a source whose pixels are to be kept here."""
        return Picture(source, _spool=self)

    def put(self, pixels: np.ndarray) -> tuple[int, tuple[int, ...]]:
        """Store an array; returns the place to `get` it from."""
        with self._lock:
            start, self._end = self._end, self._end + pixels.nbytes
        data = np.ascontiguousarray(pixels).data.cast("B")
        written = 0
        while written < len(data):
            written += pwrite(self._file.fileno(), data[written:], start + written)
        return start, pixels.shape

    def get(self, place: tuple[int, tuple[int, ...]]) -> np.ndarray:
        """Read back a stored array."""
        start, shape = place
        pixels = np.empty(shape, np.uint8)
        view = pixels.data.cast("B")
        done = 0
        while done < len(view):
            done += pread_into(self._file.fileno(), view[done:], start + done)
        return pixels

    @property
    def address(self) -> tuple[str, int]:
        """Under which name, on Linux, worker processes find the file, and its number there."""
        descriptor = self._file.fileno()
        return f"/proc/{os.getpid()}/fd/{descriptor}", os.fstat(descriptor).st_ino


class SharedSpool(Spool):
    """The spool of another process, to be read.

    Raises
    ------
    OSError
        The process has ended, or the system has no such names.
    """

    def __init__(self, path: str, number: int) -> None:
        self._file = open(path, "rb")  # noqa: SIM115
        if os.fstat(self._file.fileno()).st_ino != number:
            self._file.close()
            raise FileNotFoundError(path)

    def put(self, pixels: np.ndarray) -> tuple[int, tuple[int, ...]]:
        """Refuse: another process writes."""
        raise PermissionError("this spool belongs to another process")


_shared = lru_cache(maxsize=2)(SharedSpool)


class Picture:
    """An image source that remembers its pixels after the first reading.

    Where a sequence of images is asked for, images may stand in it: several describers
    and several passes then share one decoding of the file.

    Parameters
    ----------
    source : str, Path, bytes or ndarray
        What `read_image` takes.

    Examples
    --------
    >>> picture = Picture(np.zeros((40, 20), np.uint8))
    >>> picture.read(max_side=20).shape
    (20, 10)
    """

    __slots__ = ("_memory", "_spool", "source")

    def __init__(self, source, *, _spool: Spool | None = None) -> None:
        self.source = source
        self._spool = _spool
        self._memory: dict = {}

    def read(self, max_side: int | None = None) -> np.ndarray:
        """Return the pixels, at most `max_side` long, read-only by convention.

        Raises
        ------
        ImageReadError
            As `read_image`.
        """
        place = self._place(max_side)
        if place is None:
            pixels = read_image(self.source, max_side=max_side)
            self.remember(max_side, pixels)
            return pixels
        return self._spool.get(place) if self._spool is not None else place

    def _place(self, max_side: int | None):
        """Where the pixels of that size are remembered; None where they are not."""
        for side, place in self._memory.items():
            shape = place.shape if self._spool is None else place[1]
            long = max(shape[:2], default=0)
            whole = side is None or long < side  # nothing was reduced
            if side == max_side or (whole and (max_side is None or long <= max_side)):
                return place
        return None

    def remember(self, max_side: int | None, pixels: np.ndarray) -> None:
        """Keep `pixels` as what `read(max_side)` gives from now on."""
        if self._spool is None:
            self._memory[max_side] = pixels
            return
        # where there is no room for temporary files, decode again instead
        with contextlib.suppress(OSError):
            self._memory[max_side] = self._spool.put(pixels)

    def recall(self) -> np.ndarray | None:
        """Pixels of the largest size that is remembered; None where there are none."""
        if not self._memory:
            return None
        return self.read(max(self._memory, key=lambda side: side or float("inf")))

    def __reduce__(self):
        if self._spool is None or not self._memory:
            return Picture, (self.source,)
        return _attach, (self.source, self._memory, self._spool.address)

    def __repr__(self) -> str:
        shown = self.source if isinstance(self.source, str | os.PathLike) else "..."
        return f"Picture({shown!r})"


def _attach(source, memory: dict, address: tuple[str, int]) -> Picture:
    """Unpickle a spooled image where its spool can be read, else one that decodes again."""
    try:
        picture = Picture(source, _spool=_shared(*address))
    except OSError:
        return Picture(source)
    picture._memory = dict(memory)
    return picture


def spool_pictures(sources) -> list[Picture]:
    """Wrap `sources` so that each file is decoded at most once for each size.

    See `Spool` for where the pixels are kept.

    Parameters
    ----------
    sources : sequence of str, Path or bytes

    Returns
    -------
    list of Picture
    """
    spool = Spool()
    return [spool.add(source) for source in sources]


def load_pixels(image, max_side: int | None = None) -> np.ndarray:
    """Return the pixels of a `Picture` or of anything that `read_image` takes."""
    if isinstance(image, Picture):
        return image.read(max_side)
    return read_image(image, max_side=max_side)
