"""Faces: where they are, and whose. Other objects are found by `cvclassic.cascade`."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
