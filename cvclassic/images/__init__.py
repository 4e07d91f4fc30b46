"""Image files to arrays: read, write, find, label; what they show is not seen here."""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
