"""Images already in memory, as other libraries hold them: Pillow images, tables of paths."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..errors import ImageReadError, ParameterError


def is_pil_image(value: object) -> bool:
    """Whether it is an image of Pillow's; does not import Pillow.

    Examples
    --------
    >>> is_pil_image("a.jpg")
    False
    """
    # another thread may be importing it right now, and have come half the way
    kind = getattr(sys.modules.get("PIL.Image"), "Image", None)
    return kind is not None and isinstance(value, kind)


def pil_pixels(image) -> np.ndarray:
    """Pixels of Pillow's image, upright by its EXIF orientation, in a form that arrays may have.

    Parameters
    ----------
    image : PIL.Image.Image
        An image of any mode but 32-bit integers and floats, whose value range is not defined.

    Returns
    -------
    ndarray of shape (H, W), (H, W, 3) or (H, W, 4), uint8 or uint16

    Raises
    ------
    ImageReadError
        It has no pixels, another mode, or its file cannot be decoded.

    Examples
    --------
    >>> from PIL import Image
    >>> pil_pixels(Image.new("LA", (3, 2))).shape
    (2, 3, 4)
    """
    from PIL import ImageOps

    shown = f"<PIL image of mode {image.mode}, {image.width} x {image.height}>"
    if image.mode in ("I", "F"):
        raise ImageReadError("unsupported_depth", "expected 8 or 16 bits per channel", shown)
    try:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            return np.asarray(image).astype(np.uint16)
        if image.mode in ("1", "L"):
            return np.asarray(image.convert("L"))
        clear = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
        return np.asarray(image.convert("RGBA" if clear else "RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageReadError("corrupt", f"Pillow cannot decode it: {error}", shown) from None


def column_of_images(X, expected: str) -> Any:
    """What a table or a series of pandas or polars holds, as a sequence; others as they are.

    Parameters
    ----------
    X : anything
    expected : str
        Beginning of the error's sentence.

    Raises
    ------
    ParameterError
        A table has more than one column.
    """
    if hasattr(X, "columns") and hasattr(X, "shape") and not isinstance(X, np.ndarray):
        names = [str(name) for name in X.columns]
        if len(names) != 1:
            raise ParameterError(
                f"{expected}. Got a table with {len(names)} columns "
                f"({', '.join(names[:5])}{', ...' if len(names) > 5 else ''}); "
                "give the column that holds the images."
            )
        X = X[X.columns[0]]
    if hasattr(X, "iloc"):  # a pandas Series is indexed by label
        return X.to_numpy()
    if type(X).__module__.partition(".")[0] == "polars":
        return X.to_list()
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.shape[1] == 1 and X.dtype.kind in "OUS":
        return X[:, 0]
    return X
