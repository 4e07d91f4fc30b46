__all__ = [
    "BoxScores",
    "Comparison",
    "Evaluation",
    "KeywordPredictions",
    "LearningCurve",
    "Predictions",
    "RankingScores",
    "average_precision",
    "box_overlaps",
    "compare_predictions",
    "evaluate_predictions",
    "exact_mcnemar",
    "learning_curve",
    "read_predictions",
    "reliability",
    "score_boxes",
    "score_keywords",
    "score_numbers",
    "score_predictions",
    "score_rankings",
    "segmentation_scores",
    "wilson_interval",
]

from .abstention import (
    score_withheld as score_withheld,
)
from .boxes import (
    as_boxes as as_boxes,
)
from .boxes import (
    average_precision as average_precision,
)
from .boxes import (
    box_overlaps as box_overlaps,
)
from .boxes import (
    match_boxes as match_boxes,
)
from .boxes import (
    precision_recall as precision_recall,
)
from .boxes import (
    recall_at_precision as recall_at_precision,
)
from .calibration import (
    Reliability as Reliability,
)
from .calibration import (
    reliability as reliability,
)
from .coco import (
    BoxScores as BoxScores,
)
from .coco import (
    ClassScores as ClassScores,
)
from .coco import (
    ImageBoxes as ImageBoxes,
)
from .coco import (
    log_average_miss_rate as log_average_miss_rate,
)
from .coco import (
    miss_rate_curve as miss_rate_curve,
)
from .coco import (
    score_boxes as score_boxes,
)
from .comparing import (
    Comparison as Comparison,
)
from .comparing import (
    compare_predictions as compare_predictions,
)
from .evaluation import (
    Evaluation as Evaluation,
)
from .evaluation import (
    evaluate_predictions as evaluate_predictions,
)
from .intervals import (
    score_intervals as score_intervals,
)
from .keywords import (
    KeywordPredictions as KeywordPredictions,
)
from .keywords import (
    evaluate_keywords as evaluate_keywords,
)
from .keywords import (
    score_keywords as score_keywords,
)
from .learning_curves import (
    LearningCurve as LearningCurve,
)
from .learning_curves import (
    learning_curve as learning_curve,
)
from .masks import (
    boundary_counts as boundary_counts,
)
from .masks import (
    f_measure as f_measure,
)
from .masks import (
    match_instances as match_instances,
)
from .masks import (
    overlap_scores as overlap_scores,
)
from .masks import (
    pixel_confusion as pixel_confusion,
)
from .masks import (
    ranking_area as ranking_area,
)
from .masks import (
    region_covering as region_covering,
)
from .paired import (
    ModelPair as ModelPair,
)
from .paired import (
    compare_pair as compare_pair,
)
from .paired import (
    exact_mcnemar as exact_mcnemar,
)
from .paired import (
    holm as holm,
)
from .predictions import (
    Predictions as Predictions,
)
from .rankings import (
    RankingScores as RankingScores,
)
from .rankings import (
    ranking_precision as ranking_precision,
)
from .rankings import (
    score_rankings as score_rankings,
)
from .resampling import (
    wilson_interval as wilson_interval,
)
from .scores import (
    confused_pairs as confused_pairs,
)
from .scores import (
    score_numbers as score_numbers,
)
from .scores import (
    score_predictions as score_predictions,
)
from .segmentations import (
    ImageMeasures as ImageMeasures,
)
from .segmentations import (
    measure_image as measure_image,
)
from .segmentations import (
    segmentation_intervals as segmentation_intervals,
)
from .segmentations import (
    segmentation_scores as segmentation_scores,
)
from .table_writing import (
    write_keywords as write_keywords,
)
from .table_writing import (
    write_predictions as write_predictions,
)
from .tables import (
    align_predictions as align_predictions,
)
from .tables import (
    read_predictions as read_predictions,
)
