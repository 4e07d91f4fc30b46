"""Figures from numbers: overlays, charts, panels. Pages and commands are not known here."""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
