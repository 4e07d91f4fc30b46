"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .platform import lives, sync_folder
from .printable import show_path

_MARK = ".cvclassic-"
_TEMPORARY = re.compile(r"\.cvclassic-([0-9a-f]{8})-([0-9]+)-\w+")


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike, mode: str = "wb", **options: Any) -> Iterator[IO]:
    """Open a file for writing that takes its name only when the block ends well.

    Parameters
    ----------
    path : str or os.PathLike
        An existing file is replaced.
    mode : {"wb", "w"}
    **options
        As in `open`.

    Yields
    ------
    file

    Raises
    ------
    OSError
        The folder is missing or cannot be written to (before the block runs), or the disk is
        full.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_file(os.path.join(folder, "a.txt"), "w") as file:
    ...         _ = file.write("whole")
    ...     Path(folder, "a.txt").read_text()
    'whole'
    """
    with atomic_path(path) as temporary, open(temporary, mode, **options) as file:
        yield file


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[str]:
    """Name of an empty file that takes another name only when the block ends well.

    For writers that want a name and no open file; it must be closed when the block ends.

    Parameters
    ----------
    path : str or os.PathLike
        An existing file is replaced.

    Yields
    ------
    str

    Raises
    ------
    OSError
        As `atomic_file`.
    """
    target = Path(os.fsdecode(path))
    if target.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(target))
    if target.is_symlink():  # what it leads to is written, and the link stays
        target = Path(os.path.realpath(target))
    # in the same folder, because a rename is atomic only within a file system; a short name,
    # because the target's may already be as long as a name can be
    fd, temporary = _reserve(target)
    try:
        try:
            yield temporary
            os.fsync(fd)
        finally:
            os.close(fd)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
        sync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def make_folder(path: str | os.PathLike) -> None:
    """Make a folder for outputs, and those above it, unless it is there.

    Raises
    ------
    OSError
        It cannot be made, or a file has its name.
    """
    try:
        os.makedirs(path, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(20, "It is a file, not a folder", os.fsdecode(path)) from None


def _reserve(target: Path) -> tuple[int, str]:
    """A temporary file beside the target; errors name the target, which the user knows."""
    try:
        return tempfile.mkstemp(dir=target.parent, prefix=_prefix(target))
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, FileNotFoundError):
            reason = f"{reason}: the folder {show_path(target.parent)} does not exist"
        raise OSError(error.errno, reason, str(target)) from None


def _prefix(target: Path) -> str:
    """How temporary names begin: what they are to be, and whose they are."""
    return f"{_MARK}{_digest(target)}-{os.getpid()}-"


def _digest(target: str | os.PathLike) -> str:
    return hashlib.sha256(os.fsencode(os.path.basename(target))).hexdigest()[:8]


def remove_leftovers(folder: str | os.PathLike, target: str | os.PathLike | None = None) -> int:
    """Remove temporary files that killed processes have left in a folder.

    Parameters
    ----------
    folder : str or Path
    target : str or Path, optional
        Only those that were to become this file, from any process: the caller holds its lock.
        Else those whose process no longer lives.

    Returns
    -------
    int
        How many were removed.
    """
    removed = 0
    with contextlib.suppress(OSError), os.scandir(os.fsdecode(folder)) as entries:
        for entry in entries:
            match = _TEMPORARY.fullmatch(entry.name)
            if match is None or not entry.is_file(follow_symlinks=False):
                continue
            mine = match[1] == _digest(target) if target is not None else not lives(int(match[2]))
            if mine:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
                    removed += 1
    return removed


def check_writable(path: str | os.PathLike) -> None:
    """Find out now, and not after an hour's work, whether `path` can be written.

    Raises
    ------
    OSError
        As `atomic_file` would.
    """
    target = Path(os.fsdecode(path))
    if target.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(target))
    if target.is_symlink():
        target = Path(os.path.realpath(target))
    fd, temporary = _reserve(target)
    os.close(fd)
    os.unlink(temporary)
