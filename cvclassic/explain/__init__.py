"""Why an image got its label: keypoints that are evidence for it, and against it.

Nothing here draws; see `cvclassic.report`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
