"""Detectors of any object, trained from boxes: windows, stages, suppression.

Boosted cascades in OpenCV's format are `cascade`, label files `images.labels`, scores `evaluate`,
and drawings and pages `draw` and `report`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
