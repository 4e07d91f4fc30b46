__all__ = [
    "FORMATS",
    "WRITTEN_FORMATS",
    "LabelSet",
    "LabeledFiles",
    "LabeledImage",
    "LabeledObject",
    "Located",
    "coco_results",
    "decode_rle",
    "encode_rle",
    "identify_labels",
    "label_picture",
    "load_labeled_files",
    "locate_images",
    "mask_box",
    "mask_polygons",
    "object_mask",
    "parse_coco",
    "polygon_mask",
    "read_labels",
    "upright_box",
    "write_coco",
    "write_labels",
]

from .coco import coco_results, parse_coco, write_coco
from .labeled_files import (
    LabeledFiles as LabeledFiles,
)
from .labeled_files import (
    load_labeled_files as load_labeled_files,
)
from .locating import Located, locate_images, upright_box
from .masks import (
    decode_rle,
    encode_rle,
    label_picture,
    mask_box,
    mask_polygons,
    object_mask,
    polygon_mask,
)
from .reading import FORMATS, identify_labels, read_labels
from .types import LabeledImage, LabeledObject, LabelSet
from .writing import WRITTEN_FORMATS, write_labels
