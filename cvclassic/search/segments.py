"""A segment of an inverted file: for every word, which images show it, and where."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ..errors import IndexFileError
from .coding import ImageCode

# name -> (dtype, how many columns); the first axis is given by `lengths_of`
ARRAYS: dict[str, tuple[str, int]] = {
    "bits": ("<u8", 1),  # of each posting
    "starts": ("<i8", 1),  # where the postings of a word begin
    "name_starts": ("<i8", 1),
    "prints": ("<i8", 2),  # size and time of the last change of each file
    "owners": ("<u4", 1),  # image of each posting
    "checks": ("<u4", 1),  # CRC-32 of the postings of a word
    "frequencies": ("<u4", 1),  # in how many images a word occurs
    "counts": ("<u4", 1),  # keypoints of each image
    "places": ("<u2", 3),  # of each posting
    "shapes": ("<u2", 2),  # height and width of each image
    "codes": ("|u1", 0),  # compact code of each image
    "digests": ("|u1", 16),
    "names": ("|u1", 1),
}
POSTINGS = ("bits", "owners", "places")
_AT_ONCE = 2_000_000  # postings in memory where all are read
_OF_IMAGES_AT_ONCE = 10_000_000  # postings in memory of images that are requested one by one


class Lists(NamedTuple):
    """Postings of some words.

    Parameters
    ----------
    first, sizes : ndarray of shape (n_words,), int64
        Where the postings of each word begin in the arrays, and how many there are.
    bits, owners, places : ndarray
        As in `ARRAYS`.
    """

    first: np.ndarray
    sizes: np.ndarray
    bits: np.ndarray
    owners: np.ndarray
    places: np.ndarray


class PostingSource(Protocol):
    """Where postings are read from that are not in memory."""

    def read(self, name: str, start: int, out: np.ndarray) -> None:
        """Fill an array with the postings from a number on."""


class Segment:
    """Part of an index: arrays in memory, or mapped from a file.

    Parameters
    ----------
    arrays : dict of str to ndarray
        As in `ARRAYS`.
    checked : bool
        Whether the postings are known to be what was written. Else the postings of a word are
        checked when they are first used.
    source : str
        For messages.
    file : PostingSource, optional
        Reads postings of a mapped file without touching the map.
    copied : bool
        Whether queries read their lists from `file`, so that no more of it stays in memory.
    """

    def __init__(
        self,
        arrays: dict[str, np.ndarray],
        *,
        checked: bool = True,
        source: str = "",
        file: PostingSource | None = None,
        copied: bool = False,
    ) -> None:
        self.arrays = arrays
        self.source = source
        self._file = file
        self._copied = copied
        self.bits: np.ndarray = arrays["bits"]
        self.owners: np.ndarray = arrays["owners"]
        self.places: np.ndarray = arrays["places"]
        self.starts: np.ndarray = arrays["starts"]
        self.frequencies: np.ndarray = arrays["frequencies"]
        self.counts: np.ndarray = arrays["counts"]
        self.codes: np.ndarray = arrays["codes"]
        self._unchecked = None if checked else np.ones(self.n_words, bool)
        self._block = _NO_IMAGES

    def __getstate__(self) -> dict:
        """Without the open file, which no other process has: arrays are copied as a whole."""
        return {**self.__dict__, "_file": None, "_copied": False, "_block": _NO_IMAGES}

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def n_words(self) -> int:
        """Size of the vocabulary."""
        return len(self.starts) - 1

    @property
    def n_postings(self) -> int:
        """Keypoints of all images together."""
        return len(self.bits)

    def name(self, i: int) -> str:
        """Path of an image, as it was given."""
        first, last = self.arrays["name_starts"][i : i + 2]
        return self.arrays["names"][first:last].tobytes().decode("utf-8", "surrogateescape")

    def lists(self, words: np.ndarray) -> Lists:
        """Postings of some words, sorted; copies, or the arrays of the whole segment.

        Raises
        ------
        IndexFileError
            They are not what was written.
        """
        if not self._copied:
            self.touch(np.unique(words))
            first = self.starts[words]
            return Lists(first, self.starts[words + 1] - first, self.bits, self.owners, self.places)
        return self.copy_lists(words)

    def copy_lists(self, words: np.ndarray) -> Lists:
        """Copies of the postings of some words, sorted, side by side.

        Raises
        ------
        IndexFileError
            They are not what was written.
        """
        begins, ends = self.starts[words], self.starts[words + 1]
        sizes = ends - begins
        total = int(sizes.sum())
        first = np.cumsum(sizes) - sizes
        # what lies side by side is read at once
        cut = np.flatnonzero(begins[1:] != ends[:-1]) + 1
        heads = np.concatenate([[0], cut]) if len(words) else cut
        tails = np.concatenate([cut, [len(words)]])[: len(heads)] - 1
        spans = [
            (int(begins[h]), int(first[h]), int(first[t] + sizes[t]))
            for h, t in zip(heads.tolist(), tails.tolist(), strict=True)
        ]
        copies = []
        for name in POSTINGS:
            array = self.arrays[name]
            copy = np.empty((total, *array.shape[1:]), array.dtype)
            for start, a, b in spans:
                if self._file is not None:
                    self._file.read(name, start, copy[a:b])
                else:
                    copy[a:b] = array[start : start + b - a]
            copies.append(copy)
        lists = Lists(first, sizes, *copies)
        self._check(words, lists)
        return lists

    def touch(self, words: np.ndarray) -> None:
        """Make sure that the postings of some words are what was written.

        Raises
        ------
        IndexFileError
            They are not.
        """
        first = self.starts[words]
        sizes = self.starts[words + 1] - first
        self._check(words, Lists(first, sizes, self.bits, self.owners, self.places))

    def _check(self, words: np.ndarray, lists: Lists) -> None:
        """Compare lists that are used for the first time with their checks."""
        if self._unchecked is None:
            return
        checks = self.arrays["checks"]
        for i in np.flatnonzero(self._unchecked[words]).tolist():
            part = slice(int(lists.first[i]), int(lists.first[i] + lists.sizes[i]))
            owners = lists.owners[part]
            good = check_of(lists.bits[part], owners, lists.places[part]) == int(checks[words[i]])
            if not good or (len(owners) and int(owners.max()) >= len(self)):
                raise IndexFileError(f"{self.source}: the index is damaged (word {words[i]}).")
        self._unchecked[words] = False

    def code_of(self, i: int) -> ImageCode:
        """All that is kept of one image, with an empty compact vector.

        Postings are sorted by word, so that all of them are read for some thousand images at a
        time: ask for images in ascending order.
        """
        if not self._block.first <= i < self._block.last:
            ends = np.cumsum(self.counts, dtype=np.int64)
            blocks = word_blocks(ends, _OF_IMAGES_AT_ONCE)
            self._block = self._images(*next(block for block in blocks if block[1] > i))
        block = self._block
        part = slice(*block.starts[i - block.first : i - block.first + 2].tolist())
        height, width = self.arrays["shapes"][i].tolist()
        return ImageCode(
            block.words[part],
            block.bits[part],
            block.places[part],
            (height, width),
            np.zeros(0, np.float32),
            self.arrays["digests"][i].tobytes(),
        )

    def _images(self, first: int, last: int) -> _Images:
        """Postings of some images, one image after the other."""
        owners, words, bits, places = [], [], [], []
        for begin, end in word_blocks(self.starts[1:]):
            lists = self.copy_lists(np.arange(begin, end))
            mine = np.flatnonzero((lists.owners >= first) & (lists.owners < last))
            owners.append(lists.owners[mine] - np.uint32(first))
            words.append(np.repeat(np.arange(begin, end, dtype=np.int32), lists.sizes)[mine])
            bits.append(lists.bits[mine])
            places.append(lists.places[mine])
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")
        starts = np.zeros(last - first + 1, np.int64)
        np.cumsum(np.bincount(owner, minlength=last - first), out=starts[1:])
        parts = (np.concatenate(part)[order] for part in (words, bits, places))
        return _Images(first, last, starts, *parts)


class _Images(NamedTuple):
    """Postings of the images from one number to another; ``starts`` says where each begins."""

    first: int
    last: int
    starts: np.ndarray
    words: np.ndarray
    bits: np.ndarray
    places: np.ndarray


_NO_IMAGES = _Images(0, 0, *[np.zeros(0, np.int64)] * 4)


def check_of(bits: np.ndarray, owners: np.ndarray, places: np.ndarray) -> int:
    """CRC-32 of some postings."""
    value = 0
    for array in (bits, owners, places):
        value = zlib.crc32(np.ascontiguousarray(array).data, value)
    return value


def word_blocks(ends: np.ndarray, at_once: int | None = None) -> Iterator[tuple[int, int]]:
    """Words from one number to another whose postings fit into memory together.

    Parameters
    ----------
    ends : ndarray of shape (n_words,), int64
        How many postings there are up to each word.
    at_once : int, optional
        Postings at most, unless a single word has more. By default 2 million.

    Examples
    --------
    >>> list(word_blocks(np.array([2, 4, 9, 10]), 4))
    [(0, 2), (2, 3), (3, 4)]
    """
    begin = 0
    while begin < len(ends):
        limit = (int(ends[begin - 1]) if begin else 0) + (at_once or _AT_ONCE)
        end = max(int(np.searchsorted(ends, limit, side="right")), begin + 1)
        yield begin, end
        begin = end


def lengths_of(n_images: int, n_words: int, n_postings: int, n_name_bytes: int) -> dict[str, int]:
    """First axis of every array of a segment."""
    image = ("prints", "counts", "shapes", "codes", "digests")
    return {
        **dict.fromkeys(POSTINGS, n_postings),
        **dict.fromkeys(image, n_images),
        "starts": n_words + 1,
        "checks": n_words,
        "frequencies": n_words,
        "name_starts": n_images + 1,
        "names": n_name_bytes,
    }


def build_segment(
    codes: Sequence[ImageCode],
    names: Sequence[str],
    prints: Sequence[tuple[int, int]],
    compact: np.ndarray,
    n_words: int,
) -> Segment:
    """Invert the codes of images.

    Parameters
    ----------
    codes : sequence of ImageCode
    names : sequence of str
    prints : sequence of (size, time)
        To see whether a file is still the same.
    compact : ndarray of shape (n, n_bytes), uint8
    n_words : int
    """
    counts = np.array([len(code) for code in codes], np.uint32)
    owners = np.repeat(np.arange(len(codes), dtype=np.uint32), counts)
    words = _joined([code.words for code in codes], np.int32)
    order = np.argsort(words, kind="stable")  # owners rise
    encoded = [name.encode("utf-8", "surrogateescape") for name in names]
    arrays = {
        "bits": _joined([code.bits for code in codes], np.uint64)[order],
        "owners": owners[order],
        "places": _joined([code.places for code in codes], np.uint16, 3)[order],
        "counts": counts,
        "codes": np.asarray(compact, np.uint8),
        "shapes": np.array([code.image_shape for code in codes], np.uint16).reshape(-1, 2),
        "digests": np.frombuffer(b"".join(code.digest for code in codes), np.uint8).reshape(-1, 16),
        "prints": np.array(prints, np.int64).reshape(-1, 2),
        "names": np.frombuffer(b"".join(encoded), np.uint8),
        "name_starts": np.concatenate([[0], np.cumsum([len(name) for name in encoded])]).astype(
            np.int64
        ),
    }
    return finish_segment(arrays, np.bincount(words, minlength=n_words))


def finish_segment(arrays: dict[str, np.ndarray], sizes: np.ndarray) -> Segment:
    """Add what follows from the postings: their starts, checks and document frequencies."""
    arrays["starts"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    postings = (arrays[name] for name in POSTINGS)
    lists = Lists(arrays["starts"][:-1], np.asarray(sizes), *postings)
    arrays["frequencies"], arrays["checks"] = describe_lists(lists)
    return Segment(arrays)


def describe_lists(lists: Lists) -> tuple[np.ndarray, np.ndarray]:
    """In how many images each word of some lists occurs, and the check of its postings.

    Returns
    -------
    frequencies, checks : ndarray of shape (n_words,), uint32
    """
    owners = lists.owners
    words = np.repeat(np.arange(len(lists.sizes)), lists.sizes)
    new = np.ones(len(owners), bool)
    new[1:] = (owners[1:] != owners[:-1]) | (words[1:] != words[:-1])
    frequencies = np.bincount(words[new], minlength=len(lists.sizes)).astype(np.uint32)
    checks = np.zeros(len(lists.sizes), np.uint32)
    for word in np.flatnonzero(lists.sizes).tolist():
        part = slice(int(lists.first[word]), int(lists.first[word] + lists.sizes[word]))
        checks[word] = check_of(lists.bits[part], owners[part], lists.places[part])
    return frequencies, checks


def _joined(parts: list[np.ndarray], dtype, columns: int = 1) -> np.ndarray:
    """Concatenated; of the right shape also if there is nothing."""
    shape = (0,) if columns == 1 else (0, columns)
    return np.concatenate([np.zeros(shape, dtype), *parts]).astype(dtype, copy=False)
