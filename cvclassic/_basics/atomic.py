"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any


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
    # in the same folder, because a rename is atomic only within a file system; a short name,
    # because the target's may already be as long as a name can be
    fd, temporary = tempfile.mkstemp(dir=target.parent, prefix=".cvclassic-")
    try:
        try:
            yield temporary
            os.fsync(fd)
        finally:
            os.close(fd)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


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
    fd, temporary = tempfile.mkstemp(dir=target.parent, prefix=".cvclassic-")
    os.close(fd)
    os.unlink(temporary)
