"""Votes of matching keypoints: which images share visual words with a query, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .coding import ImageCode
from .hamming import hamming_weights
from .segments import Segment

THRESHOLD = 28  # largest Hamming distance of a match
STRICT = 24  # the same where very many postings are compared, of which chance passes more
_MANY = 500_000  # postings
SIGMA = 16.0  # of the Gaussian over Hamming distances
MOST_POSTINGS = 1_000_000  # looked at for a query: rare words first
_LONG = 2000  # postings of a word from which on lists are looked at one by one
_AT_ONCE = 1_000_000  # postings that are gathered in one go


@dataclass(frozen=True, eq=False)
class Votes:
    """Matches of a query with the images of an index.

    Parameters
    ----------
    query : ndarray of shape (m,), int
        Keypoint of the query.
    owners : ndarray of shape (m,), int
        Image, numbered through all segments.
    places : ndarray of shape (m, 3), uint16
        Where the keypoint is in that image.
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
    places: np.ndarray
    weights: np.ndarray
    scores: np.ndarray
    n_postings: int
    used: np.ndarray


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
    query, owners, places, weights = [], [], [], []
    threshold = THRESHOLD if n_postings <= _MANY else STRICT
    table = hamming_weights(threshold, SIGMA)
    factor = rarity[words] ** 2
    offset = 0
    for segment in segments:
        segment.touch(np.unique(words))
        at, posting, distance = _matches(words, bits, segment, threshold)
        query.append(at)
        owners.append(segment.owners[posting].astype(np.int64) + offset)
        places.append(segment.places[posting])
        weights.append(table[distance] * factor[at])
        offset += len(segment)
    q, owner, weight = map(np.concatenate, (query, owners, weights))
    weight = _temper(q, owner, weight, len(words))
    scores = np.bincount(owner, weight, offset)
    counts = np.concatenate([segment.counts for segment in segments])
    scores = scores / np.sqrt(np.maximum(counts, 1))  # bincount of nothing gives integers
    return Votes(used[q], owner, np.concatenate(places), weight, scores, n_postings, used)


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
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keypoint of the query, posting and Hamming distance of all matches, by keypoint and owner."""
    first = segment.starts[words]
    sizes = segment.starts[words + 1] - first
    ends = np.cumsum(sizes)
    if not len(words) or ends[-1] == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8)
    found = []
    begin = 0
    while begin < len(words):
        done = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, done + _AT_ONCE, side="right")), begin + 1)
        size = sizes[begin:end]
        total = int(size.sum())
        if total > _LONG * len(size):  # each list is a slice of its own
            found += _long_lists(range(begin, end), first, sizes, bits, segment.bits, threshold)
        elif total:
            posting = np.repeat(first[begin:end] - np.cumsum(size) + size, size)
            posting += np.arange(total)
            code = segment.bits[posting]
            code ^= np.repeat(bits[begin:end], size)
            distance = np.bitwise_count(code)
            near = np.flatnonzero(distance <= threshold)
            at = np.searchsorted(np.cumsum(size), near, side="right") + begin
            found.append((at, posting[near], distance[near]))
        begin = end
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8)
    at, posting, distance = map(np.concatenate, zip(*found, strict=True))
    return at, posting, distance


def _long_lists(which, first, sizes, bits, codes, threshold) -> list[tuple]:
    """The same list by list, without index arrays as long as the lists."""
    found = []
    for i in which:
        start = int(first[i])
        distance = np.bitwise_count(codes[start : start + int(sizes[i])] ^ bits[i])
        near = np.flatnonzero(distance <= threshold)
        found.append((np.full(len(near), i), near + start, distance[near]))
    return found


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
