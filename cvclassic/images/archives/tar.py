"""Members of tar archives, plain and packed, as a stream in bounded memory.

Reference: IEEE Std 1003.1-2017, "pax", Extended Description (ustar and pax headers); GNU tar's
manual, "Basic Tar Format" (long names).
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from cvclassic._basics.printable import plural
from cvclassic.images.archives.zip import BrokenArchive

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 18
_LONGEST_NAME = 1 << 20
_MEMORY = 200 << 20
_RATIO, _RATIO_FROM = 200, 1 << 30
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
_PACKED = ("gz", "bz2", "xz", "zst")


@dataclass(frozen=True)
class TarEntry:
    """A member of a tar archive.

    Attributes
    ----------
    name : str
        Bytes that are not UTF-8 are kept by ``surrogateescape``.
    offset : int
        Where the data begin, in bytes from the beginning of the (unpacked) archive.
    size : int
    kind : str
        Empty for a file, else what it is instead, such as ``"a symbolic link"``.
    """

    name: str
    offset: int
    size: int
    kind: str = ""


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of an xz or bzip2 stream, which may be several in a row."""

    def __init__(self, file: IO[bytes], make: Callable[[], Any]) -> None:
        self._file = file
        self._make = make
        self._unpack = make()
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while True:
            if self._unpack.eof:
                rest = (self._unpack.unused_data or self._file.read(_CHUNK)).lstrip(b"\0")
                if not rest:
                    return 0
                self._unpack, self._pending = self._make(), rest
            elif not self._pending and self._unpack.needs_input:
                self._pending = self._file.read(_CHUNK)
                if not self._pending:
                    raise EOFError("the compressed data are truncated")
            data, self._pending = self._pending, b""
            out = self._unpack.decompress(data, len(buffer))
            if out:
                buffer[: len(out)] = out
                return len(out)


def unpack_stream(file: IO[bytes], packing: str) -> IO[bytes]:
    """A packed file as a readable stream.

    Parameters
    ----------
    file : binary file
    packing : {"", "gz", "bz2", "xz", "zst"}

    Raises
    ------
    BrokenArchive
        zstd, which Python knows from 3.14 on.
    """
    if packing == "gz":
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if packing == "bz2":
        return io.BufferedReader(_Unpacked(file, bz2.BZ2Decompressor), _CHUNK)
    if packing == "xz":

        def make() -> lzma.LZMADecompressor:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

        return io.BufferedReader(_Unpacked(file, make), _CHUNK)
    if packing == "zst":
        if sys.version_info < (3, 14):
            raise BrokenArchive(
                "unsupported_format",
                f"zstd is read with Python 3.14 or newer, and this is {sys.version.split()[0]}: "
                "unpack it first",
            )
        from compression import zstd

        return zstd.ZstdFile(file)
    return file


def list_tar(file: IO[bytes], packing: str) -> Iterator[tuple[TarEntry, Callable[[int], bytes]]]:
    """Members in the order of the archive, each with a function that reads its first bytes.

    Parameters
    ----------
    file : binary file
        Seekable where it is not packed.
    packing : {"", "gz", "bz2", "xz", "zst"}

    Yields
    ------
    entry : TarEntry
    read : callable
        ``read(n)`` gives at most n more bytes of the member; good until the next one is requested.

    Raises
    ------
    BrokenArchive
        After everything that could be listed.
    """
    yield from _Walk(file, unpack_stream(file, packing), packing).members()


class _Walk:
    """A way through an archive from its beginning to its end."""

    def __init__(self, file: IO[bytes], stream: IO[bytes], packing: str) -> None:
        self._file = file
        self._stream = stream
        self._packed = packing in _PACKED
        self._at = 0
        self._end = 0 if self._packed else file.seek(0, os.SEEK_END)
        if not self._packed:
            file.seek(0)

    def _read(self, n: int) -> bytes:
        """At most n bytes; fewer only at the end."""
        parts = []
        while n > 0:
            part = self._pull(min(n, _CHUNK))
            if not part:
                break
            parts.append(part)
            n -= len(part)
            self._at += len(part)
            if self._packed and self._at > _RATIO_FROM:
                self._check_ratio()
        return b"".join(parts)

    def _pull(self, n: int) -> bytes:
        """The next bytes of the stream; packers have no common error."""
        try:
            return self._stream.read(n)
        except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            code = "truncated" if isinstance(error, EOFError) else "corrupt"
            if "memory" in str(error).lower():
                code = "too_large"
            raise BrokenArchive(code, f"the archive cannot be unpacked further ({error})") from None

    def _check_ratio(self) -> None:
        if self._at > _RATIO * max(self._file.tell(), 1):
            raise BrokenArchive(
                "too_large",
                f"the archive unpacks to more than {_RATIO} times its size: stopped after "
                f"{self._at} bytes",
            )

    def _go_to(self, place: int) -> None:
        """Skip to a place ahead."""
        if self._packed:
            while self._at < place:
                if not self._read(min(place - self._at, _CHUNK)):
                    raise BrokenArchive("truncated", "the archive ends early, in a member")
        else:
            self._file.seek(place)
            self._at = place

    def members(self) -> Iterator[tuple[TarEntry, Callable[[int], bytes]]]:
        long_name = None
        pax: dict[str, bytes] = {}
        n_found = 0
        while True:
            start = self._at
            block = self._read(_BLOCK)
            if not block.strip(b"\0") and block:
                return
            try:
                info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            except (tarfile.HeaderError, ValueError):
                if start == 0:
                    raise BrokenArchive("corrupt", "not a tar archive") from None
                if len(block) == _BLOCK:
                    raise BrokenArchive(
                        "corrupt", f"the archive is damaged after {plural(n_found, 'member')}"
                    ) from None
                raise BrokenArchive(
                    "truncated", f"the archive ends early, after {plural(n_found, 'member')}"
                ) from None
            size = info.size
            if "size" in pax and pax["size"].isdigit():
                size = int(pax["size"])
            behind = self._at + -(-size // _BLOCK) * _BLOCK
            if size < 0:
                raise BrokenArchive(
                    "corrupt", f"the archive is damaged after {plural(n_found, 'member')}"
                )
            if info.type in (b"L", b"K", b"x", b"g", b"X"):
                if size > _LONGEST_NAME:
                    raise BrokenArchive("corrupt", f"a header has {size} bytes")
                data = self._read(size)
                if info.type == b"L":
                    long_name = os.fsdecode(data.rstrip(b"\0"))
                elif info.type in b"xX":
                    pax = _parse_pax(data)
                self._skip_to(behind, n_found)
                continue
            name = info.name if long_name is None else long_name
            name = os.fsdecode(pax["path"]) if "path" in pax else name
            kind = _KINDS.get(info.type, "")
            if any(key.startswith("GNU.sparse") for key in pax):
                kind = "a sparse file"
            long_name, pax = None, {}
            if info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE) or info.isdev():
                behind = self._at  # whatever their size says, no data follow
            n_found += 1
            if not info.isdir():
                entry = TarEntry(name, self._at, size, kind)
                left = [0 if kind else size]

                def read(n: int, left: list[int] = left) -> bytes:
                    data = self._read(min(n, left[0]))
                    left[0] -= len(data)
                    return data

                yield entry, read
            self._skip_to(behind, n_found)

    def _skip_to(self, place: int, n_found: int) -> None:
        if not self._packed and place > self._end:
            raise BrokenArchive(
                "truncated", f"the archive ends early, in the last of {n_found} members"
            )
        self._go_to(place)


def _parse_pax(data: bytes) -> dict[str, bytes]:
    """Records ``length key=value\\n``; what it does not fit is left out."""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        digits, _, _ = data[at : at + 20].partition(b" ")
        if not digits.isdigit() or not int(digits):
            break
        record = data[at + len(digits) + 1 : at + int(digits) - 1]
        key, _, value = record.partition(b"=")
        found[key.decode("utf-8", "replace")] = value
        at += int(digits)
    return found
