__all__ = [
    "InstanceRule",
    "MaskValues",
    "Pair",
    "PixelClassifier",
    "RegionTree",
    "class_numbers",
    "grabcut_mask",
    "interpret_values",
    "load_segmentation",
    "masks_in_boxes",
    "pair_folders",
    "read_names",
    "read_pair",
    "refine_contour",
    "region_table",
    "region_tree",
    "save_segmentation",
    "split_instances",
    "superpixel_labels",
    "threshold_image",
    "watershed_objects",
]

from .datasets import (
    MaskValues,
    Pair,
    class_numbers,
    interpret_values,
    pair_folders,
    read_names,
    read_pair,
)
from .files import load_segmentation, save_segmentation
from .grabcut import grabcut_mask, masks_in_boxes, refine_contour
from .instances import InstanceRule, split_instances
from .pixel_classifier import PixelClassifier
from .properties import region_table
from .regions import RegionTree, region_tree
from .superpixels import superpixel_labels
from .thresholds import threshold_image
from .watershed import watershed_objects
