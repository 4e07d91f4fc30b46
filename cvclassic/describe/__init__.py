"""What it looks like at a place: local features and whole-picture vectors.

Nothing here learns from a set of images; that is the work of `cvclassic.encode`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
