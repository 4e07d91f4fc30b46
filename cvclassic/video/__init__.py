"""Moving images: shots, tracks, motion, labels over time. Frames are read elsewhere."""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
