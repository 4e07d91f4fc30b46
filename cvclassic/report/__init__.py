"""HTML pages, and images with marks on them.

Nothing here computes what it shows; that comes from the rooms before.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
