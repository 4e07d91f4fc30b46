"""Boxes, polygons and masks that people have drawn on images: all label formats, one type.

What is found in images, and how good that is, are `objects`, `segment` and `evaluate`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
