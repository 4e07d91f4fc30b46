__all__ = [
    "Checkpoint",
    "DetectTask",
    "ObjectDetector",
    "TrainingReport",
    "load_detector",
    "save_detector",
]

from .checkpoint import (
    Checkpoint as Checkpoint,
)
from .detector import (
    ObjectDetector as ObjectDetector,
)
from .files import (
    load_detector as load_detector,
)
from .files import (
    save_detector as save_detector,
)
from .task import (
    DetectTask as DetectTask,
)
from .training import (
    TrainingReport as TrainingReport,
)
