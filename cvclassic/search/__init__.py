"""Find this very object again: an index of images by visual words, and compact codes.

What two images have in common is the work of `cvclassic.match`; labels are learned in
`cvclassic.classify`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
