"""What is wrong with a set of images before anything learns from it.

Nothing here trains or draws; see `cvclassic.report` for the page.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
