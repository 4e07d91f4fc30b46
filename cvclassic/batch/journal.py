"""What a run has finished so far, on disk, so that it can resume after any interruption.

A journal is a hidden file beside the output: a line with the process, a line that says what the run
was asked, and a line for each record. Every line of a record begins with its CRC-32, so that
what a crash left half-written is seen and cut off. The journal is locked while a run has it open.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .._basics.locking import hidden_path, open_locked
from .._basics.platform import pwrite, sync_folder, unlock_file
from ..errors import OutputLockedError, ParameterError, ResumeError
from ..images.files import show_path
from .journal_lines import content_of, head_of, line_of, record_of
from .outputs.flushing import Flusher
from .records import Record

_FIRST = b"cvclassic journal 2, process %10d\n"
_FIRST_SIZE = len(_FIRST % 0)
# A power cut costs what was written so recently, and while the disk was writing: 2 s are promised.
# A killed process loses nothing.
_SYNC_SECONDS = 1.5


def journal_path(output: str | os.PathLike) -> Path:
    """Where the journal of an output lies.

    Examples
    --------
    >>> str(journal_path("results/labels.csv"))
    'results/.labels.csv.partial'
    """
    return hidden_path(output, "partial")


class Journal:
    """Records of a run that can be interrupted, see `open_journal`.

    Attributes
    ----------
    resumed : bool
        Whether there were records of an interrupted run when it was opened.
    n_records : int
        Those that `keep` kept, and what was added since.
    """

    def __init__(self, fd: int, path: Path, output: Path, start: int, resumed: bool) -> None:
        self._fd = fd
        self._path = path
        self._output = output
        self._start = start  # of the first record
        self._end = start
        self._flusher = Flusher(fd, _SYNC_SECONDS)
        self.resumed = resumed
        self.n_records = 0

    @property
    def shown(self) -> str:
        """The output as it is named in messages."""
        return show_path(self._output)

    def kept(self) -> Iterator[tuple[Record, Any]]:
        """Records and fingerprints on disk, up to the first line that is not whole."""
        for line in self._lines():
            content = content_of(line)
            if content is None:
                return
            *fields, mark = content
            yield record_of(*fields), mark

    def keep(self, n: int) -> None:
        """Keep the first `n` records, and forget what else is in the file."""
        end = self._start
        for _, line in zip(range(n), self._lines(), strict=False):
            end += len(line)
        self._end, self.n_records = end, n
        os.ftruncate(self._fd, end)

    def append(self, record: Record, mark: Any = None) -> None:
        """Add a record; it is safe from a killed process at once, from a power cut soon.

        Parameters
        ----------
        record : Record
        mark : list or None
            Fingerprint of the input, any JSON.

        Raises
        ------
        OSError
            The disk is full; the records before are kept.
        """
        self.extend([(record, mark)])

    def extend(self, pairs: Iterable[tuple[Record, Any]]) -> None:
        """Add several records and fingerprints at once, which costs the disk no more than one."""
        lines = [line_of(record, mark) for record, mark in pairs]
        if not lines:
            return
        self._write(b"".join(lines))
        self.n_records += len(lines)
        with self._named():
            self._flusher.tick()

    def sync(self) -> None:
        """Have the disk write what it has been given."""
        with self._named():
            os.fsync(self._fd)

    def finish(self) -> None:
        """Remove the journal: its records are in the output."""
        os.unlink(self._path)

    def _write(self, line: bytes) -> None:
        """Append to the file, all or nothing."""
        with self._named():
            done = 0
            try:
                while done < len(line):  # a disk that fills up takes a part first
                    done += pwrite(self._fd, line[done:], self._end + done)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._end)
                raise
        self._end += len(line)

    def _lines(self) -> Iterator[bytes]:
        with open(os.dup(self._fd), "rb") as file:
            place = self._start
            while True:
                file.seek(place)  # the position is shared with whoever else reads
                block = file.readlines(1 << 20)
                if not block:
                    return
                for line in block:
                    place += len(line)
                    yield line

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Name the output in errors of the system, since the journal is hidden."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._output)) from None


@contextlib.contextmanager
def open_journal(
    output: str | os.PathLike, about: Mapping[str, Any], *, restart: bool = False
) -> Iterator[Journal]:
    """Open the journal of an output: a new one, or that of a run that was interrupted.

    Parameters
    ----------
    output : str or Path
        Where the records go in the end.
    about : dict of str to str, int, float, bool or None
        What the run was asked: all that its records depend on. Keys are fit for messages.
    restart : bool
        Discard what an interrupted run has left.

    Yields
    ------
    Journal
        It stays on disk after the block unless `Journal.finish` was called or it is empty.

    Raises
    ------
    OutputLockedError
        Another run is in progress.
    ResumeError
        The interrupted run was asked something else.
    ParameterError
        The output is a device or a pipe.
    OSError
        The folder cannot be written to.
    """
    target = Path(os.fsdecode(output))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory", str(target))
    if target.exists() and not target.is_file():
        raise ParameterError(
            f"output must be a file or a new name. Got {show_path(target)!r}, a device or a pipe; "
            "without an output records go to standard output."
        )
    path = journal_path(target)
    try:
        fd = open_locked(path)
    except BlockingIOError:
        raise _taken(path, target) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None
    journal = None
    try:
        journal = _begin(fd, path, target, dict(about), restart)
        yield journal
    finally:
        if journal is not None:
            journal._flusher.close()
        if journal is not None and journal.n_records:
            with contextlib.suppress(OSError):
                os.fsync(fd)
        elif journal is not None and not journal.resumed:
            with contextlib.suppress(OSError):
                os.unlink(path)
        unlock_file(fd)  # whoever still reads holds a copy of the descriptor
        os.close(fd)


def _taken(path: Path, target: Path) -> OutputLockedError:
    """What to say when another run has the journal open; its first line names the process."""
    words: list[bytes] = []
    with contextlib.suppress(OSError), open(path, "rb") as file:
        words = file.read(_FIRST_SIZE).split()
    who = f"process {int(words[-1])}" if words and words[-1].isdigit() else "another process"
    return OutputLockedError(
        f"{show_path(target)}: {who} is writing it. Wait for it, or choose another output."
    )


def _begin(fd: int, path: Path, target: Path, about: dict, restart: bool) -> Journal:
    """Compare the head of a journal with this run's, or write it."""
    with open(os.dup(fd), "rb") as file:
        file.seek(0)
        first = file.readline(200)
        other = first.startswith(b"cvclassic journal ") and first[:19] != _FIRST[:19]
        if other and not restart:
            raise ResumeError(
                f"{show_path(target)}: an interrupted run of another version is there. "
                "Finish it with that version, or discard it with --restart."
            )
        whole = first.startswith(_FIRST[:19]) and not restart
        head = file.readline() if whole else b""
    found = content_of(head) if head else None
    if found is not None:
        _compare(found[0], about, target)
    line = head_of(about)
    journal = Journal(fd, path, target, _FIRST_SIZE, resumed=False)
    with journal._named():
        if found is None:
            os.ftruncate(fd, 0)
            journal._write(line)
            sync_folder(path.parent)  # else the disk may know the records and not their name
        else:
            journal._end += len(head)
        pwrite(fd, _FIRST % os.getpid(), 0)
        size = os.fstat(fd).st_size
    return Journal(fd, path, target, journal._end, resumed=size > journal._end)


def _compare(found: dict, about: dict, target: Path) -> None:
    for key in [*about, *(key for key in found if key not in about)]:
        old, new = found.get(key), about.get(key)
        if old == new:
            continue
        was = "" if len(f"{old}{new}") > 60 else f" ({old} then, {new} now)"
        raise ResumeError(
            f"{show_path(target)}: an interrupted run with another {key} is there{was}. "
            f"Finish it with the same options, or discard it with --restart."
        )
