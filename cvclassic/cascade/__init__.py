"""Object detection with boosted cascades that users train themselves.

Faces, and what comes after a face is found, are `faces`; drawing what was found is `report`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
