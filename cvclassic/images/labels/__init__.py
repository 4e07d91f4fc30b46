"""Boxes, polygons and masks that people have drawn on images: all label formats, one type.

What is found in images, and how good that is, are `objects`, `segment` and `evaluate`.
"""

from ..._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
