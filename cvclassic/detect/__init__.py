"""Edges, blobs, corners, lines and keypoints: where they are. `describe` says what they look like.

Every detector takes a uint8 image and gives arrays; none keeps a result on itself.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
