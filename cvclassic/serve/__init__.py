"""HTTP service for trained models: requests in, records out.

The event loop parses and answers; images are decoded and predicted in processes that may be
killed (`dispatcher`), so that no file can stop the service.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
