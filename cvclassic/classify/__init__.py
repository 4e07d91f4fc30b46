"""From vectors to labels: heads, kernel maps and named recipes.

Nothing here reads images or files; that is the work of `cvclassic.images` and
`cvclassic.models`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
