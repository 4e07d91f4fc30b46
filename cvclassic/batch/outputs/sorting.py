"""Images in one folder per label: copied or linked, never overwriting anything."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import hashlib
import os
import tempfile

from ..._basics.atomic import make_folder
from ..._basics.numbered import numbered
from ...errors import ImageReadError
from ...images import MemberReader
from ...images.archives.members import name_in_archive
from ...images.files import read_file, show_path
from ..records import Record

_LONGEST = 200  # bytes of a name; systems take 255, and a number may follow


def safe_name(text: str, also: str = "") -> str:
    """A name for a file or a folder that is harmless, whatever the text is.

    Separators, control characters, characters that turn the direction of text, bytes that are not
    UTF-8, a leading dot and spaces at the ends become ``%`` and the hexadecimal digits of their
    bytes. Long names are cut, and end in a part of their SHA-256.

    Parameters
    ----------
    text : str
    also : str
        More characters to write like that.

    Examples
    --------
    >>> safe_name("../cat\\n"), safe_name(".hidden.jpg"), safe_name("Zürich 1.jpg")
    ('%2E.%2Fcat%0A', '%2Ehidden.jpg', 'Zürich 1.jpg')
    """
    shown = []
    for i, c in enumerate(text):
        at_end = i in (0, len(text) - 1)
        hostile = not c.isprintable() or c in "/\\" or c in also
        if hostile or (c == "." and i == 0) or (c == " " and at_end):
            raw = c.encode("utf-8", "surrogateescape" if "\udc80" <= c <= "\udcff" else "replace")
            shown.append("".join(f"%{byte:02X}" for byte in raw))
        else:
            shown.append(c)
    name = "".join(shown) or "%"
    if len(name.encode()) <= _LONGEST:
        return name
    stem, suffix = os.path.splitext(name)
    suffix = suffix if len(suffix.encode()) <= 12 else ""
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    kept = stem.encode()[: _LONGEST - 17 - len(suffix.encode())].decode("utf-8", "ignore")
    return f"{kept}-{digest}{suffix}"


class Sorter:
    """Put each image that was labeled into the folder of its label.

    An image whose name is taken gets a number: ``cat.jpg``, ``cat_2.jpg``. One that lies there
    already, byte for byte, from an earlier run over the same images, is left as it is. Images
    in archives and at URLs are always copied.

    Parameters
    ----------
    folder : str or os.PathLike
        Made where it is missing.
    link : bool
        Make symbolic links instead of copies.

    Attributes
    ----------
    n_sorted : int
    failures : list of (path, message)
        Images that could not be put there.
    """

    def __init__(self, folder: str | os.PathLike, *, link: bool = False) -> None:
        self._folder = os.fsdecode(folder)
        self._link = link
        self._taken: set[int] = set()
        self._made: set[str] = set()
        self._reader = MemberReader()
        self.n_sorted = 0
        self.failures: list[tuple[str, str]] = []
        make_folder(self._folder)

    def write(self, record: Record) -> None:
        """Sort the image of one record; one without a label goes nowhere."""
        if record.failed or record.label is None:
            return
        try:
            self._put(record)
            self.n_sorted += 1
        except ImageReadError as error:
            self.failures.append((record.path, error.message))
        except OSError as error:
            self.failures.append((record.path, error.strerror or str(error)))

    def _put(self, record: Record) -> None:
        folder = os.path.join(self._folder, safe_name(str(record.label), also="%"))
        if folder not in self._made:
            _check_inside(self._folder, folder)
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        linked = self._link and os.path.lexists(record.path)
        # in the folder, because a rename or a link to a name works within a file system only
        fd, temporary = tempfile.mkstemp(dir=folder, prefix=".cvclassic-")
        try:
            if linked:
                os.close(fd)
                os.unlink(temporary)
                os.symlink(os.path.abspath(record.path), temporary)
            else:
                with os.fdopen(fd, "wb") as file:
                    file.write(self._bytes_of(record.path))
                os.chmod(temporary, 0o644)
            self._take_a_name(folder, safe_name(_base_name(record.path)), temporary)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _bytes_of(self, path: str) -> bytes:
        if not os.path.lexists(path):
            data = self._reader.read(path)
            if data is not None:
                return data
        return read_file(path)

    def _take_a_name(self, folder: str, name: str, temporary: str) -> None:
        """Give a file the first name that is free."""
        for target in numbered(os.path.join(folder, name)):
            if hash(target) in self._taken:
                continue
            try:
                os.link(temporary, target, follow_symlinks=False)
            except FileExistsError:
                if not _same(temporary, target):
                    continue
            except (OSError, NotImplementedError):  # a file system without hard links
                if os.path.lexists(target):
                    continue
                os.rename(temporary, target)
            self._taken.add(hash(target))
            return


def _check_inside(top: str, folder: str) -> None:
    """Raise `OSError` for a folder of a class that is a link out of the folder of all."""
    if os.path.islink(folder):
        real, inside = os.path.realpath(folder), os.path.realpath(top)
        if os.path.commonpath([real, inside]) != inside:
            message = (
                f"the folder {show_path(os.path.basename(folder))} is a link to a place outside"
            )
            raise OSError(errno.ELOOP, message, folder)


def _base_name(path: str) -> str:
    """The last part of a path, or of the name that a member has in its archive."""
    inside = path if os.path.lexists(path) else name_in_archive(path)
    return inside.rstrip("/").rpartition("/")[2] or show_path(path)


def _same(a: str, b: str) -> bool:
    """Whether two links, or two files, are the same."""
    if os.path.islink(a) or os.path.islink(b):
        return os.path.islink(a) and os.path.islink(b) and os.readlink(a) == os.readlink(b)
    return os.path.isfile(b) and filecmp.cmp(a, b, shallow=False)
