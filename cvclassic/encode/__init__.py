"""A bag of local features becomes one vector: vocabularies and encodings.

Nothing here knows of labels, beyond balancing samples between classes.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
