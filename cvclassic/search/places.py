"""Position, size and orientation of a keypoint in six bytes."""

from __future__ import annotations

import numpy as np

from ..describe import LocalFeatures

_PER_PIXEL = 8  # positions are kept to an eighth of a pixel
_PER_OCTAVE = 24  # steps of the size per factor of two


def pack_places(features: LocalFeatures) -> np.ndarray:
    """Positions, sizes and angles of keypoints as small integers.

    Parameters
    ----------
    features : LocalFeatures

    Returns
    -------
    ndarray of shape (n, 3), uint16
        x and y in eighths of a pixel; size (logarithmic) and angle in one byte each.
    """
    out = np.empty((len(features), 3), np.uint16)
    out[:, :2] = np.clip(np.rint((features.xy + 0.5) * _PER_PIXEL), 0, 65535)
    size = np.clip(np.rint(_PER_OCTAVE * np.log2(np.maximum(features.scale, 1))), 0, 255)
    angle = np.rint(features.angle * (256 / (2 * np.pi))).astype(np.int64) & 255
    out[:, 2] = (size.astype(np.int64) << 8) | angle
    return out


def unpack_places(places: np.ndarray) -> np.ndarray:
    """What `pack_places` packed.

    Parameters
    ----------
    places : ndarray of shape (..., 3), uint16

    Returns
    -------
    ndarray of shape (..., 4), float32
        x, y and the logarithm (base 2) of the size, in pixels; angle in radians.

    Examples
    --------
    >>> unpack_places(np.array([[84, 164, 24 << 8 | 64]], np.uint16)).round(3)
    array([[10.   , 20.   ,  1.   ,  1.571]], dtype=float32)
    """
    out = np.empty((*places.shape[:-1], 4), np.float32)
    out[..., :2] = places[..., :2]
    out[..., :2] *= 1 / _PER_PIXEL
    out[..., :2] -= 0.5
    out[..., 2] = (places[..., 2] >> 8) * np.float32(1 / _PER_OCTAVE)
    out[..., 3] = (places[..., 2] & 255) * np.float32(2 * np.pi / 256)
    return out
