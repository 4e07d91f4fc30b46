"""Finding objects in pictures with boosted cascades that people train themselves.

Faces, and what comes after a face is found, are `faces`; drawing what was found is `report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "cascades": ["Cascade", "Stage", "Tree"],
        "evaluating": ["Verdicts", "judge_crops", "judge_windows"],
        "explaining": ["StageVote", "TreeVote", "explain_window", "surest_window"],
        "features_haar": ["all_haar_features", "haar_value"],
        "features_lbp": ["all_lbp_features", "lbp_code"],
        "files": ["parse_cascade", "read_cascade", "write_cascade"],
        "grouping": ["group_boxes"],
        "integral": ["CropSums", "ScanSums"],
        "loading": ["CascadeDetector", "Detections"],
        "positives": ["Jitter", "Objects"],
        "scoring": ["DetectionScores", "score_detections", "score_detector"],
        "sources": ["Loaded", "cut_boxes", "load_pictures", "read_boxes"],
        "stages": ["Settings", "StageReport"],
        "training": ["Training", "false_alarms", "train_cascade"],
    },
)
