"""The largest frame that the AV1 data in an AVIF file declare.

A file's boxes may say 16 x 16 while its data hold 9000 x 9000, and the decoder believes the data.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_SEQUENCE_HEADER = 1


class _Bits:
    """Whole numbers out of a string of bits, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, n: int) -> int:
        self._left -= n
        if self._left < 0:
            raise IndexError("out of bits")
        return self._number >> self._left & ((1 << n) - 1)


def item_starts(data: bytes, at: int, idat: int | None) -> Iterator[int]:
    """Where in the file the items of an AVIF begin (box ``iloc``, ISO/IEC 14496-12, 8.11.3).

    Parameters
    ----------
    data : bytes
        The whole file.
    at : int
        Where the content of ``iloc`` begins.
    idat : int or None
        Where the content of ``idat`` begins, if there is one.
    """
    version = data[at]
    sizes, more = data[at + 4], data[at + 5]
    offset_size, length_size = sizes >> 4, sizes & 15
    base_size, index_size = more >> 4, more & 15 if version in (1, 2) else 0
    wide = version == 2
    (count,) = struct.unpack_from(">I" if wide else ">H", data, at + 6)
    at += 10 if wide else 8
    for _ in range(count):
        at += 4 if wide else 2
        method = 0
        if version in (1, 2):
            method = data[at + 1] & 15
            at += 2
        base = int.from_bytes(data[at + 2 : at + 2 + base_size], "big")
        at += 2 + base_size
        (extents,) = struct.unpack_from(">H", data, at)
        at += 2
        step = index_size + offset_size + length_size
        if extents:
            first = at + index_size
            start = base + int.from_bytes(data[first : first + offset_size], "big")
            if method == 0:
                yield start
            elif method == 1 and idat is not None:
                yield idat + start
        at += extents * step


def sequence_size(data: bytes, start: int) -> tuple[int, int] | None:
    """Largest frame (width, height) that an item's sequence header allows, or None.

    Parameters
    ----------
    data : bytes
    start : int
        Where the item's units begin.

    References
    ----------
    .. [1] Alliance for Open Media, "AV1 Bitstream & Decoding Process Specification", 2019,
       sections 5.3 to 5.5.
    """
    for _ in range(8):  # the sequence header comes first, or after a delimiter
        if start >= len(data):
            return None
        head = data[start]
        kind = head >> 3 & 15
        start += 2 if head & 4 else 1
        if not head & 2:  # without a size the unit goes on to the end
            return _frame_limits(data[start : start + 64]) if kind == _SEQUENCE_HEADER else None
        size = shift = 0
        for _ in range(8):
            byte = data[start]
            size |= (byte & 127) << shift
            start, shift = start + 1, shift + 7
            if byte < 128:
                break
        if kind == _SEQUENCE_HEADER:
            return _frame_limits(data[start : start + min(size, 4096)])
        start += size
    return None


def _frame_limits(unit: bytes) -> tuple[int, int]:
    """``max_frame_width`` and ``max_frame_height`` of a sequence header (5.5.1)."""
    bits = _Bits(unit)
    bits.take(4)  # seq_profile, still_picture
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        decoder_model = delay = 0
        if bits.take(1):  # timing_info_present_flag
            bits.take(64)
            if bits.take(1):  # equal_picture_interval
                _variable_length(bits)
            decoder_model = bits.take(1)
            if decoder_model:
                delay = bits.take(5) + 1
                bits.take(42)
        initial_delay = bits.take(1)
        for _ in range(bits.take(5) + 1):  # operating points
            bits.take(12)
            if bits.take(5) > 7:
                bits.take(1)
            if decoder_model and bits.take(1):
                bits.take(2 * delay + 1)
            if initial_delay and bits.take(1):
                bits.take(4)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _variable_length(bits: _Bits) -> None:
    """Skip a number that is written as zeros, a one, and as many bits (4.10.3)."""
    zeros = 0
    while not bits.take(1):
        zeros += 1
    if zeros < 32:
        bits.take(zeros)
