"""Members of zip archives, listed in bounded memory.

The table of contents is read as a stream, so that an archive of millions of members costs no more
memory than one of ten, and a member can be read by whoever knows where it begins. What an archive
says about itself is a claim that is checked: sizes are limits, and what comes out is counted.

References: PKWARE, ".ZIP File Format Specification" (APPNOTE.TXT) 6.3.10, sections 4.3.7 (local
file header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (its end) and 4.5.3 (Zip64).
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

LOCAL = struct.Struct("<4s2B4HL2L2H")
_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_PLACE = struct.Struct("<4sLQL")
_NONE32 = 0xFFFFFFFF
DEFLATED = 8
CHUNK = 1 << 18


class BrokenArchive(Exception):
    """An archive cannot be read on; `code` is that of the record."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class ZipEntry:
    """A member as the archive describes it; nothing in it is certain.

    Attributes
    ----------
    name : str
        Bytes that are not UTF-8 are kept by ``surrogateescape``.
    offset : int
        Where the local header begins, in bytes from the beginning of the file.
    stored, size : int
        Bytes in the archive and after unpacking.
    method : int
        0 stored, 8 deflated, 12 bzip2, 14 LZMA.
    crc : int
    encrypted : bool
    mode : int
        File type and permissions of Unix, 0 where there are none.
    """

    name: str
    offset: int
    stored: int
    size: int
    method: int
    crc: int
    encrypted: bool = False
    mode: int = 0


def list_zip(file: IO[bytes]) -> Iterator[ZipEntry]:
    """Members in the order of the table of contents; without one, as they follow each other.

    Parameters
    ----------
    file : binary file
        Seekable.

    Yields
    ------
    ZipEntry

    Raises
    ------
    BrokenArchive
        After everything that could be listed.
    """
    size = file.seek(0, os.SEEK_END)
    end = _find_end(file, size)
    if end is None:
        yield from _list_by_local_headers(file, size)
        return
    start, n_entries, shift = end
    file.seek(start)
    for k in range(n_entries):
        head = file.read(_CENTRAL.size)
        if len(head) < _CENTRAL.size or head[:4] != b"PK\x01\x02":
            raise BrokenArchive(
                "corrupt", f"the table of contents is truncated after {k} of {n_entries} members"
            )
        fields = _CENTRAL.unpack(head)
        system, flags, method, crc, stored, full = (fields[i] for i in (2, 5, 6, 9, 10, 11))
        n_name, n_extra, n_comment, attributes, offset = (fields[i] for i in (12, 13, 14, 17, 18))
        rest = file.read(n_name + n_extra + n_comment)
        extra = rest[n_name : n_name + n_extra]
        full, stored, offset = _widen(extra, full, stored, offset)
        yield ZipEntry(
            os.fsdecode(rest[:n_name]),
            offset + shift,
            stored,
            full,
            method,
            crc,
            bool(flags & 1),
            attributes >> 16 if system == 3 else 0,
        )


def _find_end(file: IO[bytes], size: int) -> tuple[int, int, int] | None:
    """Where the table of contents begins, its length, and by how much all offsets are too small.

    Offsets are too small where a program stands before the archive.
    """
    tail_at = max(0, size - (1 << 16) - _END.size)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and len(tail) - at < _END.size:
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        return None
    fields = _END.unpack_from(tail, at)
    n_entries, n_bytes, start = fields[4], fields[5], fields[6]
    end = tail_at + at
    if _NONE32 in (n_bytes, start) or n_entries == 0xFFFF:
        file.seek(max(0, end - _END64_PLACE.size))
        place = file.read(_END64_PLACE.size)
        if len(place) == _END64_PLACE.size and place[:4] == b"PK\x06\x07":
            end64 = _END64_PLACE.unpack(place)[2]
            for candidate in (end64, end - _END64_PLACE.size - _END64.size):
                if not 0 <= candidate <= size - _END64.size:
                    continue
                file.seek(candidate)
                record = file.read(_END64.size)
                if record[:4] == b"PK\x06\x06":
                    n_entries, n_bytes, start = _END64.unpack(record)[7:]
                    end = candidate
                    break
    real = end - n_bytes
    if real < 0 or real < start:
        return None
    return real, n_entries, real - start


def _widen(extra: bytes, full: int, stored: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset with 64 bits where the extra field holds them."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            data = extra[at + 4 : at + 4 + length]
            values = iter(struct.unpack_from(f"<{len(data) // 8}Q", data))
            full = next(values, full) if full == _NONE32 else full
            stored = next(values, stored) if stored == _NONE32 else stored
            offset = next(values, offset) if offset == _NONE32 else offset
        at += 4 + length
    return full, stored, offset


def _list_by_local_headers(file: IO[bytes], size: int) -> Iterator[ZipEntry]:
    """Members of an archive whose end is missing, from its beginning on."""
    at, found = 0, 0
    while True:
        file.seek(at)
        head = file.read(LOCAL.size)
        if at == 0 and head[:4] != b"PK\x03\x04":
            raise BrokenArchive("corrupt", "not a zip archive")
        if len(head) < LOCAL.size or head[:4] != b"PK\x03\x04":
            break
        fields = LOCAL.unpack(head)
        flags, method, crc, stored, full = (fields[i] for i in (3, 4, 7, 8, 9))
        n_name, n_extra = fields[10], fields[11]
        rest = file.read(n_name + n_extra)
        full, stored, _ = _widen(rest[n_name:], full, stored, 0)
        data_at = at + LOCAL.size + n_name + n_extra
        if flags & 8 and stored == 0:  # sizes stand behind the data
            measured = _measure(file, data_at, method)
            if measured is None:
                break
            stored, full, crc = measured
            behind = data_at + stored
            file.seek(behind)
            behind += 16 if file.read(4) == b"PK\x07\x08" else 12
        else:
            behind = data_at + stored
        if behind > size:
            break
        found += 1
        yield ZipEntry(os.fsdecode(rest[:n_name]), at, stored, full, method, crc, bool(flags & 1))
        at = behind
    raise BrokenArchive(
        "truncated",
        f"the archive ends early, without a table of contents: {found} whole members were found",
    )


def _measure(file: IO[bytes], at: int, method: int) -> tuple[int, int, int] | None:
    """Length of a deflated member whose header does not say it, with size and CRC."""
    if method != DEFLATED:
        return None
    file.seek(at)
    unpack = zlib.decompressobj(-15)
    stored = size = crc = 0
    while not unpack.eof:
        chunk = unpack.unconsumed_tail or file.read(CHUNK)
        if not chunk:
            return None
        try:
            out = unpack.decompress(chunk, CHUNK)
        except zlib.error:
            return None
        stored += len(chunk) - len(unpack.unconsumed_tail) - len(unpack.unused_data)
        size += len(out)
        crc = zlib.crc32(out, crc)
    return stored, size, crc
