"""Faces: where they are, and whose. For other objects see `cvclassic.cascade`."""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
