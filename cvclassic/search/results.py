"""Results of a query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .places import unpack_places


@dataclass(frozen=True, eq=False)
class Hit:
    """One image that a query found.

    Parameters
    ----------
    path : str
        As it was given when the image was added.
    index : int
        Number of the image, through all segments.
    score : float
        Higher is more alike; comparable between queries.
    n_matches : int
        Keypoints of the query that found a partner.
    n_inliers : int
        Those of them that agree with one affine map; 0 where geometry was not looked at.
    similarity : float or None
        Similarity of color and shape of the whole images, -1 to 1; None without compact codes.
    xy_query, xy_image : ndarray of shape (n, 2), float32
        Matches in pixels of the described images: those that agree where geometry was looked at.
    image_shape : tuple of int
        Height and width of the image as it was described.
    """

    path: str
    index: int
    score: float
    n_matches: int
    n_inliers: int
    similarity: float | None
    xy_query: np.ndarray
    xy_image: np.ndarray
    image_shape: tuple[int, int]

    @property
    def verified(self) -> bool:
        """Whether enough keypoints agree to rule out chance."""
        return self.n_inliers > 6

    def to_dict(self) -> dict:
        """Plain values, ready for JSON."""
        return {
            "path": self.path,
            "score": round(self.score, 6),
            "matches": self.n_matches,
            "inliers": self.n_inliers,
            "verified": self.verified,
            "similarity": None if self.similarity is None else round(self.similarity, 6),
        }


@dataclass(frozen=True, eq=False)
class Hits:
    """What a query found, best first.

    Parameters
    ----------
    hits : list of Hit
    n_keypoints : int
        Number of keypoints in the query.
    query_shape : tuple of int
        Height and width of the query as it was described.
    seconds : dict of str to float
        Time for ``describe`` and for ``search``.
    """

    hits: list[Hit]
    n_keypoints: int
    query_shape: tuple[int, int]
    seconds: dict[str, float]

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self):
        return iter(self.hits)

    def __getitem__(self, i):
        return self.hits[i]

    def to_dict(self) -> dict:
        """Plain values, ready for JSON."""
        return {
            "keypoints": self.n_keypoints,
            "seconds": {name: round(value, 6) for name, value in self.seconds.items()},
            "hits": [{"rank": i, **hit.to_dict()} for i, hit in enumerate(self.hits, 1)],
        }


def positions(places: np.ndarray) -> np.ndarray:
    """Positions in pixels of packed places."""
    return unpack_places(places)[:, :2]
