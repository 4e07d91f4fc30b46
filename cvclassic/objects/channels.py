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
        planes[3:, part] = _orientations(padded[top : bottom + 2])
    return planes


def _orientations(strip: np.ndarray) -> np.ndarray:
    """Orientation planes of some rows, which have one more above and below."""
    x, y = _strongest_gradient(strip)
    size, angle = cv2.cartToPolar(x.astype(np.float32), y.astype(np.float32))
    size *= np.float32(1 / 255 / SHRINK**2)
    angle *= np.float32(N_SIGNED / (2 * np.pi))
    first = angle.astype(np.int32)  # floor, as angles are not negative
    angle -= first
    angle *= size
    size -= angle
    high, wide = x.shape[0] // SHRINK, x.shape[1] // SHRINK
    n = high * wide
    first *= np.int32(n)
    first += np.repeat(np.arange(0, n, wide, dtype=np.int32), SHRINK)[:, None]
    first += np.repeat(np.arange(wide, dtype=np.int32), SHRINK)
    place = first.ravel()
    # angles of just below a whole turn may be rounded up to one: two planes more, then folded
    total = np.bincount(place + np.int32(n), angle.ravel(), (N_SIGNED + 2) * n)
    total[: (N_SIGNED + 1) * n] += np.bincount(place, size.ravel(), (N_SIGNED + 1) * n)
    total[: 2 * n] += total[N_SIGNED * n :]
    return total[: N_SIGNED * n].reshape(N_SIGNED, high, wide)


def _strongest_gradient(strip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of the color channel that changes most at each pixel, green where they tie."""
    red, green, blue = (
        [cv2.Sobel(plane, cv2.CV_16S, dx, 1 - dx, ksize=1)[1:-1] for dx in (1, 0)]
        for plane in cv2.split(strip)
    )
    x, y = green
    strongest = np.abs(x) + np.abs(y)  # only to choose the channel
    for gx, gy in (red, blue):
        strength = np.abs(gx) + np.abs(gy)
        better = (strength > strongest).view(np.uint8)
        cv2.copyTo(gx, better, x)
        cv2.copyTo(gy, better, y)
        np.maximum(strength, strongest, out=strongest)
    return x, y


def _mixing() -> np.ndarray:
    """From colors and orientations to the channels before they are normalized."""
    out = np.zeros((3 + N_UNSIGNED, N_SCAN), np.float32)
    out[:3, :3] = np.eye(3)
    out[3:, 3:5] = 1
    out[3:, 5:] = np.eye(N_UNSIGNED)
    return out * _SCAN_GAIN


_MIXING = _mixing()


def scan_cells(cells: np.ndarray, width: int, height: int) -> np.ndarray:
    """The channels that are scanned, at any size up to that of `cells`.

    Colors and energies are interpolated; what is normalized by its surroundings is computed at the
    new size, because resized quotients were worth a quarter less average precision.

    Parameters
    ----------
    cells : ndarray of shape (h, w, 12), float32
        L, u, v and nine unsigned orientations.
    width, height : int

    Returns
    -------
    ndarray of shape (height, width, 14), uint8
        L, u, v, gradient strength, the same over its surroundings' mean, and nine orientations
        over that mean (Dollár, Appel, Belongie & Perona 2014, section 3.1).
    """
    # all channels at once; OpenCV averages areas for no more than four
    small = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    small = cv2.GaussianBlur(small, (3, 3), 0.8)
    out = (small.reshape(width * height, -1) @ _MIXING).reshape(height, width, N_SCAN)
    strength = out[..., 3] * np.float32(1 / _SCAN_GAIN[3])
    out[..., 4] /= cv2.blur(strength, (11, 11)) + np.float32(0.01)
    out[..., 5:] *= (1 / (cv2.blur(strength, (7, 7)) + np.float32(0.01)))[..., None]
    return cv2.convertScaleAbs(out)


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
