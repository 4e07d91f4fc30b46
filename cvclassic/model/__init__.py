"""The main job as a library call: train, classify, evaluate, explain, save."""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
