"""Instance search: an index of images by visual words, and compact codes.

What two images have in common is the work of `cvclassic.match`; labels are learned in
`cvclassic.classify`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
