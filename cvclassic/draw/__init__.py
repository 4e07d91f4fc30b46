"""Figures from numbers: overlays, charts, panels. Pages and commands are not known here."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
