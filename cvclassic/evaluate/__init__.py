"""How good a model is: scores. Nothing here runs a model; see `cvclassic.batch`."""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
