"""Why an image got its label: which keypoints spoke for it, and which against.

Nothing here draws; see `cvclassic.report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
