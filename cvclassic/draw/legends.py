"""What colors mean, below the image that uses them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .._basics.printable import printable
from ..images.checks import check_image
from .panels import INK, PAPER
from .typesetting import cut_text, font_of


def add_legend(image: np.ndarray, entries: Sequence[tuple[tuple, str]]) -> np.ndarray:
    """Write names of colors below an image.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    entries : sequence of (color, name)
        RGB colors. As many lines as it takes.

    Returns
    -------
    ndarray of shape (H + lines, W, 3), uint8
        The image itself is unchanged; without entries nothing is added.

    Examples
    --------
    >>> add_legend(np.zeros((50, 200), np.uint8), [((255, 0, 0), "cell")]).shape[1:]
    (200, 3)
    """
    from PIL import Image, ImageDraw

    image = check_image(image)
    rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if not entries:
        return rgb
    width = rgb.shape[1]
    size = int(np.clip(width / 45, 12, 30))
    font, step = font_of(size), round(1.7 * size)
    places, x, y = [], size // 2, 0
    for color, name in entries:
        text = cut_text(printable(str(name)), font, max(width - 3 * size, 2 * size))
        long = round(font.getlength(text)) + 3 * size
        if x + long > width and x > size // 2:
            x, y = size // 2, y + step
        places.append((x, y, tuple(int(c) for c in color), text))
        x += long
    bar = Image.new("RGB", (width, y + step + 4), PAPER)
    pen = ImageDraw.Draw(bar)
    for x, y, color, text in places:
        pen.rectangle((x, y + step // 4, x + size, y + step // 4 + size), fill=color, outline=INK)
        pen.text(
            (x + 1.4 * size, y + step // 4 + 0.9 * size), text, fill=INK, font=font, anchor="ls"
        )
    return np.concatenate([rgb, np.asarray(bar)])
