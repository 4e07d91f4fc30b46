"""Learn on some people which differences matter, to tell others apart: RCA, LDA, PCA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from ..._basics.checks import check_choice, check_integer
from ...errors import DataError

KINDS = ("lda", "rca", "pca")
_ENERGY, _BALL = 0.99, 0.5  # share of the spread that is kept, and of the ball in the scatter


@dataclass(frozen=True, eq=False)
class FaceMetric:
    """A projection of face vectors after which the angle between them is compared.

    Parameters
    ----------
    mean : ndarray of shape (d,), float32
    projection : ndarray of shape (d, k), float32
    """

    mean: np.ndarray
    projection: np.ndarray

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Project vectors, and bring them to length 1.

        Parameters
        ----------
        vectors : ndarray of shape (..., d)

        Returns
        -------
        ndarray of shape (..., k), float32
        """
        out = (vectors.astype(np.float32) - self.mean) @ self.projection
        return out / np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-12)


def learn_metric(
    vectors: np.ndarray, people: np.ndarray, kind: str = "rca", n_components: int = 300
) -> FaceMetric:
    """Learn a metric from faces of known people.

    With vectors of pixels, "pca" gives Eigenfaces and "lda" Fisherfaces.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32
    people : ndarray of shape (n,)
        Whose face each is.
    kind : {"rca", "lda", "pca"}
        "rca" turns down directions in which images of one person differ; "lda" keeps only those
        in which people differ more than that, and needs many people; "pca" brings all directions
        in which images differ to the same spread.
    n_components : int, default=300
        Maximum number of directions; "lda" has one fewer than people.

    Returns
    -------
    FaceMetric

    Raises
    ------
    DataError
        There are too few people, or too few images of them.

    References
    ----------
    Turk & Pentland, "Eigenfaces for recognition", J. Cognitive Neuroscience 3(1), 1991.
    Belhumeur, Hespanha & Kriegman, "Eigenfaces vs. Fisherfaces", PAMI 19(7), 1997, section 2.4
    (equation 5: PCA first, so that the scatter within people can be inverted). Bar-Hillel, Hertz,
    Shental & Weinshall, "Learning distance functions using equivalence relations", ICML 2003,
    section 3 (RCA: whitening by the scatter within).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> people = np.repeat(np.arange(5), 4)
    >>> vectors = random.normal(size=(5, 30))[people] + random.normal(size=(20, 30))
    >>> learn_metric(vectors, people).apply(vectors).shape
    (20, 15)
    """
    check_choice("kind", kind, KINDS)
    check_integer("n_components", n_components, 1)
    vectors = np.asarray(vectors, np.float64)
    names, codes = np.unique(np.asarray(people), return_inverse=True)
    spare = len(vectors) - len(names)
    if len(names) < 2 or (kind != "pca" and spare < 1):
        raise DataError(
            "a metric needs at least two people, and (except for pca) several images of each. "
            f"Got {len(vectors)} images of {len(names)} people."
        )
    mean = vectors.mean(axis=0)
    _, spread, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    rank = int((spread > 1e-6 * spread[0]).sum()) if spread[0] > 0 else 0
    if rank == 0:
        raise DataError("a metric needs faces that differ. All vectors are identical.")
    if kind == "pca":
        k = min(rank, n_components)
        projection = axes[:k].T / spread[:k] * np.sqrt(len(vectors))
        return FaceMetric(mean.astype(np.float32), projection.astype(np.float32))
    energy = np.cumsum(spread**2) / (spread**2).sum()
    m = max(1, min(rank, spare, int(np.searchsorted(energy, _ENERGY)) + 1))
    base = axes[:m].T
    low = (vectors - mean) @ base
    centers = np.stack([low[codes == c].mean(axis=0) for c in range(len(names))])
    within = low - centers[codes]
    scatter = within.T @ within / len(low)
    # few images say little about the scatter within people: mixed with that of a ball
    scatter = (1 - _BALL) * scatter + (_BALL * np.trace(scatter) / m + 1e-12) * np.eye(m)
    if kind == "rca":
        size, directions = np.linalg.eigh(scatter)
        k = min(m, n_components)
        # the directions in which one person's images differ least speak loudest
        projection = base @ (directions / np.sqrt(size))[:, :k]
        return FaceMetric(mean.astype(np.float32), projection.astype(np.float32))
    between = (centers[codes].T @ centers[codes]) / len(low)
    _, directions = eigh(between, scatter)
    k = min(m, len(names) - 1, n_components)
    projection = base @ directions[:, ::-1][:, :k]
    return FaceMetric(mean.astype(np.float32), projection.astype(np.float32))
