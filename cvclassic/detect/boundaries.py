"""Soft edges: how fast the distribution of colors changes, at several scales at once.

Around every pixel there is a histogram of lightness and one of each color axis, weighted by a
Gaussian. Where the histograms change quickly with position, as measured by the Hellinger distance,
there is a boundary; a texture, whose histograms stay the same, is none, however strong its
gradients are. All of it is blurs and derivatives of whole planes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ParameterError
from ..images.checks import check_image, check_real, check_whole

# Below this share of a histogram a bin counts as empty; keeps the square root's slope finite.
_FLOOR = 1e-4
# Strength at which the soft edge is 0.5.
_HALF = 0.3


def boundary_strength(
    image: np.ndarray,
    *,
    scales: Sequence[float] = (2.0, 4.0, 8.0),
    n_bins: int = 8,
    color_weight: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Strength and direction of boundaries, not thinned.

    With h_b(x) the share of bin b in the histogram around x, and sigma the scale, the tensor
    ``J = sum_b sigma² grad(sqrt h_b) grad(sqrt h_b)^T`` tells how far, in Hellinger distance, the
    histogram moves with a step in each direction. Tensors of all channels and scales are added; the
    strength is the root of the larger eigenvalue, the direction its eigenvector.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    scales : sequence of float
        Widths of the Gaussian windows, in pixels.
    n_bins : int
        Bins of a histogram.
    color_weight : float
        Weight of each of the two color axes of CIELAB; lightness has 1.

    Returns
    -------
    strength : ndarray of shape (H, W), float32
        From 0 to 1.
    normal : ndarray of shape (H, W), float32
        Direction across the boundary, in radians from -pi/2 to pi/2, clockwise from the x axis.

    References
    ----------
    .. [1] D. Martin, C. Fowlkes and J. Malik, "Learning to detect natural image boundaries using
       local brightness, color, and texture cues", PAMI 26(5), 2004, section 3 (histogram
       differences; there of half discs and by chi²).
    .. [2] J. Bigun and G. Granlund, "Optimal orientation detection of linear symmetry", ICCV 1987,
       eq. 12 (eigenvalues of the tensor).

    Examples
    --------
    >>> image = np.zeros((40, 40, 3), np.uint8)
    >>> image[:, 20:] = (200, 40, 40)
    >>> strength, normal = boundary_strength(image)
    >>> bool(strength[20, 20] > 0.5 > strength[20, 2]), round(float(normal[20, 20]), 3)
    (True, 0.0)
    """
    image = check_image(image)
    check_whole("n_bins", n_bins, 2, 64)
    check_real("color_weight", color_weight, 0)
    if not len(scales):
        raise ParameterError("scales must hold at least one number. Got none instead.")
    for scale in scales:
        check_real("scales", scale, 0.5, 256)
    channels = _channels(image, color_weight)
    tensor = np.zeros((*image.shape[:2], 3), np.float32)
    for scale in scales:
        tensor += _scale_tensor(channels, float(scale), n_bins, image.shape[:2])
    tensor /= len(scales)
    mean = (tensor[..., 0] + tensor[..., 2]) / 2
    spread = cv2.magnitude((tensor[..., 0] - tensor[..., 2]) / 2, tensor[..., 1])
    strength = cv2.sqrt(mean + spread)
    # The direction is steadier than the strength needs to be, so it may be smoother.
    smooth = cv2.GaussianBlur(tensor, (0, 0), 1.0)
    normal = np.arctan2(2 * smooth[..., 1], smooth[..., 0] - smooth[..., 2]) / 2
    # The floor of rounding must not look like an edge on a flat image.
    strength = np.where(strength > 1e-3, strength / (strength + _HALF), 0)
    return strength.astype(np.float32), normal.astype(np.float32)


def thin_edges(strength: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Keep the strength where it is the largest across the edge; zero elsewhere.

    Parameters
    ----------
    strength : ndarray of shape (H, W), float32
        Edge strength.
    normal : ndarray of shape (H, W), float32
        Direction across the edge, in radians.

    Returns
    -------
    ndarray of shape (H, W), float32
        The thinned strength.

    References
    ----------
    .. [1] J. Canny, "A computational approach to edge detection", PAMI 8(6), 1986, section VIII.

    Examples
    --------
    >>> strength = np.tile(np.array([0, 1, 3, 2, 0], np.float32), (4, 1))
    >>> thin_edges(strength, np.zeros_like(strength))[0].tolist()
    [0.0, 0.0, 3.0, 0.0, 0.0]
    """
    strength = np.ascontiguousarray(strength, np.float32)
    if strength.ndim != 2 or strength.shape != normal.shape:
        raise ParameterError(
            "strength and normal must have the same shape (H, W). "
            f"Got {strength.shape} and {normal.shape} instead."
        )
    height, width = strength.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    dx, dy = np.cos(normal).astype(np.float32), np.sin(normal).astype(np.float32)
    border = {"interpolation": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REPLICATE}
    ahead = cv2.remap(strength, x + dx, y + dy, **border)
    behind = cv2.remap(strength, x - dx, y - dy, **border)
    return np.where((strength >= ahead) & (strength >= behind), strength, np.float32(0))


def soft_edges(
    image: np.ndarray,
    *,
    scales: Sequence[float] = (2.0, 4.0, 8.0),
    n_bins: int = 8,
    color_weight: float = 1.0,
) -> np.ndarray:
    """Thinned boundaries with their strength.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    scales, n_bins, color_weight
        As in `boundary_strength`.

    Returns
    -------
    ndarray of shape (H, W), float32
        From 0 to 1, zero off the ridges. Around 0.5, precision and recall against people's drawings
        balance on photographs (``docs/detectors.md``).

    References
    ----------
    See `boundary_strength` and `thin_edges`.

    Examples
    --------
    >>> soft_edges(np.full((9, 9), 7, np.uint8)).max()
    np.float32(0.0)
    """
    return thin_edges(
        *boundary_strength(image, scales=scales, n_bins=n_bins, color_weight=color_weight)
    )


def _channels(image: np.ndarray, color_weight: float) -> list[tuple[np.ndarray, float]]:
    """Planes in 0..1 with their weights: lightness, and the color axes of a colored image."""
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        color_weight = 0.0
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    channels = [(lab[..., 0] / 100, 1.0)]
    if color_weight:
        # Few things are more colorful than +-48; the histogram should not waste bins on them.
        channels += [(np.clip((lab[..., c] + 48) / 96, 0, 1), float(color_weight)) for c in (1, 2)]
    return channels


def _scale_tensor(
    channels: list[tuple[np.ndarray, float]], sigma: float, n_bins: int, shape: tuple[int, int]
) -> np.ndarray:
    """Structure tensor (xx, xy, yy) of the root histograms at one scale."""
    # A window of 4 pixels or more hides what happens below 2: those scales are done on a smaller
    # image. Averaging `factor` pixels blurs by (factor² - 1) / 12 already.
    factor = 1
    while sigma / factor >= 4 and min(shape) // (2 * factor) >= 8:
        factor *= 2
    size = (max(shape[1] // factor, 1), max(shape[0] // factor, 1))
    rest = np.sqrt(max(sigma**2 - (factor**2 - 1) / 12, 0.01)) / factor
    scale = sigma / factor / 32  # Scharr's weights sum to 32
    total = np.zeros((size[1], size[0], 3), np.float32)
    for plane, weight in channels:
        position = plane * np.float32(n_bins - 1)
        for b in range(n_bins):
            share = np.maximum(0, 1 - np.abs(position - np.float32(b)))
            if not share.any():
                continue
            if factor > 1:
                share = cv2.resize(share, size, interpolation=cv2.INTER_AREA)
            root = cv2.GaussianBlur(share, (0, 0), rest, borderType=cv2.BORDER_REFLECT)
            root = cv2.sqrt(root + np.float32(_FLOOR))
            dx = cv2.Scharr(root, cv2.CV_32F, 1, 0, scale=scale, borderType=cv2.BORDER_REFLECT)
            dy = cv2.Scharr(root, cv2.CV_32F, 0, 1, scale=scale, borderType=cv2.BORDER_REFLECT)
            for index, (one, two) in enumerate(((dx, dx), (dx, dy), (dy, dy))):
                total[..., index] += np.float32(weight) * one * two
    if factor > 1:
        total = cv2.resize(total, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return total
