"""Opponents that are not classical, and one set of rules by which all are measured.

No page is drawn here; that is the work of `cvclassic.report`. PyTorch is imported where a
network is trained, and nowhere else.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
