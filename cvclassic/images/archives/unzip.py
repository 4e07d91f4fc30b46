"""Unpacking of zip members: never more than they declare, and what comes out is counted."""

from __future__ import annotations

import bz2
import lzma
import os
import stat
import struct
import zlib
from typing import IO, Any

from cvclassic.errors import ImageReadError
from cvclassic.images.archives.zip import CHUNK, DEFLATED, LOCAL, ZipEntry

_STORED, _BZIP2, _LZMA = 0, 12, 14
_MEMORY = 200 << 20  # for the dictionary of LZMA
_RATIO, _RATIO_FROM = 500, 64 << 20


def read_entry(file: IO[bytes], entry: ZipEntry, max_bytes: int, only: int | None = None) -> bytes:
    """Unpack a member, never more than it declares.

    Parameters
    ----------
    file : binary file
    entry : ZipEntry
    max_bytes : int
        Larger members are refused.
    only : int, optional
        Number of bytes to give from the start; nothing behind them is checked.

    Returns
    -------
    bytes

    Raises
    ------
    ImageReadError
        ``too_large``, ``encrypted``, ``unsupported_format``, ``truncated`` or ``corrupt``.
    """
    if stat.S_ISLNK(entry.mode):
        raise ImageReadError("not_regular", "expected a file. Got a symbolic link in an archive")
    if entry.encrypted:
        raise ImageReadError("encrypted", "the member is encrypted, which is not supported")
    if only is None:
        if max(entry.size, entry.stored) > max_bytes:
            raise ImageReadError(
                "too_large", f"expected at most {max_bytes} bytes. Got {entry.size} bytes"
            )
        if entry.size > max(_RATIO_FROM, _RATIO * entry.stored):
            raise ImageReadError(
                "too_large",
                f"expected at most {_RATIO} times the packed size. "
                f"Got {entry.size} bytes from {entry.stored}",
            )
    file.seek(entry.offset)
    head = file.read(LOCAL.size)
    if len(head) < LOCAL.size:
        raise ImageReadError("truncated", "the archive ends before this member")
    if head[:4] != b"PK\x03\x04":
        raise ImageReadError("corrupt", "the archive has no member where it says")
    fields = LOCAL.unpack(head)
    file.seek(fields[10] + fields[11], os.SEEK_CUR)
    data = _unpack(file, entry, entry.size if only is None else min(only, entry.size))
    if only is not None:
        return data
    if len(data) < entry.size:
        raise ImageReadError(
            "truncated", f"the member has {len(data)} bytes of the {entry.size} that it declares"
        )
    if zlib.crc32(data) != entry.crc:
        raise ImageReadError("corrupt", "the member is damaged: its checksum is wrong")
    return data


def _unpack(file: IO[bytes], entry: ZipEntry, wanted: int) -> bytes:
    """The first `wanted` bytes of a member, fewer where there are not as many."""
    if entry.method == _STORED:
        return file.read(min(wanted, entry.stored))
    left = entry.stored
    try:
        unpack, used = _unpacker(file, entry.method)
        left -= used
        parts: list[bytes] = []
        got = 0
        pending = b""
        while got < wanted and not unpack.eof:
            if not pending:
                pending = file.read(min(left, CHUNK))
                left -= len(pending)
                if not pending:
                    break
            out = unpack.decompress(pending, wanted - got)
            # zlib hands back what it has not used; bzip2 and LZMA keep it
            pending = getattr(unpack, "unconsumed_tail", b"")
            while not pending and not unpack.eof and not getattr(unpack, "needs_input", True):
                if len(out) >= wanted - got:
                    break
                out += unpack.decompress(b"", wanted - got - len(out))
            parts.append(out)
            got += len(out)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, struct.error) as error:
        if isinstance(error, ImageReadError):
            raise
        raise ImageReadError("corrupt", f"the member is damaged ({error})") from None
    return b"".join(parts)


def _unpacker(file: IO[bytes], method: int) -> tuple[Any, int]:
    """A decompressor, and how many bytes of the member it has taken already."""
    if method == DEFLATED:
        return zlib.decompressobj(-15), 0
    if method == _BZIP2:
        return bz2.BZ2Decompressor(), 0
    if method == _LZMA:  # 4.4.4: version, length of the properties, properties
        _, length = struct.unpack("<HH", file.read(4))
        properties = file.read(length)
        bits, dictionary = struct.unpack("<BL", properties[:5])
        if dictionary > _MEMORY:
            raise ImageReadError("too_large", f"the member asks for {dictionary} bytes of memory")
        rest, lc = divmod(bits, 9)
        chain = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc}
        chain["pb"], chain["lp"] = divmod(rest, 5)
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain]), 4 + length
    raise ImageReadError("unsupported_format", f"the member is packed by method {method}")
