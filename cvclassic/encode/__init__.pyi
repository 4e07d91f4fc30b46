__all__ = [
    "LLC",
    "VLAD",
    "BagOfWords",
    "FisherVector",
    "LocalEncoder",
    "PatchWords",
    "kmeans_words",
    "nearest_words",
    "word_tree",
]

from .bag_of_words import (
    BagOfWords as BagOfWords,
)
from .bag_of_words import (
    normalize_histogram as normalize_histogram,
)
from .bag_of_words import (
    soft_votes as soft_votes,
)
from .base import (
    LocalEncoder as LocalEncoder,
)
from .base import (
    balanced_order as balanced_order,
)
from .base import (
    cell_index as cell_index,
)
from .base import (
    prior_share as prior_share,
)
from .fisher import (
    FisherVector as FisherVector,
)
from .fisher import (
    fisher_gradient as fisher_gradient,
)
from .fisher import (
    fisher_vector as fisher_vector,
)
from .fisher import (
    power_normalize as power_normalize,
)
from .large_vocabulary import (
    WordTree as WordTree,
)
from .large_vocabulary import (
    word_tree as word_tree,
)
from .llc import (
    LLC as LLC,
)
from .llc import (
    llc_codes as llc_codes,
)
from .mixture import (
    density_table as density_table,
)
from .mixture import (
    fit_mixture as fit_mixture,
)
from .mixture import (
    mixture_sums as mixture_sums,
)
from .mixture import (
    principal_components as principal_components,
)
from .mixture import (
    smooth_mixture as smooth_mixture,
)
from .patch_words import (
    PatchWords as PatchWords,
)
from .patches import (
    normalize_patches as normalize_patches,
)
from .patches import (
    patch_grid as patch_grid,
)
from .patches import (
    zca_whitening as zca_whitening,
)
from .pyramid import (
    cell_groups as cell_groups,
)
from .pyramid import (
    sum_groups as sum_groups,
)
from .vlad import (
    VLAD as VLAD,
)
from .vlad import (
    vlad_normalize as vlad_normalize,
)
from .vlad import (
    vlad_vector as vlad_vector,
)
from .vlad import (
    word_sums as word_sums,
)
from .vocabulary import (
    kmeans_words as kmeans_words,
)
from .vocabulary import (
    nearest_k_words as nearest_k_words,
)
from .vocabulary import (
    nearest_words as nearest_words,
)
