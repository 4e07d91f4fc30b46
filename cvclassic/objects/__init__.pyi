__all__ = [
    "ObjectDetector",
    "SingleObjectLocalizer",
    "compare_detectors",
    "iou",
    "load_detector",
    "nms",
    "proposal_recall",
    "propose_regions",
    "save_detector",
    "sliding_windows",
]

from .boxes import iou as iou
from .boxes import nms as nms
from .boxes import sliding_windows as sliding_windows
from .checkpoint import (
    Checkpoint as Checkpoint,
)
from .comparing import compare_detectors as compare_detectors
from .comparing import read_predictions as read_predictions
from .detector import (
    ObjectDetector as ObjectDetector,
)
from .files import (
    load_detector as load_detector,
)
from .files import (
    save_detector as save_detector,
)
from .localizer import (
    SingleObjectLocalizer as SingleObjectLocalizer,
)
from .proposals import proposal_recall as proposal_recall
from .proposals import propose_regions as propose_regions
from .task import (
    DetectTask as DetectTask,
)
from .training import (
    TrainingReport as TrainingReport,
)
