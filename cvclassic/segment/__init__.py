"""Segmentation: superpixels, thresholds, watershed, regions, and a trainable pixel classifier.

Boxes are found by `cvclassic.objects`; label files are read by `cvclassic.images.labels`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
