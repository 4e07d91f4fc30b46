__all__ = [
    "HOG",
    "LBP",
    "SIFT",
    "ColorStats",
    "DenseSIFT",
    "Describer",
    "Embedding",
    "KernelFeatures",
    "LocalFeatures",
    "NetworkFileError",
    "OpponentSIFT",
    "Pixels",
    "Scattering",
    "TableColumns",
    "convert_network",
]

from .base import (
    Describer as Describer,
)
from .base import (
    root_normalize as root_normalize,
)
from .color import (
    ColorStats as ColorStats,
)
from .color import (
    color_features as color_features,
)
from .columns import (
    TableColumns as TableColumns,
)
from .columns import (
    piecewise_linear as piecewise_linear,
)
from .dense_sift import (
    DenseSIFT as DenseSIFT,
)
from .dense_sift import (
    dense_sift_features as dense_sift_features,
)
from .embedding import (
    Embedding as Embedding,
)
from .features import (
    LocalFeatures as LocalFeatures,
)
from .hog import (
    HOG as HOG,
)
from .kernel_features import (
    KernelFeatures as KernelFeatures,
)
from .lbp import (
    LBP as LBP,
)
from .lbp import (
    cell_histograms as cell_histograms,
)
from .networks import (
    NetworkFileError as NetworkFileError,
)
from .normalizing import power_normalize as power_normalize
from .opponent_sift import (
    OpponentSIFT as OpponentSIFT,
)
from .opponent_sift import (
    opponent_sift_features as opponent_sift_features,
)
from .pixels import (
    Pixels as Pixels,
)
from .pixels import (
    SizedTransformer as SizedTransformer,
)
from .pixels import (
    check_image_size as check_image_size,
)
from .pixels import (
    fit_to_size as fit_to_size,
)
from .places import (
    Places as Places,
)
from .pretrained.catalog import (
    NETWORKS as NETWORKS,
)
from .pretrained.catalog import (
    network_file as network_file,
)
from .pretrained.catalog import (
    network_is_installed as network_is_installed,
)
from .pretrained.catalog import (
    network_path as network_path,
)
from .pretrained.converting import (
    convert_network as convert_network,
)
from .scattering import (
    Scattering as Scattering,
)
from .sift import (
    SIFT as SIFT,
)
from .sift import (
    sift_features as sift_features,
)
from .vectors import (
    ImageTransformer as ImageTransformer,
)
