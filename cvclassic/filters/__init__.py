"""Kernels, convolution, pooling and feature maps: planes in, planes out.

Where something is, is found in `detect`; vectors are made in `describe` (`KernelFeatures`).
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
