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

from .datasets import MaskValues as MaskValues
from .datasets import Pair as Pair
from .datasets import class_numbers as class_numbers
from .datasets import interpret_values as interpret_values
from .datasets import pair_folders as pair_folders
from .datasets import read_names as read_names
from .datasets import read_pair as read_pair
from .files import load_segmentation, save_segmentation
from .grabcut import grabcut_mask
from .grabcut import masks_in_boxes as masks_in_boxes
from .grabcut import refine_contour as refine_contour
from .instances import InstanceRule, split_instances
from .pixel_classifier import PixelClassifier
from .properties import region_table
from .regions import RegionTree, region_tree
from .superpixels import superpixel_labels
from .thresholds import threshold_image
from .watershed import watershed_objects
