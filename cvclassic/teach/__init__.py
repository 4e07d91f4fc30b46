"""The teaching page: classical vision to play with, in one HTML file that loads nothing.

The page computes everything itself, in JavaScript; the tests compare its numbers with those of
the rooms that do the real work.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
