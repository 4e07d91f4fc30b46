"""Vectors become labels: heads, kernel maps and the named recipes.

Nothing here reads pictures or files; that is the work of `cvclassic.images` and
`cvclassic.models`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "auto": ["AutoRecipe", "Trial"],
        "calibration": ["fit_temperature", "probabilities"],
        "fusion": ["WeightedUnion"],
        "gram": ["svm_dual"],
        "heads": ["SVM", "Head"],
        "maps": ["HomogeneousMap", "homogeneous_map"],
        "mlp": ["MLP"],
        "recipes": ["HEADS", "RECIPES", "make_head", "make_recipe", "settings_of"],
        "training": ["Training", "fit_recipe"],
    },
)
