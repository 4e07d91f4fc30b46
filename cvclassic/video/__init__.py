"""Moving images: shots, tracks, motion, labels over time. Frames are read elsewhere."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
