"""From a bag of local features to one vector: vocabularies and encodings.

Nothing here knows of labels, beyond balancing samples between classes.
"""

from .._basics.exports import attach_stub as _attach

__getattr__, __dir__, __all__ = _attach(__name__, __file__)
