"""Classical computer vision on a CPU: train, run, explain and compare image classifiers.

Sub-packages are loaded on first use, so that ``import cvclassic`` costs next to nothing.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
