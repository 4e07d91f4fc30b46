"""What people look at: images with marks on them, and pages.

Nothing here computes what it shows; that comes from the rooms before.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
