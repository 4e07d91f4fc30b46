"""Gaussian scale space and its extrema: what the blob detectors share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from .._basics.checks import check_choice
from ..errors import ParameterError
from ..images.checks import check_positive, check_real
from .results import Blobs, keep_first

_RATIO = 10  # of the larger to the smaller curvature of an answer, beyond which it is a ridge
_RING = 0.4  # of the answer at the center of a disc: that of the ring around it is a third


def check_sigmas(min_sigma: float, max_sigma: float) -> None:
    """Both positive, in order, and not beyond what any image holds."""
    check_positive("min_sigma", min_sigma)
    check_real("max_sigma", max_sigma, 0, 1000, open_=True)
    if min_sigma > max_sigma:
        raise ParameterError(
            f"min_sigma must be <= max_sigma, {max_sigma:g}. Got {min_sigma:g} instead."
        )


def blur_step(sigma: float) -> int:
    """Pixels over which a plane blurred by sigma changes little: a power of two, at most sigma/2.5.

    Examples
    --------
    >>> [blur_step(sigma) for sigma in (1, 5, 9.9, 10)]
    [1, 2, 2, 4]
    """
    return 1 << max(int(np.floor(np.log2(sigma / 2.5))), 0)


def gaussians(plane: np.ndarray, sigmas: Sequence[float]) -> Iterator[np.ndarray]:
    """Yield the plane blurred to each of the rising widths, each from the one before.

    A plane that is blurred by 8 pixels holds nothing finer than 2 pixels at a quarter of its size,
    so wide blurs are done there: the cost no longer grows with the width, and the answers differ
    by less than 0.002 of the range of gray.
    """
    border = cv2.BORDER_REFLECT
    have, smooth = 0.0, plane
    for sigma in sigmas:
        more = np.sqrt(max(sigma**2 - have**2, 0))
        factor = 1
        while have >= 2.5 * 2 * factor and min(plane.shape) // (2 * factor) >= 16:
            factor *= 2
        if more == 0:
            pass
        elif factor == 1:
            smooth = cv2.GaussianBlur(smooth, (0, 0), more, borderType=border)
        else:
            size = (-(-plane.shape[1] // factor), -(-plane.shape[0] // factor))
            # Both resizings blur a little, as averaging over and interpolating between cells do.
            rest = np.sqrt(max(more**2 - (factor**2 - 1) / 12, 0.01)) / factor
            small = cv2.resize(smooth, size, interpolation=cv2.INTER_AREA)
            small = cv2.GaussianBlur(small, (0, 0), rest, borderType=border)
            smooth = cv2.resize(small, plane.shape[::-1], interpolation=cv2.INTER_LANCZOS4)
        have = sigma
        yield smooth


def scale_extrema(
    answers: Sequence[np.ndarray],
    sigmas: Sequence[float],
    threshold: float,
    overlap: float,
    polarity: str,
    *,
    bends: Sequence[np.ndarray] | None = None,
) -> Blobs:
    """Blobs where an answer is the largest of its 26 neighbors in place and scale.

    Maxima on ridges of the answer are left out. Where the answers are products of two curvatures
    and so have lost their sign, `bends` has it: dark blobs are above 0.
    """
    check_positive("threshold", threshold)
    check_real("overlap", overlap, 0, 1)
    check_choice("polarity", polarity, ("both", "bright", "dark"))
    found = []
    if polarity != "dark":
        found += _maxima(answers, threshold)
    if polarity != "bright":
        found += [
            (y, x, s, -v) for y, x, s, v in _maxima([-answer for answer in answers], threshold)
        ]
    found = [_off_ridges(answers[i], sigmas[i], *some) for i, some in _by_scale(found)]
    y, x, scale, value = (np.concatenate(column) for column in zip(*found, strict=True))
    ring = _RING
    if bends is not None:
        dark = np.stack(bends)[scale, y, x] > 0 if len(y) else np.zeros(0, bool)
        value, ring = np.where(dark, -value, value), _RING**2
    blobs = Blobs(
        np.stack([x, y], axis=1).astype(np.float32),
        (np.sqrt(2) * np.asarray(sigmas)[scale]).astype(np.float32),
        value.astype(np.float32),
    )
    blobs = _prune(_without_rings(blobs.strongest(None), ring), overlap)
    return blobs if bends is None else replace(blobs, response=np.abs(blobs.response))


def _maxima(answers: Sequence[np.ndarray], threshold: float) -> list[tuple[np.ndarray, ...]]:
    """Row, column, scale index and value of the maxima, one tuple for each scale."""
    window = np.ones((3, 3), np.uint8)
    dilated = [cv2.dilate(answer, window) for answer in answers]
    found: list[tuple[np.ndarray, ...]] = []
    for i, answer in enumerate(answers):
        highest = dilated[i]
        for neighbor in dilated[max(i - 1, 0) : i] + dilated[i + 1 : i + 2]:
            highest = cv2.max(highest, neighbor)
        y, x = np.nonzero((answer >= highest) & (answer > threshold))
        found.append((y, x, np.full(len(y), i), answer[y, x]))
    return found


def _by_scale(found: list[tuple[np.ndarray, ...]]) -> Iterator[tuple[int, tuple]]:
    """The scale index beside each tuple that has any maxima."""
    some = [maxima for maxima in found if len(maxima[0])] or found[:1]
    for maxima in some:
        yield (int(maxima[2][0]) if len(maxima[2]) else 0), maxima


def _off_ridges(answer: np.ndarray, sigma: float, y, x, scale, value) -> tuple[np.ndarray, ...]:
    """Those maxima at which the answer bends about as much in every direction."""
    step = blur_step(sigma)
    rows = _reflected(y + step * np.arange(-1, 2)[:, None], answer.shape[0])
    columns = _reflected(x + step * np.arange(-1, 2)[:, None], answer.shape[1])
    near = answer[rows[:, None], columns[None]]
    yy, xx = (near[[0, 1], [1, 0]] + near[[2, 1], [1, 2]] - 2 * near[1, 1]).astype(np.float64)
    xy = 0.25 * (near[0, 0] + near[2, 2] - near[0, 2] - near[2, 0])
    determinant = xx * yy - xy * xy
    blob = (xx + yy) ** 2 * _RATIO < determinant * (_RATIO + 1) ** 2
    return y[blob], x[blob], scale[blob], value[blob]


def _reflected(index: np.ndarray, n: int) -> np.ndarray:
    """Indices beyond either end, mirrored into it as `BORDER_REFLECT` does."""
    inside = np.where(index < 0, -index - 1, np.where(index >= n, 2 * n - 1 - index, index))
    return np.clip(inside, 0, n - 1)


def _without_rings(blobs: Blobs, ring: float) -> Blobs:
    """Leave out what a stronger blob of the other sign explains: parts of the ring around it.

    The ring of a disc answers with a third of what its center does; where the rings of two discs
    meet they add up.
    """
    if len(blobs) < 2 or blobs.response.min() > 0 or blobs.response.max() < 0:
        return blobs
    from scipy.spatial import cKDTree

    r, answer = blobs.radius.astype(np.float64), blobs.response.astype(np.float64)
    pairs = cKDTree(blobs.xy).query_pairs(3 * float(r.max()), output_type="ndarray")
    strong, weak = np.sort(pairs, axis=1).T  # strongest come first
    apart = np.hypot(*(blobs.xy[strong] - blobs.xy[weak]).T.astype(np.float64))
    explained = (
        (answer[strong] * answer[weak] < 0)
        & (apart < r[strong] + 2 * r[weak])
        & (np.abs(answer[weak]) < ring * np.abs(answer[strong]))
    )
    keep = np.ones(len(blobs), bool)
    keep[weak[explained]] = False
    return blobs.take(keep)


def _prune(blobs: Blobs, overlap: float) -> Blobs:
    """Leave out the weaker of two blobs that share too much of their area; strongest come first."""
    if len(blobs) < 2 or overlap >= 1:
        return blobs
    from scipy.spatial import cKDTree

    reach = 2 * float(blobs.radius.max())
    pairs = cKDTree(blobs.xy).query_pairs(reach, output_type="ndarray")
    r = blobs.radius.astype(np.float64)
    distance = np.hypot(*(blobs.xy[pairs[:, 0]] - blobs.xy[pairs[:, 1]]).T.astype(np.float64))
    near = distance < r[pairs[:, 0]] + r[pairs[:, 1]]
    pairs, distance = pairs[near], distance[near]
    pairs = pairs[_shared(distance, r[pairs[:, 0]], r[pairs[:, 1]]) > overlap]
    return blobs.take(keep_first(len(blobs), pairs))


def _shared(distance: np.ndarray, r1: np.ndarray, r2: np.ndarray) -> np.ndarray:
    """Area that two discs share, as a part of the smaller."""
    small, large = np.minimum(r1, r2), np.maximum(r1, r2)
    d = np.maximum(distance, 1e-9)
    a = np.arccos(np.clip((d**2 + small**2 - large**2) / (2 * d * small), -1, 1))
    b = np.arccos(np.clip((d**2 + large**2 - small**2) / (2 * d * large), -1, 1))
    lens = small**2 * (a - np.sin(2 * a) / 2) + large**2 * (b - np.sin(2 * b) / 2)
    return np.where(distance <= large - small, 1.0, lens / (np.pi * small**2))
