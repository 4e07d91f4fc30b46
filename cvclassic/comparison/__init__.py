"""Opponents that are not classical, and one set of rules by which all are measured.

No page is drawn here; that is the work of `cvclassic.report`. PyTorch is imported where a
network is trained, and nowhere else.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "advising": ["Advice", "advise"],
        "convnets": ["torch_device", "torch_missing"],
        "damaging": ["DAMAGES", "damage_image"],
        "contest": ["Contest", "run_apart", "run_contest"],
        "measuring": ["Measured", "measure_method"],
        "methods": ["METHODS", "Method", "make_method"],
        "splitting": ["split_pictures"],
    },
)
