"""Several segments into one file, some words at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from .._basics.atomic import atomic_file
from ..errors import IndexFileError
from .segment_files import entry_of, layout_of
from .segments import ARRAYS, POSTINGS, Lists, Segment, describe_lists, lengths_of, word_blocks

_OF_IMAGES = ("prints", "counts", "shapes", "codes", "digests")


def write_merged(
    path: str | os.PathLike, segments: Sequence[Segment], alive: Sequence[np.ndarray]
) -> dict:
    """Write one segment out of several, without the images that are not alive.

    Postings pass through memory some words at a time, so that the memory that is needed depends
    on the number of images and words, not on that of keypoints.

    Parameters
    ----------
    path : str or os.PathLike
    segments : sequence of Segment
        Segments with the same vocabulary.
    alive : sequence of ndarray of shape (n,), bool
        For each segment, which images to keep.

    Returns
    -------
    dict
        What the list of an index says of it, as from `entry_of`.

    Raises
    ------
    IndexFileError
        A segment is damaged.
    OSError
        The file cannot be written.
    """
    n_words = segments[0].n_words
    arrays = _of_images(segments, alive)
    n_postings = int(arrays["counts"].sum(dtype=np.int64))
    lengths = lengths_of(len(arrays["counts"]), n_words, n_postings, len(arrays["names"]))
    layout = layout_of(lengths, segments[0].codes.shape[1])
    sizes = np.zeros(n_words, np.int64)
    arrays["frequencies"], arrays["checks"] = np.zeros((2, n_words), np.uint32)
    done = 0
    with atomic_file(path) as file:
        file.write(layout.header)
        for words, lists in _merged_lists(segments, alive):
            sizes[words] = lists.sizes
            arrays["frequencies"][words], arrays["checks"][words] = describe_lists(lists)
            if done + len(lists.owners) > n_postings:
                break
            for name in POSTINGS:
                array = np.ascontiguousarray(getattr(lists, name))
                file.seek(layout.offsets[name] + done * array.strides[0])
                file.write(array.data)
            done += len(lists.owners)
        if done != n_postings or int(sizes.sum()) != n_postings:
            raise IndexFileError(f"{segments[0].source}: the index is damaged: counts differ.")
        arrays["starts"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        for name in ARRAYS:
            if name not in POSTINGS:
                file.seek(layout.offsets[name])
                file.write(arrays[name].data)
    return entry_of(path, layout, arrays, n_postings)


def _of_images(segments: Sequence[Segment], alive: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """What is kept per image."""
    pairs = list(zip(segments, alive, strict=True))
    arrays = {
        name: np.concatenate([segment.arrays[name][good] for segment, good in pairs])
        for name in _OF_IMAGES
    }
    names, lengths = [], []
    for segment, good in pairs:
        length = np.diff(segment.arrays["name_starts"])
        names.append(segment.arrays["names"][np.repeat(good, length)])
        lengths.append(length[good])
    arrays["names"] = np.concatenate(names)
    arrays["name_starts"] = np.cumsum(np.concatenate([[0], *lengths])).astype(np.int64)
    return arrays


def _merged_lists(
    segments: Sequence[Segment], alive: Sequence[np.ndarray]
) -> Iterator[tuple[slice, Lists]]:
    """Merged postings of some words at a time."""
    first = np.cumsum([0, *(int(good.sum()) for good in alive)])
    numbers = [
        (np.cumsum(good) - 1 + start).astype(np.uint32)
        for good, start in zip(alive, first[:-1].tolist(), strict=True)
    ]
    ends = np.sum([segment.starts[1:] for segment in segments], axis=0)
    for begin, end in word_blocks(ends):
        parts: dict[str, list[np.ndarray]] = {name: [] for name in (*POSTINGS, "words")}
        for segment, good, number in zip(segments, alive, numbers, strict=True):
            lists = segment.copy_lists(np.arange(begin, end))
            use = good[lists.owners]
            parts["words"].append(np.repeat(np.arange(end - begin), lists.sizes)[use])
            parts["owners"].append(number[lists.owners[use]])
            parts["bits"].append(lists.bits[use])
            parts["places"].append(lists.places[use])
        words = np.concatenate(parts.pop("words"))
        # owners rise from segment to segment; numbers of 16 bits are sorted by radix
        narrow = np.uint16 if end - begin <= 1 << 16 else np.uint32
        order = np.argsort(words.astype(narrow), kind="stable")
        merged = {name: np.concatenate(parts[name])[order] for name in POSTINGS}
        sizes = np.bincount(words, minlength=end - begin)
        yield slice(begin, end), Lists(np.cumsum(sizes) - sizes, sizes, **merged)
