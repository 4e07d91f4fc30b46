__all__ = [
    "InstanceRule",
    "PixelClassifier",
    "RegionTree",
    "grabcut_mask",
    "load_segmentation",
    "region_table",
    "region_tree",
    "save_segmentation",
    "split_instances",
    "superpixel_labels",
    "threshold_image",
    "watershed_objects",
]

from .files import load_segmentation, save_segmentation
from .grabcut import grabcut_mask
from .instances import InstanceRule, split_instances
from .pixel_classifier import PixelClassifier
from .properties import region_table
from .regions import RegionTree, region_tree
from .superpixels import superpixel_labels
from .thresholds import threshold_image
from .watershed import watershed_objects
