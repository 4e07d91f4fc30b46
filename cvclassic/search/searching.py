"""One query against the segments of an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .coding import ImageCode, ImageCoder
from .ranking import VERIFY, fuse
from .segments import Segment
from .verification import Verified, verify
from .voting import Votes, cast_votes, inverse_frequencies

_ALL_CODES = 20_000  # images whose compact codes are all compared
_SOME_CODES = 1000  # of more images: those with the highest scores of words
_EXPANSIONS = 3  # verified hits that a second query learns from
_EXPANSION_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Ranking:
    """Scores of all images for one query.

    Parameters
    ----------
    scores : ndarray of shape (n_images,), float64
        -inf for images that were removed.
    votes : Votes
    verified : dict of int to Verified
    similarity : ndarray of shape (n_images,), or None
    """

    scores: np.ndarray
    votes: Votes
    verified: dict[int, Verified]
    similarity: np.ndarray | None

    def best(self, top: int) -> np.ndarray:
        """The images with the highest scores, best first; ties in the order of the index."""
        some = highest(self.scores, top)
        return some[np.isfinite(self.scores[some])]


def highest(scores: np.ndarray, n: int) -> np.ndarray:
    """Numbers of the n highest scores, highest first; ties in ascending order.

    Examples
    --------
    >>> highest(np.array([0.0, 3.0, 1.0, 4.0, 3.0]), 2).tolist()
    [3, 1]
    """
    some = np.flatnonzero(
        scores > 0
    )  # of very many images most have nothing in common with a query
    if len(some) < n:
        some = np.arange(len(scores))
    if n < len(some) and n > 0:
        mine = scores[some]
        some = some[mine >= np.partition(mine, len(mine) - n)[len(mine) - n]]
    return some[np.argsort(-scores[some], kind="stable")][:n]


class Searcher:
    """Looks queries up in segments.

    Parameters
    ----------
    coder : ImageCoder
    segments : sequence of Segment
    removed : sequence of ndarray of shape (n,), bool
    """

    def __init__(
        self, coder: ImageCoder, segments: Sequence[Segment], removed: Sequence[np.ndarray]
    ) -> None:
        self.coder = coder
        self.segments = list(segments)
        self.firsts = np.concatenate([[0], np.cumsum([len(one) for one in self.segments])])
        self.n_images = int(self.firsts[-1])
        self._gone = np.concatenate([np.zeros(0, bool), *removed])
        self._rarity = inverse_frequencies(self.segments) if self.segments else None
        self._vectors: np.ndarray | None = None

    def place(self, image: int) -> tuple[int, int]:
        """Segment of an image, and its number there."""
        s = int(np.searchsorted(self.firsts, image, side="right")) - 1
        return s, image - int(self.firsts[s])

    def name(self, image: int) -> str:
        """Path of an image, as it was given."""
        s, i = self.place(image)
        return self.segments[s].name(i)

    def shape(self, image: int) -> tuple[int, int]:
        """Height and width of an image as it was described."""
        s, i = self.place(image)
        height, width = self.segments[s].arrays["shapes"][i].tolist()
        return height, width

    def n_keypoints(self, image: int) -> int:
        """Keypoints that the index keeps of an image."""
        s, i = self.place(image)
        return int(self.segments[s].counts[i])

    def code_of(self, image: int) -> ImageCode:
        """What the index keeps of an image, as a query."""
        s, i = self.place(image)
        code = self.segments[s].code_of(i)
        if self.coder.compact is None:
            return code
        vector = self.coder.compact.decode(self.segments[s].codes[i : i + 1])[0]
        return ImageCode(code.words, code.bits, code.places, code.image_shape, vector, code.digest)

    def rank(self, codes: Sequence[ImageCode], *, geometry: bool = True) -> Ranking:
        """Score all images for a query that consists of one image, or of several of one thing.

        Parameters
        ----------
        codes : sequence of ImageCode
            Codes of the query images; scores of several are averaged.
        geometry : bool
            Whether to look at the geometry of the best candidates.
        """
        rankings = [self._rank_one(code, geometry) for code in codes]
        if len(rankings) == 1:
            return rankings[0]
        scores = np.mean([one.scores for one in rankings], axis=0)
        strongest = [
            max((one.verified[i].n_inliers for i in one.verified), default=0) for one in rankings
        ]
        main = rankings[int(np.argmax(strongest))]
        return Ranking(scores, main.votes, main.verified, main.similarity)

    def _rank_one(self, code: ImageCode, geometry: bool) -> Ranking:
        if self._rarity is None:
            none = np.zeros(0, np.int64)
            empty = Votes(none, none, [], none, np.zeros(0), 0, none)
            return Ranking(np.zeros(0), empty, {}, None)
        votes = cast_votes(code, self.segments, self._rarity)
        words = votes.scores.copy()
        words[self._gone] = 0
        verified: dict[int, Verified] = {}
        if geometry:
            best = highest(words, VERIFY)
            best = best[words[best] > 0]
            if len(best):
                sides = np.array([max(self.shape(i)) for i in best.tolist()], float)
                verified = {one.image: one for one in verify(code, votes, best, sides)}
        similarity = self._similarity(code, words)
        inliers = {i: one.n_inliers for i, one in verified.items()}
        scores = fuse(words, inliers, similarity, len(code.vector))
        scores[self._gone] = -np.inf
        return Ranking(scores, votes, verified, similarity)

    def _similarity(self, code: ImageCode, words: np.ndarray) -> np.ndarray | None:
        """Cosines with the compact codes of all images, or of the best of very many."""
        if self.coder.compact is None or not len(code.vector):
            return None
        if self.n_images <= _ALL_CODES:
            if self._vectors is None:
                parts = [self.coder.compact.decode(one.codes) for one in self.segments]
                self._vectors = np.concatenate(parts)
            return (self._vectors @ code.vector).astype(np.float64)
        # the others keep the least there is, as nothing speaks for them
        out = np.full(self.n_images, -1.0)
        some = highest(words, _SOME_CODES)
        for s, segment in enumerate(self.segments):
            mine = some[(some >= self.firsts[s]) & (some < self.firsts[s + 1])]
            rows = segment.codes[mine - self.firsts[s]]
            out[mine] = self.coder.compact.decode(rows) @ code.vector
        return out

    def scan(self, code: ImageCode) -> np.ndarray:
        """Cosines with the compact codes of all images, block by block."""
        out = np.empty(self.n_images)
        for s, segment in enumerate(self.segments):
            for start in range(0, len(segment), 1 << 14):
                rows = segment.codes[start : start + (1 << 14)]
                first = int(self.firsts[s]) + start
                out[first : first + len(rows)] = self.coder.compact.decode(rows) @ code.vector
        return out

    def expand(self, code: ImageCode, ranking: Ranking) -> ImageCode:
        """A query that has learned from its best verified hits (average query expansion).

        Keypoints of these images that lie where the query was found are added to those of the
        query, at their places in it.

        References
        ----------
        Chum et al., "Total recall: automatic query expansion with a generative feature model
        for object retrieval", ICCV 2007, section 3.3.
        """
        parts = [(code.words, code.bits, code.places)]
        height, width = code.image_shape
        sure = [i for i in ranking.best(2 * _EXPANSIONS).tolist() if i in ranking.verified]
        sure = [i for i in sure if ranking.verified[i].n_inliers >= 12][:_EXPANSIONS]
        vectors = [code.vector]
        for image in sure:
            other = self.code_of(image)
            linear, shift = ranking.verified[image].affine[:2], ranking.verified[image].affine[2]
            if abs(np.linalg.det(linear)) < 1e-3:
                continue
            xy = (other.places[:, :2] / 8 - 0.5 - shift) @ np.linalg.inv(linear)
            inside = (xy >= 0).all(axis=1) & (xy[:, 0] < width) & (xy[:, 1] < height)
            places = other.places[inside].astype(np.int64)
            places[:, :2] = np.clip(np.rint((xy[inside] + 0.5) * 8), 0, 65535)
            grown = -12 * float(np.log2(abs(np.linalg.det(linear))))
            turn = -float(np.arctan2(linear[0, 1], linear[0, 0])) * 256 / (2 * np.pi)
            size = np.clip((places[:, 2] >> 8) + round(grown), 0, 255)
            angle = (places[:, 2] + round(turn)) & 255
            places[:, 2] = (size << 8) | angle
            parts.append((other.words[inside], other.bits[inside], places.astype(np.uint16)))
            if len(code.vector):
                vectors.append(_EXPANSION_SHARE * other.vector)
        words, bits, places = (np.concatenate(column) for column in zip(*parts, strict=True))
        vector = np.sum(vectors, axis=0)
        if len(vector):
            vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return ImageCode(
            words, bits, places, code.image_shape, vector.astype(np.float32), code.digest
        )
