"""A convolution as a figure: input, kernel with its numbers, output with its scale."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import ParameterError
from ..images.checks import check_image
from .explanations import AGAINST, FOR
from .typesetting import Sheet, font_of

_SIDE = 420
_MOST_NUMBERS = 9  # of a side, beyond which numbers in cells cannot be read
_PALE = np.array([245.0, 245.0, 243.0])


def draw_convolution(
    image: np.ndarray,
    kernel: np.ndarray,
    output: np.ndarray,
    *,
    low: float,
    high: float,
    name: str = "kernel",
) -> np.ndarray:
    """Draw an image, the kernel that is applied to it, and what comes out.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    kernel : ndarray of shape (h, w)
    output : ndarray of shape (H', W') or (H', W', 3), uint8
        The answers as an image.
    low, high : float
        The numbers that are drawn black and white in `output`.
    name : str

    Returns
    -------
    ndarray of shape (H'', W'', 3), uint8

    Raises
    ------
    ParameterError
        The kernel is no matrix.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.uint8)
    >>> draw_convolution(image, np.ones((3, 3)) / 9, image, low=0, high=255).shape[2]
    3
    """
    kernel = np.asarray(kernel, np.float64)
    if kernel.ndim != 2 or not kernel.size:
        raise ParameterError(f"kernel must have shape (h, w). Got {kernel.shape} instead.")
    cells = _kernel_cells(kernel)
    panels = [_fitted(image), cells, _fitted(output)]
    total, top = float(kernel.sum()), _top(kernel)
    titles = [
        f"input, {image.shape[1]} x {image.shape[0]}",
        f"kernel, {kernel.shape[1]} x {kernel.shape[0]}",
        f"output, {output.shape[1]} x {output.shape[0]}",
    ]
    sheet = Sheet(sum(panel.shape[1] for panel in panels) + 16 * 4)
    sheet.title(name)
    sheet.row(panels, titles)
    sheet.scale(AGAINST, FOR, f"weights to {-top:.3g}", f"weights to {top:.3g}")
    sheet.line(
        f"Sum of the kernel: {0.0 if abs(total) < 5e-7 else total:.4g}. In the output black is "
        f"{low:.4g}, middle gray {(low + high) / 2:.4g}, white {high:.4g}.",
        16,
    )
    return sheet.pixels()


def _top(kernel: np.ndarray) -> float:
    return float(np.abs(kernel).max()) or 1.0


def _kernel_cells(kernel: np.ndarray) -> np.ndarray:
    """The kernel as colored cells, with its numbers where they can be read."""
    from PIL import Image, ImageDraw

    share = (kernel / _top(kernel))[..., None]
    ends = np.where(share >= 0, np.array(FOR, float), np.array(AGAINST, float))
    colors = np.rint(_PALE + np.abs(share) * (ends - _PALE)).astype(np.uint8)
    cell = max(_SIDE // max(kernel.shape), 1)
    cells = np.repeat(np.repeat(colors, cell, axis=0), cell, axis=1)
    if max(kernel.shape) > _MOST_NUMBERS:
        return cells
    drawn = Image.fromarray(cells)
    pen = ImageDraw.Draw(drawn)
    texts = [[f"{value:.3g}" for value in row] for row in kernel + 0.0]
    longest = max(len(text) for row in texts for text in row)
    font = font_of(int(np.clip(1.4 * cell / longest, 9, 28)))
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            box = (j * cell, i * cell, (j + 1) * cell - 1, (i + 1) * cell - 1)
            pen.rectangle(box, outline=(150, 152, 158))
            ink = "white" if abs(share[i, j, 0]) > 0.55 else "black"
            pen.text(((j + 0.5) * cell, (i + 0.5) * cell), text, fill=ink, font=font, anchor="mm")
    return np.asarray(drawn)


def _fitted(image: np.ndarray) -> np.ndarray:
    """An image as a panel; pixels of small ones stay sharp."""
    image = check_image(image)
    rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    factor = _SIDE / max(rgb.shape[:2])
    size = tuple(max(round(side * factor), 1) for side in rgb.shape[1::-1])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    return cv2.resize(rgb, size, interpolation=how)
