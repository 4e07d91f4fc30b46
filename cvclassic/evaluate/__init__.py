"""How good a model is: scores. Nothing here runs a model; see `cvclassic.batch`."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "boxes": [
            "as_boxes",
            "average_precision",
            "box_overlaps",
            "match_boxes",
            "precision_recall",
            "recall_at_precision",
        ],
        "calibration": ["Reliability", "reliability"],
        "comparing": ["Comparison", "compare_predictions"],
        "intervals": ["score_intervals"],
        "predictions": ["Predictions"],
        "resampling": ["wilson_interval"],
        "learning": ["LearningCurve", "learning_curve"],
        "paired": ["ModelPair", "compare_pair", "exact_mcnemar", "holm"],
        "scores": ["confused_pairs", "score_numbers", "score_predictions"],
        "withheld": ["score_withheld"],
        "table_writing": ["write_predictions"],
        "tables": ["align_predictions", "read_predictions"],
    },
)
