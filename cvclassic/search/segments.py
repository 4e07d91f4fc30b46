"""A segment of an inverted file: for every word, which images show it, and where."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

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
    """

    def __init__(self, arrays: dict[str, np.ndarray], *, checked=True, source="") -> None:
        self.arrays = arrays
        self.source = source
        self.bits: np.ndarray = arrays["bits"]
        self.owners: np.ndarray = arrays["owners"]
        self.places: np.ndarray = arrays["places"]
        self.starts: np.ndarray = arrays["starts"]
        self.frequencies: np.ndarray = arrays["frequencies"]
        self.counts: np.ndarray = arrays["counts"]
        self.codes: np.ndarray = arrays["codes"]
        self._unchecked = None if checked else np.ones(self.n_words, bool)
        self._by_owner: tuple[np.ndarray, np.ndarray] | None = None

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

    def touch(self, words: np.ndarray) -> None:
        """Make sure that the postings of some words are what was written.

        Raises
        ------
        IndexFileError
            They are not.
        """
        if self._unchecked is None:
            return
        for word in words[self._unchecked[words]].tolist():
            part = slice(int(self.starts[word]), int(self.starts[word + 1]))
            owners = self.owners[part]
            good = check_of(self, part) == int(self.arrays["checks"][word])
            if not good or (len(owners) and int(owners.max()) >= len(self)):
                raise IndexFileError(f"{self.source}: the index is damaged (word {word}).")
            self._unchecked[word] = False

    def code_of(self, i: int) -> ImageCode:
        """All that is kept of one image, with an empty compact vector."""
        if self._by_owner is None:
            self.touch(np.arange(self.n_words))
            order = np.argsort(self.owners, kind="stable").astype(np.uint32)
            self._by_owner = order, np.concatenate([[0], np.cumsum(self.counts, dtype=np.int64)])
        order, ends = self._by_owner
        at = order[ends[i] : ends[i + 1]]
        height, width = self.arrays["shapes"][i].tolist()
        return ImageCode(
            (np.searchsorted(self.starts, at, side="right") - 1).astype(np.int32),
            self.bits[at],
            self.places[at],
            (height, width),
            np.zeros(0, np.float32),
            self.arrays["digests"][i].tobytes(),
        )


def check_of(segment, part: slice) -> int:
    """CRC-32 of some postings."""
    value = 0
    for array in (segment.bits, segment.owners, segment.places):
        value = zlib.crc32(np.ascontiguousarray(array[part]).data, value)
    return value


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
    order = np.lexsort((owners, words))
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
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    arrays["starts"] = starts
    words = np.repeat(np.arange(len(sizes)), sizes)
    owners = arrays["owners"]
    first = np.ones(len(owners), bool)
    first[1:] = (owners[1:] != owners[:-1]) | (words[1:] != words[:-1])
    arrays["frequencies"] = np.bincount(words[first], minlength=len(sizes)).astype(np.uint32)
    arrays["checks"] = np.zeros(len(sizes), np.uint32)
    segment = Segment(arrays)
    checks = arrays["checks"]
    for word in np.flatnonzero(sizes).tolist():
        checks[word] = check_of(segment, slice(int(starts[word]), int(starts[word + 1])))
    return segment


def merge_segments(segments: Sequence[Segment], alive: Sequence[np.ndarray]) -> Segment:
    """One segment out of several, without the images that are not alive.

    Parameters
    ----------
    segments : sequence of Segment
        Of the same vocabulary.
    alive : sequence of ndarray of shape (n,), bool
        For each segment, which images to keep.
    """
    n_words = segments[0].n_words
    kept: dict[str, list[np.ndarray]] = {name: [] for name in ARRAYS}
    words, offset = [], 0
    for segment, good in zip(segments, alive, strict=True):
        segment.touch(np.arange(n_words))
        number = np.cumsum(good) - 1 + offset
        use = good[segment.owners]
        word = np.repeat(np.arange(n_words, dtype=np.int32), np.diff(segment.starts))
        words.append(word[use])
        kept["owners"].append(number[segment.owners[use]].astype(np.uint32))
        kept["bits"].append(segment.bits[use])
        kept["places"].append(segment.places[use])
        for name in ("prints", "counts", "shapes", "codes", "digests"):
            kept[name].append(segment.arrays[name][good])
        for i in np.flatnonzero(good).tolist():
            first, last = segment.arrays["name_starts"][i : i + 2]
            kept["names"].append(segment.arrays["names"][first:last])
        offset += int(good.sum())
    lengths = [len(name) for name in kept["names"]]
    word = np.concatenate(words)
    order = np.argsort(word, kind="stable")  # owners rise from segment to segment
    arrays = {name: np.concatenate(kept[name])[order] for name in POSTINGS}
    for name in ("prints", "counts", "shapes", "codes", "digests"):
        arrays[name] = np.concatenate(kept[name])
    arrays["names"] = _joined(kept["names"], np.uint8)
    arrays["name_starts"] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return finish_segment(arrays, np.bincount(word, minlength=n_words))


def _joined(parts: list[np.ndarray], dtype, columns: int = 1) -> np.ndarray:
    """Concatenated; of the right shape also if there is nothing."""
    shape = (0,) if columns == 1 else (0, columns)
    return np.concatenate([np.zeros(shape, dtype), *parts]).astype(dtype, copy=False)
