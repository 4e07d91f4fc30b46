"""Geometry of matches: do the keypoints of an image lie as those of the query do?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .coding import ImageCode
from .places import unpack_places
from .voting import Votes

_MOST_MATCHES = 64  # of an image, the heaviest
_HYPOTHESES = 24
_TOLERANCE = 0.04  # of the longer side
_OCTAVES = 0.85  # that sizes may differ by
_COSINE = 0.825  # of the angle that orientations may differ by, 0.6 radians
_ROUNDS = 2
_RIDGE = 1e-3


@dataclass(frozen=True, eq=False)
class Verified:
    """Matches of one candidate that agree on one map.

    Parameters
    ----------
    image : int
        Candidate, numbered through all segments.
    n_inliers : int
        Different keypoints of both images that agree.
    query : ndarray of shape (n,), int
        Keypoints of the query that agree.
    places : ndarray of shape (n, 3), uint16
        Their partners.
    affine : ndarray of shape (3, 2), float64
        ``[x, y, 1] @ affine`` takes positions of the query to those of the candidate.
    """

    image: int
    n_inliers: int
    query: np.ndarray
    places: np.ndarray
    affine: np.ndarray


def verify(
    code: ImageCode, votes: Votes, candidates: np.ndarray, longer_sides: np.ndarray
) -> list[Verified]:
    """Count the matches of each candidate that one affine map explains.

    Each match of two keypoints is a hypothesis of its own, since sizes and orientations give
    scale and rotation; the best of those of the heaviest matches is refined to an affine map by
    least squares. All candidates go at once.

    Parameters
    ----------
    code : ImageCode
        The query.
    votes : Votes
    candidates : ndarray of shape (c,), int
        Images, numbered through all segments.
    longer_sides : ndarray of shape (c,)
        Longer sides of the candidates, in pixels.

    Returns
    -------
    list of Verified
        In the order of the candidates.

    References
    ----------
    Philbin et al., "Object retrieval with large vocabularies and fast spatial matching",
    CVPR 2007, section 4.
    """
    rank = np.full(len(votes.scores), -1)
    rank[candidates] = np.arange(len(candidates))
    mine = np.flatnonzero(rank[votes.owners] >= 0)
    group = rank[votes.owners[mine]]
    order = np.lexsort((-votes.weights[mine], group))
    mine, group = mine[order], group[order]
    sizes = np.bincount(group, minlength=len(candidates))
    within = np.arange(len(mine)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    keep = within < _MOST_MATCHES
    mine, group, within = mine[keep], group[keep], within[keep]

    width = int(within.max(initial=-1)) + 1
    match = np.full((len(candidates), width), -1)
    match[group, within] = mine
    real = match >= 0
    a = unpack_places(code.places[votes.query[match]])
    places = votes.places(match)
    b = unpack_places(places)
    tolerance = (_TOLERANCE * longer_sides)[:, None].astype(np.float32)
    agree, weight = _best_similarity(
        a, b, real, (votes.weights[match] * real).astype(np.float32), tolerance
    )
    agree, affine = _refine(a, b, real, agree, weight, tolerance)

    group, column = np.nonzero(agree)
    query, where = votes.query[match[group, column]], places[group, column]
    packed = where.astype(np.int64) @ np.array([1 << 32, 1 << 16, 1])
    n = np.minimum(*(_n_distinct(group, key, len(candidates)) for key in (query, packed)))
    n[n < 3] = 0
    ends = np.cumsum(agree.sum(axis=1))[:-1]
    parts = zip(
        candidates.tolist(), n.tolist(), np.split(query, ends), np.split(where, ends), affine,
        strict=True,
    )  # fmt: skip
    return [Verified(*part) for part in parts]


def _n_distinct(group: np.ndarray, key: np.ndarray, n: int) -> np.ndarray:
    """How many different keys each of n groups has."""
    order = np.lexsort((key, group))
    group, key = group[order], key[order]
    new = np.ones(len(key), bool)
    new[1:] = (group[1:] != group[:-1]) | (key[1:] != key[:-1])
    return np.bincount(group[new], minlength=n)


def _best_similarity(a, b, real, weight, tolerance) -> tuple[np.ndarray, np.ndarray]:
    """Matches that agree with the best hypothesis of each candidate, (c, m); and all weights."""
    n = min(_HYPOTHESES, a.shape[1])
    growth, turn = b[..., 2] - a[..., 2], b[..., 3] - a[..., 3]
    unit_x, unit_y = np.cos(turn), np.sin(turn)
    scale = np.exp2(growth[:, :n])
    cos, sin = scale * unit_x[:, :n], scale * unit_y[:, :n]
    x0, y0 = a[:, :n, 0], a[:, :n, 1]
    shift_x = b[:, :n, 0] - (cos * x0 - sin * y0)
    shift_y = b[:, :n, 1] - (sin * x0 + cos * y0)
    x, y = a[:, None, :, 0], a[:, None, :, 1]
    dx = cos[..., None] * x - sin[..., None] * y + (shift_x[..., None] - b[:, None, :, 0])
    dy = sin[..., None] * x + cos[..., None] * y + (shift_y[..., None] - b[:, None, :, 1])
    agree = dx * dx + dy * dy < (tolerance**2)[:, :, None]
    agree &= np.abs(growth[:, None] - growth[:, :n, None]) < _OCTAVES
    agree &= unit_x[:, None] * unit_x[:, :n, None] + unit_y[:, None] * unit_y[:, :n, None] > _COSINE
    agree &= real[:, None]
    best = np.einsum("chm,cm->ch", agree, weight)
    best[~real[:, :n]] = -1
    chosen = best.argmax(axis=1) if n else np.zeros(len(a), int)
    if not n:
        return np.zeros(real.shape, bool), weight
    return agree[np.arange(len(a)), chosen], weight


def _refine(a, b, real, agree, weight, tolerance) -> tuple[np.ndarray, np.ndarray]:
    """Affine maps by least squares over those that agree, as long as that gains weight."""
    rows = np.ones((*a.shape[:2], 3))
    rows[..., :2] = a[..., :2]
    target = b[..., :2].astype(np.float64)
    growth = b[..., 2] - a[..., 2]
    affine = np.zeros((len(a), 3, 2))
    ridge = np.diag([_RIDGE, _RIDGE, 1e-9])
    for _ in range(_ROUNDS):
        masked = rows * agree[..., None]
        system = np.matmul(masked.transpose(0, 2, 1), rows) + ridge
        solution = np.linalg.solve(system, np.matmul(masked.transpose(0, 2, 1), target))
        error = np.matmul(rows, solution) - target
        n = np.maximum(agree.sum(axis=1, keepdims=True), 1)
        usual = (growth * agree).sum(axis=1, keepdims=True) / n
        new = (error**2).sum(axis=2) < tolerance**2
        new &= real & (np.abs(growth - usual) < _OCTAVES)
        better = ((new * weight).sum(axis=1) >= (agree * weight).sum(axis=1)) & (
            agree.sum(axis=1) >= 4
        )
        agree = np.where(better[:, None], new, agree)
        affine = np.where(better[:, None, None], solution, affine)
    return agree, affine
