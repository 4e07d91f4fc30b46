"""Two images against each other: correspondences, geometry, similarity.

Finding one image among many is `search`; drawing a match is `report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
