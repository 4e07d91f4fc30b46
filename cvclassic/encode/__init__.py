"""A bag of local features becomes one vector: vocabularies and encodings.

Nothing here knows of labels, beyond balancing samples between classes.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "bag_of_words": ["BagOfWords", "normalise_histogram", "soft_votes"],
        "base": ["LocalEncoder", "balanced_order", "cell_index"],
        "fisher": ["FisherVector", "fisher_gradient", "fisher_vector", "power_normalise"],
        "llc": ["Llc", "llc_codes"],
        "mixture": ["density_table", "fit_mixture", "mixture_sums", "principal_components"],
        "patch_words": ["PatchWords"],
        "patches": ["normalise_patches", "patch_grid", "zca_whitening"],
        "pyramid": ["cell_groups", "sum_groups"],
        "vlad": ["Vlad", "vlad_normalise", "vlad_vector", "word_sums"],
        "vocabulary": ["kmeans_words", "nearest_k_words", "nearest_words"],
    },
)
