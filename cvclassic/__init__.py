"""Classical computer vision on a CPU: train, run, explain and compare image classifiers.

Sub-packages are loaded on first use, so that ``import cvclassic`` costs next to nothing.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, _submodules = _lazy.attach(
    __name__,
    submodules=[
        "audit",
        "batch",
        "classify",
        "describe",
        "detect",
        "encode",
        "errors",
        "evaluate",
        "explain",
        "faces",
        "filters",
        "images",
        "match",
        "models",
        "objects",
        "report",
        "versus",
    ],
)
__all__ = ["__version__", *_submodules]
