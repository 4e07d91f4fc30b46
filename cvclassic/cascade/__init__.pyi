__all__ = [
    "Cascade",
    "CascadeDetections",
    "CascadeDetector",
    "CropSums",
    "DetectionScores",
    "Objects",
    "Settings",
    "haar_value",
    "judge_crops",
    "read_cascade",
    "score_detector",
    "train_cascade",
    "write_cascade",
]

from .cascades import (
    Cascade as Cascade,
)
from .cascades import (
    Stage as Stage,
)
from .cascades import (
    Tree as Tree,
)
from .drawing import draw_window as draw_window
from .evaluating import (
    Verdicts as Verdicts,
)
from .evaluating import (
    judge_crops as judge_crops,
)
from .evaluating import (
    judge_windows as judge_windows,
)
from .explaining import (
    StageVote as StageVote,
)
from .explaining import (
    TreeVote as TreeVote,
)
from .explaining import (
    explain_window as explain_window,
)
from .explaining import (
    surest_window as surest_window,
)
from .features_haar import (
    all_haar_features as all_haar_features,
)
from .features_haar import (
    haar_value as haar_value,
)
from .features_lbp import (
    all_lbp_features as all_lbp_features,
)
from .features_lbp import (
    lbp_code as lbp_code,
)
from .files import (
    parse_cascade as parse_cascade,
)
from .files import (
    read_cascade as read_cascade,
)
from .files import (
    write_cascade as write_cascade,
)
from .grouping import (
    group_boxes as group_boxes,
)
from .integral import (
    CropSums as CropSums,
)
from .integral import (
    ScanSums as ScanSums,
)
from .loading import (
    CascadeDetections as CascadeDetections,
)
from .loading import (
    CascadeDetector as CascadeDetector,
)
from .positive_samples import (
    Jitter as Jitter,
)
from .positive_samples import (
    Objects as Objects,
)
from .scoring import (
    DetectionScores as DetectionScores,
)
from .scoring import (
    score_detections as score_detections,
)
from .scoring import (
    score_detector as score_detector,
)
from .sources import (
    Loaded as Loaded,
)
from .sources import (
    cut_boxes as cut_boxes,
)
from .sources import (
    load_pictures as load_pictures,
)
from .sources import (
    read_boxes as read_boxes,
)
from .stages import (
    Settings as Settings,
)
from .stages import (
    StageReport as StageReport,
)
from .training import (
    Training as Training,
)
from .training import (
    false_alarms as false_alarms,
)
from .training import (
    train_cascade as train_cascade,
)
