"""What it looks like at a place: local features and whole-picture vectors.

Nothing here learns from a set of pictures; that is the work of `cvclassic.encode`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "base": ["Describer", "root_normalise", "to_grey"],
        "color": ["ColorStats", "color_features"],
        "columns": ["TableColumns", "piecewise_linear"],
        "dense_sift": ["DenseSift", "dense_sift_features"],
        "embedding": ["Embedding"],
        "features": ["LocalFeatures"],
        "hog": ["Hog"],
        "kernel_features": ["KernelFeatures"],
        "lbp": ["Lbp", "cell_histograms"],
        "networks": ["NetworkFileError"],
        "pixels": ["Pixels", "SizedTransformer", "check_image_size", "fit_to_size"],
        "sift": ["Sift", "sift_features"],
        "vectors": ["ImageTransformer"],
    },
)
