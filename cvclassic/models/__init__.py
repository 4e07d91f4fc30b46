"""One file on disk: save, load, check. No pickle is read or written here."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
