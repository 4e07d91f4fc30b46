"""Changed copies of training images, for augmentation.

Only for training images. A test image that has been changed measures something else, and a
changed copy of a test image in the training set gives the answer away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from cvclassic._basics.checks import check_integer
from cvclassic.errors import ParameterError
from cvclassic.images.cached_image import Picture, load_pixels
from cvclassic.images.streaming import check_images


def add_noise(image: np.ndarray, rng: np.random.Generator, sigma: float = 10.0) -> np.ndarray:
    """Add Gaussian noise of standard deviation `sigma` (gray levels) to every number.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bool(abs(add_noise(np.full((99, 99), 128, np.uint8), rng, 10).std() - 10) < 0.5)
    True
    """
    noisy = image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def mirror(image: np.ndarray, rng: np.random.Generator, chance: float = 0.5) -> np.ndarray:
    """Turn left and right around, with probability `chance`.

    Examples
    --------
    >>> mirror(np.array([[1, 2]], np.uint8), np.random.default_rng(0), 1).tolist()
    [[2, 1]]
    """
    return np.ascontiguousarray(image[:, ::-1]) if rng.random() < chance else image


def rotate(image: np.ndarray, rng: np.random.Generator, degrees: float = 10.0) -> np.ndarray:
    """Turn about the center by an angle drawn evenly from -`degrees` to `degrees`.

    What comes in from outside continues the border.
    """
    return _warp(image, rng.uniform(-degrees, degrees), 1.0)


def resize(image: np.ndarray, rng: np.random.Generator, share: float = 0.1) -> np.ndarray:
    """Enlarge or shrink what is shown by up to `share`; the image keeps its size."""
    return _warp(image, 0.0, math.exp(rng.uniform(-1, 1) * math.log1p(share)))


def crop(image: np.ndarray, rng: np.random.Generator, share: float = 0.1) -> np.ndarray:
    """Cut off up to `share` of each side, at random places; the rest is stretched back."""
    height, width = image.shape[:2]
    h = max(1, round(height * (1 - rng.uniform(0, share))))
    w = max(1, round(width * (1 - rng.uniform(0, share))))
    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
    part = np.ascontiguousarray(image[top : top + h, left : left + w])
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)


def occlude(image: np.ndarray, rng: np.random.Generator, share: float = 0.3) -> np.ndarray:
    """Cover a rectangle with sides of up to `share` of the image's by its mean color.

    References
    ----------
    Zhong et al., "Random erasing data augmentation", AAAI 2020, section 3.2.
    """
    height, width = image.shape[:2]
    h = max(1, round(height * rng.uniform(0, share)))
    w = max(1, round(width * rng.uniform(0, share)))
    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
    covered = image.copy()
    covered[top : top + h, left : left + w] = np.rint(image.mean(axis=(0, 1))).astype(np.uint8)
    return covered


def brightness(image: np.ndarray, rng: np.random.Generator, share: float = 0.2) -> np.ndarray:
    """Multiply all numbers by one factor between 1 - `share` and 1 + `share`.

    Examples
    --------
    >>> brightness(np.full((1, 1), 100, np.uint8), np.random.default_rng(0), 0).tolist()
    [[100]]
    """
    factor = np.float32(1 + rng.uniform(-share, share))
    return np.clip(np.rint(image * factor), 0, 255).astype(np.uint8)


def elastic(image: np.ndarray, rng: np.random.Generator, pixels: float = 2.0) -> np.ndarray:
    """Shift every pixel by a smooth random field, about `pixels` far.

    The field is white noise, blurred over an eighth of the longer side and scaled so that its
    root mean square is `pixels`.

    References
    ----------
    Simard, Steinkraus & Platt, "Best practices for convolutional neural networks applied to
    visual document analysis", ICDAR 2003, section 2.
    """
    height, width = image.shape[:2]
    sigma = max(height, width) / 8
    field = rng.uniform(-1, 1, (2, height, width)).astype(np.float32)
    smooth = [
        cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for plane in field
    ]
    dx, dy = (plane - plane.mean() for plane in smooth)
    size = math.sqrt(float((dx * dx + dy * dy).mean()))
    factor = np.float32(pixels / size if size > 0 else 0)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return cv2.remap(
        image, x + factor * dx, y + factor * dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def shift(image: np.ndarray, rng: np.random.Generator, pixels: float = 2.0) -> np.ndarray:
    """Move what is shown by up to `pixels` along each axis; the border is continued."""
    dx, dy = rng.uniform(-pixels, pixels, 2)
    return _warp(image, 0.0, 1.0, dx, dy)


def _warp(image: np.ndarray, degrees: float, scale: float, dx: float = 0, dy: float = 0):
    """Turn and scale about the center of the pixel grid, then move."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    matrix[:, 2] += dx, dy
    return cv2.warpAffine(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


Change = Callable[[np.ndarray, np.random.Generator, float], np.ndarray]
# name -> (function, what its number is, number that it has by default, largest number)
CHANGES: dict[str, tuple[Change, str, float, float]] = {
    "noise": (add_noise, "standard deviation in gray levels", 10.0, 255.0),
    "mirror": (mirror, "probability", 0.5, 1.0),
    "rotate": (rotate, "degrees at most", 10.0, 180.0),
    "resize": (resize, "share at most", 0.1, 1.0),
    "crop": (crop, "share of a side at most", 0.1, 0.9),
    "occlude": (occlude, "share of a side at most", 0.3, 1.0),
    "brightness": (brightness, "share at most", 0.2, 1.0),
    "elastic": (elastic, "pixels on average", 2.0, 100.0),
    "shift": (shift, "pixels at most", 2.0, 1000.0),
}


def parse_changes(text: str) -> list[tuple[str, float]]:
    """Read a list of changes such as ``"mirror,rotate=10"``.

    Parameters
    ----------
    text : str
        Names of `CHANGES`, each perhaps with its number, separated by commas. They are made in
        this order.

    Returns
    -------
    list of (str, float)

    Raises
    ------
    ParameterError
        There is no such change, or its number is invalid.

    Examples
    --------
    >>> parse_changes("mirror, rotate=5")
    [('mirror', 0.5), ('rotate', 5.0)]
    """
    if not isinstance(text, str) or not text.strip():
        raise ParameterError(
            f"augment must be a list such as 'mirror,rotate=10'. Got {text!r} instead."
        )
    changes = []
    for item in text.split(","):
        name, equals, number = (part.strip() for part in item.partition("="))
        if name not in CHANGES:
            raise ParameterError(f"augment knows {', '.join(CHANGES)}. Got {name!r} instead.")
        _, meaning, value, most = CHANGES[name]
        if equals:
            try:
                value = float(number)
            except ValueError:
                value = math.nan
            if not 0 <= value <= most:
                raise ParameterError(
                    f"augment {name} takes a number from 0 to {most:g} ({meaning}). "
                    f"Got {number!r} instead."
                )
        changes.append((name, value))
    return changes


def augment_image(
    image: np.ndarray, changes: Sequence[tuple[str, float]], rng: np.random.Generator
) -> np.ndarray:
    """Make changes to an image, one after the other.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        Not changed.
    changes : sequence of (str, float)
        As `parse_changes` gives them.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of the same shape, uint8

    Examples
    --------
    >>> image = np.zeros((8, 6, 3), np.uint8)
    >>> augment_image(image, parse_changes("noise,rotate"), np.random.default_rng(0)).shape
    (8, 6, 3)
    """
    for name, number in changes:
        image = CHANGES[name][0](image, rng, number)
    return image


class AugmentedImage(Picture):
    """An image that is changed whenever it is read; see `AugmentedImages`.

    Parameters
    ----------
    source : path, encoded bytes, ndarray or Picture
    changes : sequence of (str, float)
        As `parse_changes` gives them. Numbers in pixels are those of the image as it is
        read: reduced to `max_side`.
    seed : tuple of int
    """

    __slots__ = ("_changes", "_seed")

    def __init__(self, source, changes: Sequence[tuple[str, float]], seed: tuple[int, ...]) -> None:
        super().__init__(source)
        self._changes = changes
        self._seed = seed

    def read(self, max_side: int | None = None) -> np.ndarray:
        """Return the pixels, at most `max_side` long, changed: the same at every reading."""
        pixels = load_pixels(self.source, max_side)
        return augment_image(pixels, self._changes, np.random.default_rng(self._seed))

    def __reduce__(self):
        return AugmentedImage, (self.source, self._changes, self._seed)


class AugmentedImages(Sequence):
    """Images, followed by changed copies that are made when they are read.

    Memory does not grow with the number of copies.

    Parameters
    ----------
    images : sequence of images
    changes : str or sequence of (str, float)
        As `parse_changes` reads them.
    times : int
        Copies of each image, besides itself.
    seed : int
        Copy j of image i is always changed alike.

    Examples
    --------
    >>> images = AugmentedImages([np.eye(4, dtype=np.uint8)], "mirror=1", times=2)
    >>> len(images), load_pixels(images[1]).argmax(axis=1).tolist()
    (3, [3, 2, 1, 0])
    """

    def __init__(self, images, changes, times: int = 1, seed: int = 0) -> None:
        self._images = check_images(images)
        self._changes = parse_changes(changes) if isinstance(changes, str) else list(changes)
        check_integer("augment_times", times, 0)
        self._times = int(times)
        self._seed = seed

    def __len__(self) -> int:
        return len(self._images) * (1 + self._times)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]  # negative indices, and an error beyond the end
        copy, i = divmod(index, len(self._images))
        source = self._images[i]
        return AugmentedImage(source, self._changes, (self._seed, copy, i)) if copy else source
