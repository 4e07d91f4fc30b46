"""Matching of two images: correspondences, geometry, similarity.

Finding one image among many is `search`; drawing a match is `report`.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
