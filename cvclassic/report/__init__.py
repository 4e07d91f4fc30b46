"""What people look at: pictures with marks on them, and pages.

Nothing here computes what it shows; that comes from the rooms before.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "audit_page": ["write_audit_page"],
        "cascade_panels": ["draw_window"],
        "compare_page": ["write_compare_page"],
        "curves": ["check_curve_path", "draw_curve", "sparkline"],
        "detection_curves": ["draw_precision_recall"],
        "evaluation_page": [
            "EvaluationReport",
            "ExplainedMistake",
            "write_evaluation_page",
        ],
        "explanations": [
            "draw_explanation",
            "draw_neighbours",
            "mark_shares",
            "overlay_shares",
            "share_map",
        ],
        "face_frames": ["draw_error_rates", "draw_faces"],
        "learning_curves": ["draw_learning_curve"],
        "overlays": [
            "draw_blobs",
            "draw_corners",
            "draw_edges",
            "draw_keypoints",
            "draw_segments",
            "enlarge",
        ],
        "overlays_landmarks": ["draw_landmarks"],
        "overlays_match": ["draw_match", "draw_warp"],
        "page": ["check_page_path", "render_page", "write_page"],
        "panels": ["draw_maps", "label_panel", "side_by_side"],
        "predictions": ["draw_prediction"],
        "sheets": ["contact_sheet"],
        "sift_panels": ["draw_sift_stages"],
        "thumbnails": ["Thumbnail", "make_thumbnail"],
        "training_page": ["TrainingReport", "write_training_page"],
        "word_sheets": ["draw_words", "words_page"],
    },
)
