"""Images in zip and tar archives, read in place: nothing is unpacked to disk."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from cvclassic.errors import ImageReadError
from cvclassic.images.archives.tar import TarEntry, list_tar
from cvclassic.images.archives.unzip import read_entry
from cvclassic.images.archives.zip import BrokenArchive, ZipEntry, list_zip
from cvclassic.images.files import LOOK_FIRST, explain_os_error, open_path, show_path
from cvclassic.images.formats.headers import identify, is_image_format
from cvclassic.images.formats.suffixes import check_readable, suffix_format
from cvclassic.images.remote import is_url, open_url
from cvclassic.images.walking import Fault

SUFFIXES = {
    ".zip": "zip", ".tar": "tar", ".tar.gz": "tar gz", ".tgz": "tar gz", ".tar.bz2": "tar bz2",
    ".tbz2": "tar bz2", ".tar.xz": "tar xz", ".txz": "tar xz", ".tar.zst": "tar zst",
    ".tzst": "tar zst",
}  # fmt: skip
_MAX_STREAMED = 64_000_000  # of a packed tar, as its members wait in memory


@dataclass(frozen=True)
class ArchiveMember:
    """An image in an archive: where it is, and how to read it, also from another process.

    Attributes
    ----------
    path : str
        The archive's path, ``!``, and the name that the member has in it, such as
        ``shard.tar!a/b.jpg``. The name is only a name: nothing is ever written there.
    archive : str
    entry : ZipEntry or TarEntry
    data : bytes or None
        What it holds, where it cannot be read again without all that is before it.
    fault : (str, str) or None
        Code and message if it is already known that it cannot be read.
    """

    path: str
    archive: str
    entry: ZipEntry | TarEntry
    data: bytes | None = None
    fault: tuple[str, str] | None = None

    @property
    def fingerprint(self) -> list[int]:
        """What tells whether it is still the same, without unpacking it."""
        if isinstance(self.entry, ZipEntry):
            return [self.entry.size, self.entry.crc]
        if self.data is not None:
            return [self.entry.size, zlib.crc32(self.data)]
        return [self.entry.size, self.entry.offset]

    def read(self, max_bytes: int = 256_000_000) -> bytes:
        """Bytes of the image's file.

        Raises
        ------
        ImageReadError
            Among others ``encrypted``, ``truncated``, ``corrupt``, ``too_large``,
            ``not_regular`` (a link or a device in an archive).
        """
        try:
            return self._read(max_bytes)
        except ImageReadError as error:
            raise ImageReadError(error.code, error.message, show_path(self.path)) from None
        except OSError as error:
            code, message = explain_os_error(error, self.archive)
            raise ImageReadError(code, message, show_path(self.path)) from None

    def _read(self, max_bytes: int) -> bytes:
        if self.fault is not None:
            raise ImageReadError(*self.fault)
        size = self.entry.size
        if self.data is not None:
            data = self.data
        elif isinstance(self.entry, ZipEntry):
            with open_archive(self.archive) as file:
                if size > LOOK_FIRST:
                    head = read_entry(file, self.entry, max_bytes, only=1024)
                    check_readable(identify(head), size)
                data = read_entry(file, self.entry, max_bytes)
        else:
            if size > max_bytes:
                raise ImageReadError(
                    "too_large", f"expected at most {max_bytes} bytes. Got {size} bytes"
                )
            with open_archive(self.archive) as file:
                file.seek(self.entry.offset)
                if size > LOOK_FIRST:
                    check_readable(identify(file.read(1024)), size)
                    file.seek(self.entry.offset)
                data = file.read(size)
        if len(data) < size:
            raise ImageReadError(
                "truncated", f"the archive holds {len(data)} bytes of the {size} that it declares"
            )
        if not data:
            raise ImageReadError("empty", "the file has 0 bytes")
        return data


def archive_kind(path: str) -> str | None:
    """What sort of archive a name stands for, None for no archive.

    Examples
    --------
    >>> archive_kind("shard-000.TAR"), archive_kind("a.tar.gz"), archive_kind("a.jpg")
    ('tar', 'tar gz', None)
    """
    name = path.rpartition("/")[2].lower()
    return next(
        (kind for end, kind in SUFFIXES.items() if name.endswith(end) and name != end), None
    )


def open_archive(path: str) -> IO[bytes]:
    """Open a regular file, or a URL, for reading with `seek`.

    Raises
    ------
    ImageReadError, OSError
    """
    try:
        fd = open_path(path)
    except FileNotFoundError:
        if not is_url(path):
            raise
        return open_url(path)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise ImageReadError("not_regular", "expected a regular file as an archive")
    return open(fd, "rb", buffering=1 << 16)


def walk_archive(path: str) -> Iterator[ArchiveMember | Fault]:
    """Images in an archive, in its own order.

    The rule is that of folders with ``only_images``: what has an image's suffix, and of the
    rest what begins like an image; names that begin with a dot are skipped, also those of
    folders. So of the samples of a WebDataset shard only the images come. An archive in an
    archive is not opened, and is a member that cannot be read.

    Parameters
    ----------
    path : str
        .zip, .tar, .tar.gz, .tar.bz2, .tar.xz or (from Python 3.14 on) .tar.zst; a file or a URL.

    Yields
    ------
    ArchiveMember or Fault
        A `Fault` for an archive that cannot be read, or not to its end; it comes last.
    """
    try:
        with open_archive(path) as file:
            if archive_kind(path) == "zip":
                with open_archive(path) as other:
                    yield from _zip_members(path, file, other)
            else:
                packing = (archive_kind(path) or "tar").partition(" ")[2]
                yield from _tar_members(path, file, packing)
    except BrokenArchive as error:
        yield Fault(path, error.code, error.message)
    except ImageReadError as error:
        yield Fault(path, error.code, error.message)
    except UnicodeEncodeError:
        yield Fault(path, "path_encoding", "the path holds a character that no file name can have")
    except ValueError as error:
        yield Fault(path, "path_invalid", f"the archive cannot be opened ({error})")
    except OSError as error:
        yield Fault(path, *explain_os_error(error, path))


def _zip_members(path: str, file: IO[bytes], other: IO[bytes]) -> Iterator[ArchiveMember]:
    for entry in list_zip(file):
        if entry.name.endswith("/"):
            continue

        def first(n: int, entry: ZipEntry = entry) -> bytes:
            return read_entry(other, entry, n, only=n)

        member = ArchiveMember(f"{path}!{entry.name}", path, entry)
        if _is_wanted(entry.name, first):
            yield _judge(member)


def _tar_members(path: str, file: IO[bytes], packing: str) -> Iterator[ArchiveMember]:
    for entry, read in list_tar(file, packing):
        head = b""

        def first(n: int, read: Callable[[int], bytes] = read) -> bytes:
            nonlocal head
            head = read(n)
            return head

        if not _is_wanted(entry.name, first):
            continue
        member = _judge(ArchiveMember(f"{path}!{entry.name}", path, entry))
        if packing and member.fault is None:
            if entry.size > _MAX_STREAMED:
                said = f"expected at most {_MAX_STREAMED} bytes in a packed tar. Got {entry.size}"
                member = ArchiveMember(member.path, path, entry, None, ("too_large", said))
            else:
                try:
                    data = head + read(entry.size - len(head))
                except BrokenArchive:
                    yield ArchiveMember(
                        member.path,
                        path,
                        entry,
                        None,
                        ("truncated", "the archive is truncated here"),
                    )
                    raise
                member = ArchiveMember(member.path, path, entry, data)
        yield member


def _is_wanted(name: str, first: Callable[[int], bytes]) -> bool:
    """Whether a member is an input."""
    if any(part.startswith(".") and part not in (".", "..") for part in name.split("/")):
        return False
    if suffix_format(name) is not None or archive_kind(name) is not None:
        return True
    try:
        return is_image_format(identify(first(1024)))
    except ImageReadError:
        return False


def _judge(member: ArchiveMember) -> ArchiveMember:
    """Note what can be said of a member without reading it."""
    entry, fault = member.entry, None
    if isinstance(entry, TarEntry) and entry.kind:
        fault = ("not_regular", f"expected a file. Got {entry.kind} in an archive")
    elif archive_kind(entry.name) is not None:
        fault = ("unsupported_format", "an archive in an archive is not opened")
    return ArchiveMember(member.path, member.archive, entry, None, fault)
