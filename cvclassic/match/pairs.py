"""Two images in, correspondences and geometry out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._basics.checks import check_choice
from ..describe import LocalFeatures
from ..images.checks import check_image, check_positive
from .describing import DESCRIPTORS, describe, describe_views
from .geometry import (
    epipolar_error,
    estimate_fundamental,
    estimate_homography,
    project,
    reprojection_error,
)
from .guided import guided_matches
from .neighbors import match_descriptors

# With fewer inliers than this a model may be chance: worth the cost of simulated views.
_FEW = 30
# Matches in different places that have to agree, at least and as a share of all: more
# than images of different things reach by chance (docs/matching.md).
_CHANCE: dict[str, tuple[int, float]] = {"homography": (8, 0.02), "fundamental": (14, 0.1)}

_TIGHTER = 2 / 3


@dataclass(frozen=True, eq=False)
class MatchResult:
    """Correspondences of two images and the geometry they agree on.

    Parameters
    ----------
    xy_a, xy_b : ndarray of shape (n, 2), float32
        Matching positions in pixels.
    inliers : ndarray of shape (n,), bool
        Which of them agree with the model.
    errors : ndarray of shape (n,), float32
        Distance from the model in pixels; NaN without one.
    model : ndarray of shape (3, 3), float64, or None
        Homography or fundamental matrix from the first image to the second; None where so few
        matches agree that it may be chance.
    kind : {"homography", "fundamental"}
        What the model is.
    n_keypoints : tuple of int
        Keypoints of both images.
    used_views : bool
        Whether simulated views were needed.
    """

    xy_a: np.ndarray
    xy_b: np.ndarray
    inliers: np.ndarray
    errors: np.ndarray
    model: np.ndarray | None
    kind: str
    n_keypoints: tuple[int, int]
    used_views: bool = False

    @property
    def n_inliers(self) -> int:
        """Number of matches that agree with the model."""
        return int(self.inliers.sum())

    @property
    def mean_error(self) -> float | None:
        """Mean distance of the inliers from the model, in pixels; None without a model."""
        return float(self.errors[self.inliers].mean()) if self.n_inliers else None

    def scaled(self, factor_a: float, factor_b: float) -> MatchResult:
        """Return the result in the pixels of images that are larger by these factors."""
        to_a, to_b = _resize_map(factor_a), _resize_map(factor_b)
        model = self.model
        if model is not None and self.kind == "homography":
            model = to_b @ model @ np.linalg.inv(to_a)
            model = model / model[2, 2] if model[2, 2] else model
        elif model is not None:
            model = np.linalg.inv(to_b).T @ model @ np.linalg.inv(to_a)
        return replace(
            self,
            xy_a=project(self.xy_a, to_a).astype(np.float32),
            xy_b=project(self.xy_b, to_b).astype(np.float32),
            errors=(self.errors * factor_b).astype(np.float32),
            model=model,
        )

    def to_pandas(self) -> Any:
        """One row per match: positions in both images, whether it is an inlier, error.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        from .._basics.frames import import_pandas

        return import_pandas().DataFrame(
            {
                "x_a": self.xy_a[:, 0],
                "y_a": self.xy_a[:, 1],
                "x_b": self.xy_b[:, 0],
                "y_b": self.xy_b[:, 1],
                "inlier": self.inliers,
                "error": self.errors,
            }
        )

    def plot(self, a: np.ndarray, b: np.ndarray) -> Any:
        """Draw the matches between two images; returns a matplotlib Figure.

        Parameters
        ----------
        a, b : ndarray of shape (H, W) or (H, W, 3), uint8
            The images that were matched, in whose pixels the result is.
        """
        from ..draw.figures import image_figure
        from ..draw.matches import draw_match

        return image_figure(draw_match(a, b, self))

    def _repr_html_(self) -> str:
        from ..draw.figures import html_table

        error = "" if self.mean_error is None else f"{self.mean_error:.2f} px"
        rows = [
            ("matches", len(self.xy_a)),
            ("inliers", self.n_inliers),
            ("mean error", error),
            ("model", self.kind if self.model is not None else "none"),
            ("keypoints", f"{self.n_keypoints[0]}, {self.n_keypoints[1]}"),
        ]
        return html_table(rows, title="Match")

    def to_dict(self) -> dict[str, object]:
        """Return plain numbers and lists, ready for JSON."""
        return {
            "kind": self.kind,
            "model": None if self.model is None else self.model.tolist(),
            "n_keypoints": list(self.n_keypoints),
            "n_matches": len(self.xy_a),
            "n_inliers": self.n_inliers,
            "mean_error": self.mean_error,
            "used_views": self.used_views,
            "matches": [
                {"a": a, "b": b, "inlier": inlier, "error": None if error != error else error}
                for a, b, inlier, error in zip(
                    self.xy_a.round(3).astype(float).tolist(),
                    self.xy_b.round(3).astype(float).tolist(),
                    self.inliers.tolist(),
                    self.errors.round(4).astype(float).tolist(),
                    strict=True,
                )
            ],
        }


def match_images(
    a: np.ndarray,
    b: np.ndarray,
    *,
    descriptor: str = "rootsift",
    max_keypoints: int | None = 4000,
    ratio: float | None = 0.85,
    mutual: bool = True,
    model: str = "homography",
    threshold: float | None = None,
    views: str = "auto",
    guided: bool = True,
    seed: int = 0,
) -> MatchResult:
    """Match two images of the same thing.

    Keypoints are paired by `match_descriptors`; MAGSAC++ finds the geometry that most agree on.
    Once a homography is known, keypoints are paired again among those that it brings
    together, which finds the matches that the ratio test had thrown away.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        The images.
    descriptor : {"rootsift", "sift", "orb", "akaze", "brisk"}
        Detector and descriptor.
    max_keypoints : int, optional
        Maximum number of keypoints per image; the strongest are kept.
    ratio, mutual
        As in `match_descriptors`.
    model : {"homography", "fundamental"}
        A homography for flat scenes or a turning camera, a fundamental matrix for a moving one.
    threshold : float, optional
        Largest error of an inlier in pixels; 3 for a homography, 1.5 for a fundamental matrix
        unless given.
    views : {"auto", "never", "always"}
        Simulate oblique views: where fewer than 30 matches agree, never, or always.
    guided : bool
        Pair again once a homography is known.
    seed : int
        Seed of the random samples.

    Returns
    -------
    MatchResult
        Matches in the order of the first image's keypoints; empty where there are none.

    References
    ----------
    .. [1] R. Hartley and A. Zisserman, "Multiple View Geometry", 2nd ed., 2004, algorithm 4.6
       step (v): guided matching.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 255, (30, 30), dtype=np.uint8)
    >>> picture = np.kron(noise, np.ones((6, 6), np.uint8))
    >>> result = match_images(picture, np.roll(picture, 6, axis=1))
    >>> bool(np.allclose(result.model[:2, 2], [6, 0], atol=0.1))
    True
    """
    a, b = check_image(a, "a"), check_image(b, "b")
    check_choice("descriptor", descriptor, tuple(DESCRIPTORS))
    check_choice("model", model, ("homography", "fundamental"))
    check_choice("views", views, ("auto", "never", "always"))
    if threshold is None:
        threshold = 3.0 if model == "homography" else 1.5
    check_positive("threshold", threshold)
    plain = (
        describe(a, descriptor, max_keypoints=max_keypoints),
        describe(b, descriptor, max_keypoints=max_keypoints),
    )
    settings = _Settings(ratio, mutual, model, threshold, seed, guided)
    result = None
    if views != "always":
        result = _match(*plain, settings, used_views=False)
    # With fewer keypoints than this no view can make them match.
    enough = min(map(len, plain)) >= _CHANCE[model][0]
    if result is None or (views == "auto" and enough and result.n_inliers < _FEW):
        slanted = [describe_views(x, descriptor, max_keypoints=max_keypoints) for x in (a, b)]
        other = _match(slanted[0], slanted[1], settings, used_views=True)
        if result is None or other.n_inliers > result.n_inliers:
            return other
    return result


@dataclass(frozen=True)
class _Settings:
    """What `match_images` was asked for."""

    ratio: float | None
    mutual: bool
    model: str
    threshold: float
    seed: int
    guided: bool


def _match(
    a: LocalFeatures, b: LocalFeatures, settings: _Settings, *, used_views: bool
) -> MatchResult:
    """Pair two sets of features, fit a model, and pair again with its help."""
    kind, threshold = settings.model, settings.threshold
    pairs, distances = match_descriptors(
        a.descriptors, b.descriptors, ratio=settings.ratio, mutual=settings.mutual
    )
    pairs = _distinct(a.xy, b.xy, pairs, distances)
    xy_a, xy_b = a.xy[pairs[:, 0]], b.xy[pairs[:, 1]]
    estimate = estimate_homography if kind == "homography" else estimate_fundamental
    # Estimation is sharper with a tighter band than what is counted as an inlier afterwards.
    tight = threshold * _TIGHTER if kind == "homography" else threshold
    model, inliers = estimate(xy_a, xy_b, threshold=tight, seed=settings.seed)
    if _support(xy_a[inliers], xy_b[inliers]) < _CHANCE[kind][0] + _CHANCE[kind][1] * len(xy_a):
        model = None
    if model is not None and settings.guided and kind == "homography":
        xy_a, xy_b, model = guided_matches(a, b, xy_a, xy_b, model, threshold, settings.seed)
    if model is None:
        errors = np.full(len(xy_a), np.nan, np.float32)
    else:
        measure = reprojection_error if kind == "homography" else epipolar_error
        errors = measure(xy_a, xy_b, model).astype(np.float32)
    with np.errstate(invalid="ignore"):
        agree = errors <= threshold
    return MatchResult(xy_a, xy_b, agree, errors, model, kind, (len(a), len(b)), used_views)


def _support(xy_a: np.ndarray, xy_b: np.ndarray) -> int:
    """Number of different places that inliers come from, or go to, whichever is smaller.

    A wrong homography likes to gather many points in one.
    """
    if not len(xy_a):
        return 0
    return min(len(np.unique((xy // 6).astype(int), axis=0)) for xy in (xy_a, xy_b))


def _distinct(
    xy_a: np.ndarray, xy_b: np.ndarray, pairs: np.ndarray, distances: np.ndarray
) -> np.ndarray:
    """Keep the best of several pairs that join the same two places (keypoints with two angles)."""
    if not len(pairs):
        return pairs
    places = np.column_stack([xy_a[pairs[:, 0]], xy_b[pairs[:, 1]]]).round(1)
    order = np.argsort(distances, kind="stable")
    _, first = np.unique(places[order], axis=0, return_index=True)
    return pairs[np.sort(order[first])]


def _resize_map(factor: float) -> np.ndarray:
    """3×3 map from the pixels of an image to those of one `factor` times as large."""
    shift = (factor - 1) / 2  # pixel centers are at whole numbers
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])
