"""Finds files in folders; what cannot be listed is reported."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cvclassic._basics.platform import O_DIRECTORY, READ_FLAGS, can_list_descriptors
from cvclassic.errors import ImageReadError
from cvclassic.images.files import explain_os_error, open_path
from cvclassic.images.formats.headers import identify, is_image_format
from cvclassic.images.formats.suffixes import suffix_format

_FOLDER_FLAGS = READ_FLAGS | O_DIRECTORY


@dataclass(frozen=True)
class FoundFile:
    """Something to read: a file, or what stands where one should be (pipe, dead link, nothing).

    Attributes
    ----------
    path : str
        Lossless: bytes that are not UTF-8 are kept by ``surrogateescape``.
    """

    path: str


@dataclass(frozen=True)
class Fault:
    """A folder that could not be listed, so that files may be missing.

    Attributes
    ----------
    path : str
    code : str
        A record code such as ``"permission"``.
    message : str
    """

    path: str
    code: str
    message: str


def walk_images(
    paths: Iterable[str | os.PathLike], *, only_images: bool = False
) -> Iterator[FoundFile | Fault]:
    """Walk files and folders, one by one.

    The rule:

    - What is named in ``paths`` always comes back: a folder is walked, anything else is yielded,
      also if it is missing or hidden.
    - Inside folders names that begin with a dot are skipped, files and folders alike; everything
      else that is no folder is yielded: files of any name, pipes, sockets, dead links.
    - With ``only_images`` only what has a known image suffix (``.jpg``, ``.PNG`` ...), and of
      the rest those files whose first bytes are an image's.
    - A folder that is named like an image (``x.jpg/``) is yielded, because reading it will say
      what is wrong, and walked as well.
    - Links to folders are followed, after all that is really there; no folder is walked twice for
      one of ``paths``, so links may lead in circles.
    - The order is that of the names' bytes, the files of a folder before its sub-folders.

    Memory holds the names of one folder and the folders that are still to do.

    Parameters
    ----------
    paths : iterable of str or os.PathLike
    only_images : bool

    Yields
    ------
    FoundFile or Fault

    Examples
    --------
    >>> list(walk_images(["no/such/file.jpg"]))
    [FoundFile(path='no/such/file.jpg')]
    """
    for path in paths:
        name = os.fsdecode(path)
        if _is_folder(name):
            yield from _walk_folder(name, only_images)
        else:
            yield FoundFile(name)


def _is_folder(name: str) -> bool:
    """True for a folder, also if its path is longer than the system takes at once."""
    try:
        return stat.S_ISDIR(os.stat(name).st_mode)
    except (OSError, ValueError):
        pass
    try:
        os.close(open_path(name, _FOLDER_FLAGS))
    except (OSError, ValueError):
        return False
    return True


def _walk_folder(top: str, only_images: bool) -> Iterator[FoundFile | Fault]:
    """Everything below one folder: first what is there, then what links lead to."""
    seen: set[tuple[int, int]] = set()
    todo: list[str] = [top]
    linked: list[str] = []
    while todo or linked:
        folder = todo.pop() if todo else linked.pop(0)
        try:
            entries = list_folder(folder, seen)
        except OSError as error:
            code, _ = explain_os_error(error, folder)
            yield Fault(folder, code, f"the folder cannot be listed: {error.strerror}")
            continue
        if entries is None:
            continue
        if suffix_format(folder) is not None:
            yield FoundFile(folder)
        inner: list[str] = []
        for name, is_folder, is_link in entries:
            path = os.path.join(folder, name)
            if is_folder:
                (linked if is_link else inner).append(path)
            elif not only_images or looks_like_image(path):
                yield FoundFile(path)
        todo.extend(reversed(inner))


def list_folder(
    folder: str, seen: set[tuple[int, int]], hidden: bool = False
) -> list[tuple[str, bool, bool]] | None:
    """Entries (name, is a folder, is a link) sorted, perhaps hidden ones; None if seen before."""
    by_name = not can_list_descriptors()
    fd = None if by_name else open_path(folder, _FOLDER_FLAGS)
    try:
        info = os.stat(folder if fd is None else fd)
        if (info.st_dev, info.st_ino) in seen:
            return None
        seen.add((info.st_dev, info.st_ino))
        with os.scandir(folder if fd is None else fd) as listing:
            entries = [
                (entry.name, _entry_is_folder(entry), entry.is_symlink())
                for entry in listing
                if hidden or not entry.name.startswith(".")
            ]
    finally:
        if fd is not None:
            os.close(fd)
    entries.sort(key=lambda entry: os.fsencode(entry[0]))
    return entries


def _entry_is_folder(entry: os.DirEntry) -> bool:
    """True for a folder or a link to one; False where the link leads nowhere."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def looks_like_image(path: str) -> bool:
    """True where the suffix is that of an image, or else the first bytes are.

    Parameters
    ----------
    path : str

    Returns
    -------
    bool
        False for what cannot be opened and has no image suffix.
    """
    if suffix_format(path) is not None:
        return True
    try:
        fd = open_path(path)
    except (OSError, ValueError, ImageReadError):
        return False
    try:
        return stat.S_ISREG(os.fstat(fd).st_mode) and is_image_format(identify(os.read(fd, 1024)))
    except OSError:
        return False
    finally:
        os.close(fd)
