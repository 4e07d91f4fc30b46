__all__ = [
    "LabelSet",
    "LabeledImage",
    "LabeledObject",
    "load_labeled_files",
    "read_labels",
    "write_labels",
]

from .labeled_files import (
    LabeledFiles as LabeledFiles,
)
from .labeled_files import (
    load_labeled_files as load_labeled_files,
)
from .reading import read_labels
from .types import LabeledImage, LabeledObject, LabelSet
from .writing import write_labels
