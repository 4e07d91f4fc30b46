"""Vectors become labels: heads, kernel maps and the named recipes.

Nothing here reads pictures or files; that is the work of `cvclassic.images` and
`cvclassic.models`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "augmented": ["Augmented"],
        "auto": ["AutoRecipe", "Trial"],
        "calibration": ["fit_temperature", "probabilities"],
        "fusion": ["WeightedUnion"],
        "gram": ["one_against_rest", "svm_dual", "symmetric_product"],
        "heads": ["SVM", "Head"],
        "left_out": ["choose_block_weights", "left_out_decisions", "left_out_loss"],
        "maps": ["HomogeneousMap", "homogeneous_map"],
        "losses": ["named_losses"],
        "mirror": ["mirroring_helps"],
        "mlp": ["MLP", "PRESETS"],
        "mlp_base": ["Penalty"],
        "mlp_regressor": ["MLPRegressor", "check_numbers"],
        "network": ["Epoch", "forward", "train_epochs"],
        "recipes": [
            "HEADS",
            "RECIPES",
            "TRY_MIRROR",
            "REGRESSORS",
            "make_head",
            "make_recipe",
            "make_table_recipe",
            "own_head",
            "settings_of",
        ],
        "ridge": ["Ridge"],
        "ridge_solving": ["rbf_gram", "solve_ridge"],
        "unknown": [
            "UNKNOWN",
            "UnknownRule",
            "abstention_threshold",
            "calibrate_unknown",
            "conformal_sets",
            "pictures_needed",
        ],
        "training": ["Training", "described_rows", "fit_recipe"],
    },
)
