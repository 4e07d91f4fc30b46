"""Votes of matching keypoints: which images share visual words with a query, and how many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .coding import ImageCode
from .hamming import hamming_weights
from .segments import Lists, Segment

THRESHOLD = 24  # largest Hamming distance of a match: chance passes one posting in thirty
SIGMA = 16.0  # of the Gaussian over Hamming distances
MOST_POSTINGS = 600_000  # looked at for a query: rare words first
_LONG = 2000  # postings of a word from which on lists are looked at one by one
_AT_ONCE = 600_000  # postings that are gathered in one go


@dataclass(frozen=True, eq=False)
class Votes:
    """Matches of a query with the images of an index.

    Parameters
    ----------
    query : ndarray of shape (m,), int
        Keypoint of the query.
    owners : ndarray of shape (m,), int
        Image, numbered through all segments.
    postings : sequence of tuple of (ndarray of shape (p, 3), ndarray of shape (k,))
        Places of lists of the index, and which of them match; one after the other, these are all
        matches. See `places`.
    weights : ndarray of shape (m,), float64
        What the match counts.
    scores : ndarray of shape (n_images,), float64
        Sums over images, divided by the square root of their numbers of keypoints.
    n_postings : int
        Keypoints of the index that were compared.
    used : ndarray of shape (k,), int
        Keypoints of the query whose words were looked up.
    """

    query: np.ndarray
    owners: np.ndarray
    postings: Sequence[tuple[np.ndarray, np.ndarray]]
    weights: np.ndarray
    scores: np.ndarray
    n_postings: int
    used: np.ndarray

    def places(self, matches: np.ndarray) -> np.ndarray:
        """Where the keypoints of some matches are in their images; (..., 3), uint16.

        Most matches are with images that nobody looks at again, so places are read late.
        """
        found = np.zeros((*matches.shape, 3), np.uint16)
        start = 0
        for places, posting in self.postings:
            here = (matches >= start) & (matches < start + len(posting))
            found[here] = places[posting[matches[here] - start]]
            start += len(posting)
        return found


def inverse_frequencies(segments: Sequence[Segment]) -> np.ndarray:
    """Logarithm of how rare each word is, over all segments.

    References
    ----------
    Sivic & Zisserman, "Video Google: a text retrieval approach to object matching in videos",
    ICCV 2003, section 4.
    """
    n = sum(map(len, segments))
    total = np.zeros(segments[0].n_words, np.int64)
    for segment in segments:
        total += segment.frequencies
    return np.log((n + 1) / np.clip(total, 1, max(n, 1)))


def cast_votes(
    code: ImageCode,
    segments: Sequence[Segment],
    rarity: np.ndarray,
    *,
    most_postings: int = MOST_POSTINGS,
) -> Votes:
    """Match a query with all images by words and Hamming distances.

    Parameters
    ----------
    code : ImageCode
        The query.
    segments : sequence of Segment
    rarity : ndarray of shape (n_words,), float64
        As `inverse_frequencies` gives it.
    most_postings : int
        Keypoints of the index to compare with at most; those of the rarest words come first.

    References
    ----------
    Jégou, Douze & Schmid, "On the burstiness of visual elements", CVPR 2009, equations 4 and 8.
    """
    used, n_postings = _affordable(code.words, segments, most_postings)
    words, bits = code.words[used], code.bits[used]
    query, owners, postings, weights = [], [], [], []
    table = hamming_weights(THRESHOLD, SIGMA)
    factor = rarity[words] ** 2
    offset = 0
    for segment in segments:
        for at, lists, posting, distance in _matches(words, bits, segment, THRESHOLD):
            query.append(at)
            owners.append(lists.owners[posting].astype(np.int64) + offset)
            postings.append((lists.places, posting))
            weights.append(table[distance] * factor[at])
        offset += len(segment)
    none = np.zeros(0, np.int64)
    q, owner = np.concatenate([none, *query]), np.concatenate([none, *owners])
    weight = _temper(q, owner, np.concatenate([np.zeros(0), *weights]), len(words))
    scores = np.bincount(owner, weight, offset).astype(np.float64, copy=False)
    offset = 0
    for segment in segments:  # of very many images most have nothing in common with a query
        hit = np.flatnonzero(scores[offset : offset + len(segment)])
        scores[offset + hit] /= np.sqrt(segment.counts[hit])
        offset += len(segment)
    return Votes(used[q], owner, postings, weight, scores, n_postings, used)


def _affordable(
    words: np.ndarray, segments: Sequence[Segment], most: int
) -> tuple[np.ndarray, int]:
    """Keypoints of the query with the shortest lists, by word; and how long these are in all."""
    sizes = np.zeros(len(words), np.int64)
    for segment in segments:
        sizes += segment.starts[words + 1] - segment.starts[words]
    used = np.argsort(words, kind="stable")
    if sizes.sum() > most:
        rare = np.argsort(sizes, kind="stable")
        rare = rare[np.cumsum(sizes[rare]) <= most]
        used = rare[np.argsort(words[rare], kind="stable")]
    return used, int(sizes[used].sum())


def _matches(
    words: np.ndarray, bits: np.ndarray, segment: Segment, threshold: int
) -> Iterator[tuple[np.ndarray, Lists, np.ndarray, np.ndarray]]:
    """Keypoint of the query, lists, posting in them and Hamming distance of matches, in this order.

    Some keypoints of the query at a time, so that no more than their lists are in memory.
    """
    ends = np.cumsum(segment.starts[words + 1] - segment.starts[words])
    begin = 0
    while begin < len(words):
        done = int(ends[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(ends, done + _AT_ONCE, side="right")), begin + 1)
        total = int(ends[end - 1]) - done
        if total:
            lists = segment.lists(words[begin:end])
            near = _long_lists if total > _LONG * (end - begin) else _short_lists
            at, posting, distance = near(lists, bits[begin:end], threshold)
            yield at + begin, lists, posting, distance
        begin = end


def _short_lists(lists: Lists, bits: np.ndarray, threshold: int) -> tuple:
    """List, posting and distance of all that is near; all lists at once."""
    ends = np.cumsum(lists.sizes)
    code = np.repeat(bits, lists.sizes)
    shift = lists.first - ends + lists.sizes  # from a place among these lists to a posting
    if len(lists.bits) == ends[-1] and not shift.any():
        code ^= lists.bits
    else:
        posting = np.repeat(shift, lists.sizes)
        posting += np.arange(ends[-1])
        code ^= lists.bits[posting]
    distance = np.bitwise_count(code)
    near = np.flatnonzero(distance <= threshold)
    at = np.searchsorted(ends, near, side="right")
    return at, near + shift[at], distance[near]


def _long_lists(lists: Lists, bits: np.ndarray, threshold: int) -> tuple:
    """The same list by list, without index arrays as long as the lists."""
    found = []
    for i, (start, size) in enumerate(zip(lists.first.tolist(), lists.sizes.tolist(), strict=True)):
        distance = np.bitwise_count(lists.bits[start : start + size] ^ bits[i])
        near = np.flatnonzero(distance <= threshold)
        found.append((np.full(len(near), i), near + start, distance[near]))
    return tuple(map(np.concatenate, zip(*found, strict=True)))


def _temper(query: np.ndarray, owners: np.ndarray, weights: np.ndarray, n_query: int) -> np.ndarray:
    """Let what occurs often, in an image or in many, count less.

    Matches of one keypoint with one image lie side by side.
    """
    if not len(query):
        return weights
    begins = np.ones(len(query), bool)
    begins[1:] = (query[1:] != query[:-1]) | (owners[1:] != owners[:-1])
    run = np.cumsum(begins) - 1
    total = np.bincount(run, weights)
    weights = weights * np.sqrt(weights / np.maximum(total, 1e-12)[run])
    total = np.bincount(query, weights, n_query)
    return weights * np.sqrt(weights / np.maximum(total, 1e-12)[query])
