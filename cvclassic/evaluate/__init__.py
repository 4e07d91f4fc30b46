"""How good a model is: scores. Nothing here runs a model; see `cvclassic.batch`."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
