__all__ = [
    "LabelSet",
    "LabeledImage",
    "LabeledObject",
    "load_labeled_files",
    "read_labels",
    "write_labels",
]

from .coco import coco_results as coco_results
from .coco import parse_coco as parse_coco
from .coco import write_coco as write_coco
from .labeled_files import (
    LabeledFiles as LabeledFiles,
)
from .labeled_files import (
    load_labeled_files as load_labeled_files,
)
from .locating import Located as Located
from .locating import locate_images as locate_images
from .locating import upright_box as upright_box
from .masks import decode_rle as decode_rle
from .masks import encode_rle as encode_rle
from .masks import label_picture as label_picture
from .masks import mask_box as mask_box
from .masks import mask_polygons as mask_polygons
from .masks import object_mask as object_mask
from .masks import polygon_mask as polygon_mask
from .reading import FORMATS as FORMATS
from .reading import read_labels as read_labels
from .types import LabeledImage as LabeledImage
from .types import LabeledObject as LabeledObject
from .types import LabelSet as LabelSet
from .writing import WRITTEN_FORMATS as WRITTEN_FORMATS
from .writing import write_labels as write_labels
