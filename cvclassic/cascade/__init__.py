"""Finding objects in images with boosted cascades that people train themselves.

Faces, and what comes after a face is found, are `faces`; drawing what was found is `report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
