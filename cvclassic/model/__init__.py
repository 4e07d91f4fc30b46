"""The main job as a library call: train, classify, evaluate, explain, save. Pages lie elsewhere."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
