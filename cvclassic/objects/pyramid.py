"""Channels of an image at several scales: exactly once an octave, resized between."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .channels import N_SCAN, N_SIGNED, N_UNSIGNED, SHRINK, cell_planes, hog_cells, scan_cells


class Pyramid:
    """Channels of one image, computed an octave at a time when they are first needed.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    """

    def __init__(self, image: np.ndarray) -> None:
        if image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        self.image = image
        self.height, self.width = image.shape[:2]
        self._planes: dict[int, np.ndarray] = {}
        self._folded: dict[int, np.ndarray] = {}
        self._hog: dict[int, np.ndarray] = {}

    def planes(self, level: int) -> np.ndarray:
        """`cell_planes` of the image at 2**level of its size; (21, h, w), float32."""
        if level not in self._planes:
            self._planes[level] = cell_planes(self._resized(2.0**level))
        return self._planes[level]

    def folded(self, level: int) -> np.ndarray:
        """Colors and unsigned orientations of an octave; (h, w, 12), float32."""
        if level not in self._folded:
            planes = self.planes(level)
            unsigned = planes[3 : 3 + N_UNSIGNED] + planes[3 + N_UNSIGNED :]
            self._folded[level] = cv2.merge([*planes[:3], *unsigned])
        return self._folded[level]

    def hog(self, level: int) -> np.ndarray:
        """`hog_cells` of an octave; (h, w, 35), float32."""
        if level not in self._hog:
            self._hog[level] = hog_cells(self.planes(level))
        return self._hog[level]

    def _resized(self, scale: float) -> np.ndarray:
        # whole cells: all lie alike, also in the mirror image
        size = tuple(
            max(round(side * scale / SHRINK), 2) * SHRINK for side in (self.width, self.height)
        )
        if size == (self.width, self.height):
            return self.image
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        return cv2.resize(self.image, size, interpolation=way)


def octave_above(scale: float) -> int:
    """Octave that a scale is reduced from."""
    return math.ceil(math.log2(scale) - 0.01)


class Atlas:
    """The scanned channels of all scales and stretches, side by side on one sheet.

    One sheet makes a window's features lie at the same offsets whatever its scale, so that all
    windows of an image are compared at once.

    Parameters
    ----------
    pyramid : Pyramid
    scales : sequence of (float, float)
        Horizontal and vertical scale of each level.
    window : (int, int)
        Width and height of a window, in cells.
    margin : (int, int)
        Cells that a window may reach over the image's edge, horizontally and vertically.

    Attributes
    ----------
    planes : ndarray of shape (14, rows * columns), uint8
    columns : int
    anchors : ndarray of shape (n,), int32
        Position of each window's first cell.
    boxes : ndarray of shape (n, 4), float32
        (x, y, width, height) of each window, in pixels of the image.
    """

    def __init__(self, pyramid: Pyramid, scales, window, margin) -> None:
        wide, high = window
        mx, my = margin
        sheets = []
        for sx, sy in scales:
            w = max(round(pyramid.width * sx / SHRINK), 1)
            h = max(round(pyramid.height * sy / SHRINK), 1)
            if w + 2 * mx < wide or h + 2 * my < high:
                continue
            source = pyramid.folded(octave_above(math.sqrt(sx * sy)))
            cells = scan_cells(source, w, h)
            framed = cv2.copyMakeBorder(cells, my, my, mx, mx, cv2.BORDER_REFLECT)
            sheets.append((framed, w, h))
        self.columns = max([w + 2 * mx for _, w, _ in sheets], default=wide)
        places, rows = _shelves([(w + 2 * mx, h + 2 * my) for _, w, h in sheets], self.columns)
        sheet = np.zeros((max(rows, high), self.columns, N_SCAN), np.uint8)
        anchors, boxes = [np.zeros(0, np.int32)], [np.zeros((0, 4), np.float32)]
        for (framed, w, h), (x, y) in zip(sheets, places, strict=True):
            sheet[y : y + h + 2 * my, x : x + w + 2 * mx] = framed
            ys = np.arange(h + 2 * my - high + 1, dtype=np.int32)[:, None]
            xs = np.arange(w + 2 * mx - wide + 1, dtype=np.int32)[None]
            anchors.append(((y + ys) * self.columns + x + xs).ravel())
            fx, fy = pyramid.width / w, pyramid.height / h
            box = np.empty((len(ys), xs.size, 4), np.float32)
            box[..., 0], box[..., 1] = (xs - mx) * fx, (ys - my) * fy
            box[..., 2], box[..., 3] = wide * fx, high * fy
            boxes.append(box.reshape(-1, 4))
        self.anchors, self.boxes = np.concatenate(anchors), np.concatenate(boxes)
        self.planes = np.stack(cv2.split(sheet)).reshape(N_SCAN, -1)
        self.window = window

    def offsets(self) -> np.ndarray:
        """Where each feature lies from a window's first cell; (14 * high * wide,), int32."""
        wide, high = self.window
        cells = (np.arange(high)[:, None] * self.columns + np.arange(wide)).ravel()
        plane = np.arange(N_SCAN)[:, None] * self.planes.shape[1]
        return (plane + cells).ravel().astype(np.int32)

    def features(self, rows: np.ndarray) -> np.ndarray:
        """Features of some windows; (n, 14 * high * wide), uint8."""
        return self.planes.reshape(-1)[self.anchors[rows][:, None] + self.offsets()]


def _shelves(sizes: list[tuple[int, int]], columns: int) -> tuple[list[tuple[int, int]], int]:
    """Places for rectangles on shelves, highest first, and the rows that they take."""
    places: list[tuple[int, int]] = [(0, 0)] * len(sizes)
    x = y = shelf = 0
    for k in sorted(range(len(sizes)), key=lambda k: -sizes[k][1]):
        w, h = sizes[k]
        if x + w > columns:
            x, y, shelf = 0, y + shelf, 0
        places[k] = (x, y)
        x, shelf = x + w, max(shelf, h)
    return places, y + shelf


class MirrorPyramid:
    """What `Pyramid.hog` would give for the mirrored image, from the channels that are there.

    Parameters
    ----------
    pyramid : Pyramid
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self._pyramid = pyramid
        self.height, self.width = pyramid.height, pyramid.width
        self._hog: dict[int, np.ndarray] = {}

    def hog(self, level: int) -> np.ndarray:
        """`hog_cells` of an octave; (h, w, 35), float32."""
        if level not in self._hog:
            cells = self._pyramid.hog(level)[:, ::-1]
            self._hog[level] = np.ascontiguousarray(cells[..., mirrored_channels()])
        return self._hog[level]


def mirrored_channels() -> np.ndarray:
    """Where each of the 35 channels of `hog_cells` comes from in the mirrored image."""
    signed = (N_UNSIGNED - np.arange(N_SIGNED)) % N_SIGNED
    unsigned = (-np.arange(N_UNSIGNED)) % N_UNSIGNED
    rest = [1, 0, 3, 2, 4, 5, 6, 7]
    ends = np.cumsum([N_SIGNED, N_UNSIGNED])
    return np.concatenate([signed, ends[0] + unsigned, ends[1] + np.array(rest)])
