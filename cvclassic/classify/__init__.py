"""Vectors become labels: heads, kernel maps and the named recipes.

Nothing here reads images or files; that is the work of `cvclassic.images` and
`cvclassic.models`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
