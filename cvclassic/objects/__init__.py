"""Finding objects in pictures with boosted cascades that people train themselves.

Faces, and what comes after a face is found, are `faces`; drawing what was found is `report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "cascades": ["Cascade", "Stage", "Tree"],
        "files": ["parse_cascade", "read_cascade", "write_cascade"],
        "loading": ["CascadeDetector", "Detections"],
    },
)
