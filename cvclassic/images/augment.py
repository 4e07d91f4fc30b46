"""Pictures made from pictures, to train on."""

from __future__ import annotations

import numpy as np

from .pictures import Picture


class MirroredPicture(Picture):
    """A picture with left and right exchanged.

    Parameters
    ----------
    picture : Picture, or what `read_image` takes
        Read, and remembered, only once if it is a `Picture`.

    Examples
    --------
    >>> picture = MirroredPicture(np.array([[1, 2, 3]], np.uint8))
    >>> picture.read()
    array([[3, 2, 1]], dtype=uint8)
    """

    __slots__ = ("_picture",)

    def __init__(self, picture) -> None:
        self._picture = picture if isinstance(picture, Picture) else Picture(picture)
        super().__init__(self._picture.source)

    def read(self, max_side: int | None = None) -> np.ndarray:
        """Return the mirrored pixels, as `Picture.read` returns the pixels."""
        return np.ascontiguousarray(self._picture.read(max_side)[:, ::-1])

    def __reduce__(self):
        return MirroredPicture, (self._picture,)
