"""Several images on one sheet, each with a title."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ParameterError
from ..images.checks import check_image

PAPER = (248, 248, 246)
INK = (32, 34, 38)
_GAP = 14


def label_panel(image: np.ndarray, title: str, *, size: int | None = None) -> np.ndarray:
    """Write a title above an image.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    title : str
        One line; what it does not fit is cut.
    size : int, optional
        Size of the letters, in pixels; follows from the image's width unless given.

    Returns
    -------
    ndarray of shape (H + bar, W, 3), uint8

    Examples
    --------
    >>> label_panel(np.zeros((100, 200), np.uint8), "edges").shape[1:]
    (200, 3)
    """
    from PIL import Image, ImageDraw, ImageFont

    image = check_image(image)
    rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    width = rgb.shape[1]
    if size is None:
        size = int(np.clip(width / 28, 15, 36))
    bar = Image.new("RGB", (width, round(1.7 * size)), PAPER)
    font = ImageFont.load_default(size)
    pen = ImageDraw.Draw(bar)
    text = "".join(c if c.isprintable() else "?" for c in title)
    while len(text) > 1 and pen.textlength(text, font=font) > width - 8:
        text = text[:-2] + "…" if text[-1] == "…" else text[:-1] + "…"
    pen.text((4, round(0.3 * size)), text, fill=INK, font=font)
    return np.concatenate([np.asarray(bar), rgb])


def side_by_side(
    panels: Sequence[np.ndarray],
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    max_side: int = 2400,
) -> np.ndarray:
    """Lay images out in a grid.

    Parameters
    ----------
    panels : sequence of ndarray of shape (H, W) or (H, W, 3), uint8
        The images; smaller ones stand at the upper left of their cell.
    titles : sequence of str, optional
        One for each.
    columns : int, optional
        Cells in a row; as many as give a sheet of about 4:3 unless given.
    max_side : int
        Longest side of the sheet in pixels; panels are reduced to fit.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> sheet = side_by_side([np.zeros((90, 90), np.uint8)] * 3, ["a", "b", "c"], columns=3)
    >>> sheet.shape[1]
    326
    """
    if not len(panels):
        raise ParameterError("panels must hold at least one image. Got none instead.")
    if titles is not None and len(titles) != len(panels):
        raise ParameterError(
            f"titles must be as many as the panels, {len(panels)}. Got {len(titles)} instead."
        )
    rgb = [p if p.ndim == 3 else cv2.cvtColor(p, cv2.COLOR_GRAY2RGB) for p in panels]
    height, width = (max(p.shape[axis] for p in rgb) for axis in (0, 1))
    if columns is None:
        columns = _columns(len(rgb), height, width)
    rows = math.ceil(len(rgb) / columns)
    fit = min(1.0, max_side / (columns * (width + _GAP)), max_side / (rows * (height + 4 * _GAP)))
    if fit < 1:
        rgb = [cv2.resize(p, None, fx=fit, fy=fit, interpolation=cv2.INTER_AREA) for p in rgb]
    if titles is not None:
        rgb = [label_panel(p, title) for p, title in zip(rgb, titles, strict=True)]
    height, width = (max(p.shape[axis] for p in rgb) for axis in (0, 1))
    sheet = np.empty((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), np.uint8)
    sheet[:] = PAPER
    for index, panel in enumerate(rgb):
        y = _GAP + (index // columns) * (height + _GAP)
        x = _GAP + (index % columns) * (width + _GAP)
        sheet[y : y + panel.shape[0], x : x + panel.shape[1]] = panel
    return sheet


def draw_maps(
    maps: np.ndarray, titles: Sequence[str] | None = None, *, signed: bool | None = None
) -> np.ndarray:
    """Draw feature maps as gray images in a grid.

    Parameters
    ----------
    maps : ndarray of shape (n, H, W)
        Feature maps.
    titles : sequence of str, optional
        One for each.
    signed : bool, optional
        Whether zero is drawn as middle gray; unless given, where a map has negative values.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        Each map is stretched to the full range by its own largest value.

    Examples
    --------
    >>> draw_maps(np.zeros((2, 30, 40))).dtype
    dtype('uint8')
    """
    maps = np.asarray(maps, np.float64)
    if maps.ndim != 3 or not maps.size:
        raise ParameterError(f"maps must have shape (n, H, W). Got {maps.shape} instead.")
    return side_by_side([map_to_gray(plane, signed=signed) for plane in maps], titles)


def map_to_gray(plane: np.ndarray, *, signed: bool | None = None) -> np.ndarray:
    """Stretch one map to bytes.

    Examples
    --------
    >>> map_to_gray(np.array([[-2.0, 0.0, 2.0]])).tolist()
    [[0, 128, 255]]
    """
    top = float(np.abs(plane).max()) or 1.0
    if signed or (signed is None and plane.min() < 0):
        return np.rint(127.5 + 127.5 * plane / top).astype(np.uint8)
    return np.rint(255 * np.clip(plane, 0, None) / top).astype(np.uint8)


def _columns(n: int, height: int, width: int) -> int:
    """Number of columns that brings the sheet near to 4:3 and leaves few cells empty."""

    def cost(columns: int) -> float:
        rows = math.ceil(n / columns)
        shape = abs(math.log((columns * width) / (rows * height) * 3 / 4))
        return shape + 1.5 * (rows * columns - n) / n

    return min(range(1, n + 1), key=cost)
