"""Channels of an image at a quarter of its resolution: color, gradient strength, orientations."""

from __future__ import annotations

import cv2
import numpy as np

SHRINK = 4  # pixels a cell
_STRIP = 64  # rows of pixels at once: bounded memory, and it stays in the cache
N_SIGNED = 18
N_UNSIGNED = 9
N_SCAN = 5 + N_UNSIGNED  # L, u, v, strength, local strength, orientations
N_HOG = N_SIGNED + N_UNSIGNED + 4 + 4
_SCAN_GAIN = np.array([255, 255, 255, 700, 80] + [255] * N_UNSIGNED, np.float32)


def cell_planes(image: np.ndarray) -> np.ndarray:
    """Mean color and mean gradient energy of each orientation, cell by cell.

    Parameters
    ----------
    image : ndarray of shape (4 h, 4 w, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (21, h, w), float32
        L, u, v of CIELUV in about 0 to 1, then 18 signed orientations of 20 degrees, each gradient
        shared by the two nearest. Of the three color channels the one of the strongest gradient
        counts (Dalal & Triggs 2005, section 6.2).
    """
    height, width = image.shape[0] // SHRINK, image.shape[1] // SHRINK
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    luv = cv2.cvtColor(small.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2Luv)
    planes = np.empty((3 + N_SIGNED, height, width), np.float32)
    np.multiply(luv[..., 0], np.float32(1 / 100), out=planes[0])
    for i, low in ((1, 88), (2, 134)):
        np.multiply(luv[..., i] + np.float32(low), np.float32(1 / 270), out=planes[i])
    rows = image.shape[0]
    padded = cv2.copyMakeBorder(image, 1, 1, 0, 0, cv2.BORDER_REFLECT_101)
    for top in range(0, rows, _STRIP):
        bottom = min(top + _STRIP, rows)
        part = slice(top // SHRINK, bottom // SHRINK)
        _add_orientations(padded[top : bottom + 2], planes[3:, part])
    return planes


def _add_orientations(strip: np.ndarray, out: np.ndarray) -> None:
    """Orientation planes of some rows, which have one more above and below."""
    gx = cv2.Sobel(strip, cv2.CV_16S, 1, 0, ksize=1)[1:-1]
    gy = cv2.Sobel(strip, cv2.CV_16S, 0, 1, ksize=1)[1:-1]
    strength = np.abs(gx)
    strength += np.abs(gy)  # only to choose the channel
    red, green, blue = strength[..., 0], strength[..., 1], strength[..., 2]
    use_red, use_blue = red > green, blue > np.maximum(red, green)
    x, y = (
        np.where(use_blue, g[..., 2], np.where(use_red, g[..., 0], g[..., 1])).astype(np.float32)
        for g in (gx, gy)
    )
    size_of, angle = cv2.cartToPolar(x, y)
    size_of *= np.float32(1 / 255)
    angle *= np.float32(N_SIGNED / (2 * np.pi))
    first = angle.astype(np.int32)  # floor, as angles are not negative
    angle -= first
    angle *= size_of
    size_of -= angle
    first[first >= N_SIGNED] = 0
    n = first.size
    first = first.reshape(-1) * np.int32(n)
    first += np.arange(n, dtype=np.int32)
    fine = np.zeros(N_SIGNED * n, np.float32)
    fine[first] = size_of.reshape(-1)
    first += np.int32(n)
    first[first >= N_SIGNED * n] -= np.int32(N_SIGNED * n)
    fine[first] += angle.reshape(-1)
    for i, plane in enumerate(fine.reshape(N_SIGNED, *x.shape)):
        out[i] = cv2.resize(plane, out.shape[:0:-1], interpolation=cv2.INTER_AREA)


def scan_cells(planes: np.ndarray, width: int, height: int) -> np.ndarray:
    """The channels that are scanned, at any size up to that of `planes`.

    Colors and energies are averaged exactly; what is normalized by its surroundings is computed at
    the new size, because resized quotients were worth a quarter less average precision.

    Parameters
    ----------
    planes : ndarray of shape (12, h, w), float32
        L, u, v and nine unsigned orientations.
    width, height : int

    Returns
    -------
    ndarray of shape (14, height, width), uint8
        L, u, v, gradient strength, the same over its surroundings' mean, and nine orientations
        over that mean (Dollár, Appel, Belongie & Perona 2014, section 3.1).
    """
    h, w = planes.shape[1:]
    shrinks = width <= w and height <= h and width * height < w * h
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    out = np.empty((N_SCAN, height, width), np.float32)
    for i in range(3):
        cv2.resize(planes[i], (width, height), dst=out[i], interpolation=way)
    for i in range(N_UNSIGNED):
        cell = cv2.resize(planes[3 + i], (width, height), interpolation=way)
        cv2.GaussianBlur(cell, (3, 3), 0.8, dst=out[5 + i])
    strength = out[5:].sum(axis=0)
    out[3] = strength
    out[4] = strength / (cv2.blur(strength, (11, 11)) + np.float32(0.01))
    out[5:] *= 1 / (cv2.blur(strength, (7, 7)) + np.float32(0.01))
    out *= _SCAN_GAIN[:, None, None]
    np.clip(out, 0, 255, out=out)
    return out.astype(np.uint8)


def hog_cells(planes: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients and colors for windows that were found.

    Parameters
    ----------
    planes : ndarray of shape (21, h, w), float32
        From `cell_planes`.

    Returns
    -------
    ndarray of shape (h, w, 35), float32
        18 signed and 9 unsigned orientations and 4 sums, each normalized by four neighborhoods
        (Felzenszwalb, Girshick, McAllester & Ramanan 2010, section 6.2); then L, u, v and
        gradient strength.
    """
    height, width = planes.shape[1:]
    signed = np.empty((N_SIGNED, height, width), np.float32)
    for i in range(N_SIGNED):
        cv2.GaussianBlur(planes[3 + i], (3, 3), 0.8, dst=signed[i])
    unsigned = signed[:N_UNSIGNED] + signed[N_UNSIGNED:]
    energy = cv2.blur(np.einsum("chw,chw->hw", unsigned, unsigned), (3, 3))
    around = cv2.copyMakeBorder(energy, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    out = np.zeros((N_HOG, height, width), np.float32)
    for k, (dy, dx) in enumerate(((0, 0), (0, 2), (2, 0), (2, 2))):
        near = around[dy : dy + height, dx : dx + width]
        inverse = np.float32(1) / np.sqrt(4 * near + np.float32(1e-3))
        part = np.minimum(signed * inverse, np.float32(0.2))
        out[:18] += part
        out[27 + k] = part.sum(axis=0)
        out[18:27] += np.minimum(unsigned * inverse, np.float32(0.2))
    out[:27] *= np.float32(0.5)
    out[27:31] *= np.float32(0.2357)
    out[31:34] = planes[:3]
    np.sqrt(unsigned.sum(axis=0), out=out[34])
    return np.ascontiguousarray(out.transpose(1, 2, 0))
