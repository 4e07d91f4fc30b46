"""Describers: local features and vectors of whole images.

Nothing here learns from a set of images; that is the work of `cvclassic.encode`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
