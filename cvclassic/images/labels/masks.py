"""Masks as polygons, as COCO's run lengths, and as images of labels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cvclassic.errors import DataError
from cvclassic.images.labels.types import Box, LabeledImage, LabeledObject, Rle

_MOST_PIXELS = 100_000_000


def polygon_mask(polygons, height: int, width: int) -> np.ndarray:
    """Pixels whose centers lie in any of the polygons.

    Parameters
    ----------
    polygons : sequence of sequences of float
        Each x1, y1, x2, y2, ... in pixels, where the upper left pixel covers 0 to 1.
    height, width : int

    Returns
    -------
    ndarray of shape (height, width), bool

    Examples
    --------
    >>> polygon_mask([[1, 0, 3, 0, 3, 2, 1, 2]], 3, 4).astype(int).tolist()
    [[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    mask = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        corners = np.asarray(polygon, np.float64).reshape(-1, 2)
        if len(corners) < 3 or not np.isfinite(corners).all():
            continue
        mask |= _even_odd(corners, height, width)
    return mask.astype(bool)


def _even_odd(corners: np.ndarray, height: int, width: int) -> np.ndarray:
    """Fill one polygon exactly: a crossing of a row's middle flips all pixels to its right."""
    flips = np.zeros((height, width + 1), np.int32)
    start, end = corners, np.roll(corners, -1, axis=0)
    for (x0, y0), (x1, y1) in zip(start, end, strict=True):
        if y0 == y1:
            continue
        low, high = min(y0, y1), max(y0, y1)
        first, last = max(int(np.ceil(low - 0.5)), 0), min(int(np.ceil(high - 0.5)), height)
        if first >= last:
            continue
        rows = np.arange(first, last)
        at = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        columns = np.clip(np.ceil(at - 0.5), 0, width).astype(int)
        np.add.at(flips, (rows, columns), 1)
    return (np.cumsum(flips[:, :width], axis=1) & 1).astype(np.uint8)


def encode_rle(mask: np.ndarray) -> Rle:
    """Run lengths of a mask as COCO compresses them.

    Parameters
    ----------
    mask : ndarray of shape (H, W)
        Zero is background.

    Returns
    -------
    tuple of (height, width, counts)

    References
    ----------
    ``maskApi.c`` of the COCO API: columns first, then six bits a character, each run as the
    difference from the run before the last.

    Examples
    --------
    >>> encode_rle(np.array([[0, 1], [0, 1]]))
    (2, 2, '22')
    """
    pixels = np.asarray(mask, bool)
    height, width = pixels.shape
    runs = _runs(pixels)
    text = []
    for i, run in enumerate(runs):
        value = int(run) - (int(runs[i - 2]) if i > 2 else 0)
        while True:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text.append(chr((bits | 0x20 if more else bits) + 48))
            if not more:
                break
    return height, width, "".join(text)


def _runs(pixels: np.ndarray) -> np.ndarray:
    """Lengths of runs down the columns, background first."""
    flat = np.concatenate([[False], pixels.T.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(np.concatenate([[0], changes, [pixels.size]]))


def decode_rle(rle: Rle | Sequence) -> np.ndarray:
    """Mask of run lengths, compressed (a string) or plain (a list of numbers).

    Parameters
    ----------
    rle : tuple of (height, width, counts)

    Returns
    -------
    ndarray of shape (height, width), bool

    Raises
    ------
    DataError
        The runs do not fill the mask.

    Examples
    --------
    >>> decode_rle((2, 2, "22")).astype(int).tolist()
    [[0, 1], [0, 1]]
    """
    height, width, counts = rle
    if not 0 < height * width <= _MOST_PIXELS or height < 0:
        raise DataError(f"a mask of {height} x {width} pixels cannot be read")
    runs = _inflate(counts) if isinstance(counts, str) else np.asarray(counts, np.int64)
    if len(runs) and (runs.min() < 0 or runs.sum() != height * width):
        raise DataError("the run lengths of a mask do not fill it")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T.copy()


def _inflate(text: str) -> np.ndarray:
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise DataError("the run lengths of a mask are damaged")
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            if bits & 0x10:
                value |= -1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return np.array(runs, np.int64)


def mask_box(mask: np.ndarray) -> Box:
    """Smallest box (x, y, width, height) around a mask; zeros for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    x, y = float(columns[0]), float(rows[0])
    return x, y, float(columns[-1] + 1) - x, float(rows[-1] + 1) - y


def mask_polygons(mask: np.ndarray, tolerance: float = 0.5) -> tuple[tuple[float, ...], ...]:
    """Outlines of a mask; holes are filled.

    Parameters
    ----------
    mask : ndarray of shape (H, W)
    tolerance : float, default=0.5
        How far, in pixels, an outline may be off.

    Returns
    -------
    tuple of tuples of float
        Each x1, y1, x2, y2, ...
    """
    # doubled, so that outlines run along the borders of pixels and not through their centers
    big = np.kron(np.asarray(mask, bool).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(big, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    polygons = []
    for contour in contours:
        points = cv2.approxPolyDP(contour, 2 * tolerance, True).reshape(-1, 2)
        if len(points) >= 3:
            polygons.append(tuple(((points + 0.5) / 2).ravel().tolist()))
    return tuple(polygons)


def object_mask(labeled: LabeledObject, height: int, width: int) -> np.ndarray:
    """Mask of one object: its run lengths, else its polygons, else its box.

    Returns
    -------
    ndarray of shape (height, width), bool
    """
    if labeled.rle is not None:
        mask = decode_rle(labeled.rle)
        if mask.shape != (height, width):
            raise DataError(
                f"a mask of {mask.shape[1]} x {mask.shape[0]} pixels does not fit an image of "
                f"{width} x {height}"
            )
        return mask
    if labeled.polygons:
        return polygon_mask(labeled.polygons, height, width)
    x, y, w, h = labeled.box
    return polygon_mask([(x, y, x + w, y, x + w, y + h, x, y + h)], height, width)


def label_picture(image: LabeledImage, classes, height: int, width: int) -> np.ndarray:
    """Class of each pixel.

    Parameters
    ----------
    image : LabeledImage
    classes : sequence of str
        The first becomes 1.
    height, width : int

    Returns
    -------
    ndarray of shape (height, width), uint16
        0 where no object is; where objects overlap, the last one counts.
    """
    numbers = {name: i + 1 for i, name in enumerate(classes)}
    picture = np.zeros((height, width), np.uint16)
    for labeled in image.objects:
        if labeled.label in numbers:
            picture[object_mask(labeled, height, width)] = numbers[labeled.label]
    return picture
