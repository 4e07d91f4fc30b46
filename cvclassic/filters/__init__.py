"""Kernels, convolution, pooling and feature maps: planes in, planes out.

Where something is, is found in `detect`; vectors are made in `describe` (`KernelFeatures`).
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
