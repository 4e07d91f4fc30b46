"""What decoders print on standard error, heard without being shown.

libjpeg repairs damaged data as well as it can and says so only on the process's file descriptor 2.
The library leaves that descriptor alone; a program that owns its process may have it watched.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from cvclassic._basics.opencv import get_log_level, set_log_level
from cvclassic._basics.platform import pread

_T = TypeVar("_T")
_DAMAGE = re.compile(
    rb"(Corrupt JPEG data[^\n]*|Premature end of JPEG[^\n]*|Inconsistent progression[^\n]*|"
    rb"Invalid SOS[^\n]*|Unsupported marker[^\n]*|Fax[34]Decode[^\n]*|"
    rb"libpng warning: [^\n]*(?:CRC|IDAT|bad)[^\n]*)"
)
_ear: _Ear | None = None


class _Ear:
    """Descriptor 2 turned into an unnamed file; who decodes is counted, to know who spoke."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._screen = os.dup(2)
        self._stderr = sys.stderr
        self._level = get_log_level()
        self._decoding = 0
        self._change = threading.Condition()
        self._spans: list[tuple[int, int]] = []
        set_log_level(0)
        self._quiet = warnings.catch_warnings()  # Pillow's, of files that get a record anyway
        self._quiet.__enter__()
        warnings.filterwarnings("ignore", module=r"PIL\b")
        sys.stderr.flush()
        os.dup2(self._file.fileno(), 2)
        if _descriptor(sys.stderr) == 2:  # Python's own messages go on to the screen
            sys.stderr = os.fdopen(
                os.dup(self._screen), "w", buffering=1, errors="backslashreplace"
            )

    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def hear(self, decode: Callable[[], _T]) -> tuple[_T, bytes]:
        """Run a decoder; where anybody spoke meanwhile, run it again with all others waiting."""
        with self._change:
            self._decoding += 1
        before = self.size()
        try:
            result = decode()
        finally:
            after = self.size()
            with self._change:
                self._decoding -= 1
                if before != after:
                    self._spans.append((before, after))
                self._change.notify_all()
        if before == after:
            return result, b""
        with self._change:
            while self._decoding:
                self._change.wait()
            before = self.size()
            result = decode()
            after = self.size()
            self._spans.append((before, after))
            return result, pread(self._file.fileno(), after - before, before)

    def close(self) -> None:
        """Give the descriptor back, and show what was not said by a decoder."""
        os.dup2(self._screen, 2)
        if sys.stderr is not self._stderr:
            sys.stderr.close()
            sys.stderr = self._stderr
        set_log_level(self._level)
        self._quiet.__exit__(None, None, None)
        said = 0
        for start, end in sorted([*self._spans, (self.size(), self.size())]):
            if start > said:
                os.write(2, pread(self._file.fileno(), start - said, said))
            said = max(said, end)
        os.close(self._screen)
        self._file.close()


def _descriptor(stream: Any) -> int | None:
    """The file descriptor of a stream, if it has one."""
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None


@contextlib.contextmanager
def watch_decoders() -> Iterator[None]:
    """Hear what image decoders print, for the whole process.

    While it is active, :func:`cvclassic.images.decode_image` adds the warning ``corrupt_data``
    where libjpeg or libpng had to repair an image, nothing that decoders print reaches the
    screen, and OpenCV's log is silent. Safe with threads: an image is blamed only for what is
    said while it is decoded alone.

    It turns file descriptor 2 away from the screen (Python's ``sys.stderr`` goes on to show
    there), so it is meant for programs that own their process, such as the command line and its
    workers, and not for libraries. Processes that are started meanwhile inherit the turned
    descriptor. Inside another ``watch_decoders`` it does nothing.

    Examples
    --------
    >>> from cvclassic.images import decode_image, watch_decoders
    >>> with watch_decoders():
    ...     decode_image(b"P5 3 2 255 " + bytes(6)).warnings
    ()
    """
    global _ear
    if _ear is not None:
        yield
        return
    _ear = _Ear()
    try:
        yield
    finally:
        ear, _ear = _ear, None
        ear.close()


def is_watching() -> bool:
    """Whether `watch_decoders` is active in this process."""
    return _ear is not None


def hear(decode: Callable[[], _T]) -> tuple[_T, list[tuple[str, str]]]:
    """Run a decoder: its result, and the note ``corrupt_data`` if it spoke of damage."""
    if _ear is None:
        return decode(), []
    result, said = _ear.hear(decode)
    found = _DAMAGE.search(said)
    if found is None:
        return result, []
    return result, [
        ("corrupt_data", f"repaired by the decoder: {found[1].decode('ascii', 'replace')}")
    ]
