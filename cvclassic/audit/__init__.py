"""Problems of an image set, found before anything is trained on it.

Nothing here trains or draws; see `cvclassic.report` for the page.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
