"""The teaching page: classical vision to try out, in one HTML file that loads nothing.

The page computes everything itself, in JavaScript; the tests compare its numbers with those of
the rooms that do the real work.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
