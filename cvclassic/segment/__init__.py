"""Which pixels: superpixels, thresholds, watershed, regions, and a trainable pixel classifier.

Boxes are found by `cvclassic.objects`; label files are read by `cvclassic.images.labels`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
