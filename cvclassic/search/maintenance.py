"""Looking after an index on disk: checking all of it, and rewriting it without what was removed."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from ..errors import IndexFileError, ParameterError
from .segments import describe_lists, word_blocks
from .store import open_folder, writing
from .words import prune_words


def verify_index(path: str | os.PathLike) -> dict[str, int]:
    """Read and check every byte of an index.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    dict of str to int
        ``n_images``, ``n_segments``, ``n_postings``, ``n_removed``, ``n_bytes``.

    Raises
    ------
    IndexFileError
        Something is damaged.
    """
    folder = open_folder(path)
    for segment in folder.segments:
        total = np.zeros(len(segment), np.int64)
        for begin, end in word_blocks(segment.starts[1:]):
            lists = segment.copy_lists(np.arange(begin, end))
            total += np.bincount(lists.owners, minlength=len(segment))
            frequencies, checks = describe_lists(lists)
            odd = (frequencies != segment.frequencies[begin:end]).any()
            if odd or (checks != segment.arrays["checks"][begin:end]).any():
                raise IndexFileError(
                    f"{segment.source}: the index is damaged: its checks are invalid."
                )
        if (total != segment.counts).any():
            raise IndexFileError(f"{segment.source}: the index is damaged: counts do not add up.")
    return index_numbers(path)


def index_numbers(path: str | os.PathLike) -> dict[str, int]:
    """How large an index is; keys as of `verify_index`, and ``n_words``, ``compact_bytes``."""
    folder = open_folder(path)
    entries = folder.content["segments"]
    return {
        "n_images": folder.n_images,
        "n_removed": sum(int(gone.sum()) for gone in folder.removed),
        "n_segments": len(entries),
        "n_postings": sum(entry["n_postings"] for entry in entries),
        "n_words": folder.coder.n_words,
        "compact_bytes": folder.coder.compact_bytes,
        "n_bytes": sum(entry["n_bytes"] for entry in entries) + folder.content["coder"]["n_bytes"],
    }


def compact_index(path: str | os.PathLike) -> dict[str, int]:
    """Rewrite an index as one segment; nothing is left of images that were removed.

    Returns
    -------
    dict of str to int
        As `index_numbers`, afterwards.
    """
    with writing(path) as writer:
        writer.compact()
        prune_words(path, (name for _, _, name in open_folder(path).names()))
    return index_numbers(path)


def merge_indexes(path: str | os.PathLike, others: Sequence[str | os.PathLike]) -> tuple[int, int]:
    """Add all images of other indexes of the same vocabulary to an index.

    So machines can index parts of a collection on their own, with one vocabulary. Images whose
    path is in the index already are skipped.

    Parameters
    ----------
    path : str or os.PathLike
    others : sequence of str or os.PathLike
        They are only read.

    Returns
    -------
    n_added, n_known : int

    Raises
    ------
    IndexFileError
        One is damaged or missing.
    ParameterError
        Another has a vocabulary of its own, or is the index itself.
    """
    n_added = n_known = 0
    with writing(path) as writer:
        folder = open_folder(path)
        opened = [open_folder(other) for other in others]
        for other in opened:
            if os.path.samefile(other.path, folder.path):
                raise ParameterError(f"{other.path}: an index cannot be merged with itself")
            if other.content["coder"]["digest"] != folder.content["coder"]["digest"]:
                raise ParameterError(
                    f"{other.path}: the index has another vocabulary. Indexes that are to be "
                    "merged are made with --vocabulary."
                )
        known = {name for _, _, name in folder.names()}
        for other in opened:
            alive = [~gone for gone in other.removed]
            for s, i, name in other.names():
                if name in known:
                    alive[s][i] = False
                    n_known += 1
                known.add(name)
            n = sum(int(good.sum()) for good in alive)
            if n:
                writer.add_merged(other.segments, alive)
            n_added += n
        writer.tidy()
    return n_added, n_known
