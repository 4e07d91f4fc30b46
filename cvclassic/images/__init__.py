"""Image files to arrays: read, write, find, label. Nothing here looks at what they show."""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
