"""Image corruptions of known strength, for testing robustness."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .._basics.checks import check_choice
from ..images import encode_image, read_image


def _rotate(image: np.ndarray, degrees: float) -> np.ndarray:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return cv2.warpAffine(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _scale(image: np.ndarray, factor: float) -> np.ndarray:
    """What is shown, smaller in an image of the same size; the border is continued."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 0, factor)
    blurred = cv2.GaussianBlur(image, (0, 0), 0.5 / factor)  # what is smaller shows less
    return cv2.warpAffine(
        blurred, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _blur(image: np.ndarray, share: float) -> np.ndarray:
    """Gaussian blur; the strength is its standard deviation in hundredths of the longer side."""
    return cv2.GaussianBlur(image, (0, 0), share / 100 * max(image.shape[:2]))


def _noise(image: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def _brightness(image: np.ndarray, factor: float) -> np.ndarray:
    return np.clip(np.rint(image * np.float32(factor)), 0, 255).astype(np.uint8)


def _jpeg(image: np.ndarray, quality: float) -> np.ndarray:
    return read_image(encode_image(image, ".jpg", quality=int(quality)))


def _occlude(image: np.ndarray, share: float) -> np.ndarray:
    """A gray square in the middle, of so much of the image's area."""
    height, width = image.shape[:2]
    side = np.sqrt(share)
    h, w = max(1, round(height * side)), max(1, round(width * side))
    out = image.copy()
    top, left = (height - h) // 2, (width - w) // 2
    out[top : top + h, left : left + w] = 128
    return out


# name -> (function, unit, steps from mild to harsh)
DAMAGES: dict[str, tuple[Callable[[np.ndarray, float], np.ndarray], str, tuple[float, ...]]] = {
    "rotation": (_rotate, "degrees", (10, 30, 90)),
    "scale": (_scale, "of its size", (0.8, 0.6, 0.4)),
    "blur": (_blur, "% of the longer side", (0.5, 1.0, 2.0)),
    "noise": (_noise, "gray levels", (10, 25, 50)),
    "brightness": (_brightness, "times as bright", (0.7, 0.4, 1.6)),
    "jpeg": (_jpeg, "quality", (40, 15, 5)),
    "occlusion": (_occlude, "of the area", (0.1, 0.25, 0.5)),
}


def damage_image(image: np.ndarray, kind: str, amount: float) -> np.ndarray:
    """Damage an image, reproducibly.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    kind : str
        Key of `DAMAGES`.
    amount : float
        In the unit that stands there.

    Returns
    -------
    ndarray of the same shape, uint8

    Examples
    --------
    >>> damage_image(np.full((2, 2), 100, np.uint8), "brightness", 0.5).tolist()
    [[50, 50], [50, 50]]
    """
    check_choice("kind", kind, tuple(DAMAGES))
    return DAMAGES[kind][0](image, amount)
