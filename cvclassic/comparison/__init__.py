"""Opponents that are not classical, measured by the same rules.

No page is drawn here; that is the work of `cvclassic.report`. PyTorch is imported where a
network is trained, and nowhere else.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
