"""Detectors of any object, trained from boxes: windows, stages, suppression.

Boosted cascades in OpenCV's format are `cascade`, label files `images.labels`, scores `evaluate`,
and drawings and pages `draw` and `report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
