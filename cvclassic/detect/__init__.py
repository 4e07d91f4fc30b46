"""Where something is: edges, blobs, corners, lines, keypoints; what it looks like is `describe`.

Every detector takes a uint8 image and gives arrays; none keeps a result on itself.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
