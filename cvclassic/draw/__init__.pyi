__all__ = [
    "confusion_figure",
    "draw_blobs",
    "draw_boxes",
    "draw_corners",
    "draw_edges",
    "draw_explanation",
    "draw_faces",
    "draw_keypoints",
    "draw_landmarks",
    "draw_match",
    "draw_regions",
    "draw_segments",
]

from .boxes import blur_boxes as blur_boxes
from .boxes import cut_boxes as cut_boxes
from .boxes import draw_boxes as draw_boxes
from .calibration import calibration_figure as calibration_figure
from .compact import encode_drawing as encode_drawing
from .compact import write_drawing as write_drawing
from .confusion import (
    confusion_figure as confusion_figure,
)
from .contact_sheets import (
    contact_sheet as contact_sheet,
)
from .detection_curves import (
    draw_precision_recall as draw_precision_recall,
)
from .explanations import (
    draw_explanation as draw_explanation,
)
from .explanations import (
    draw_neighbors as draw_neighbors,
)
from .explanations import (
    mark_shares as mark_shares,
)
from .explanations import (
    overlay_shares as overlay_shares,
)
from .explanations import (
    share_map as share_map,
)
from .faces import (
    draw_error_rates as draw_error_rates,
)
from .faces import (
    draw_faces as draw_faces,
)
from .kernels import draw_convolution as draw_convolution
from .landmarks import (
    draw_landmarks as draw_landmarks,
)
from .learning_curve import (
    draw_learning_curve as draw_learning_curve,
)
from .legends import add_legend as add_legend
from .matches import (
    draw_match as draw_match,
)
from .matches import (
    draw_warp as draw_warp,
)
from .overlays import (
    draw_blobs as draw_blobs,
)
from .overlays import (
    draw_corners as draw_corners,
)
from .overlays import (
    draw_edges as draw_edges,
)
from .overlays import (
    draw_keypoints as draw_keypoints,
)
from .overlays import (
    draw_outlines as draw_outlines,
)
from .overlays import (
    draw_segments as draw_segments,
)
from .overlays import (
    enlarge as enlarge,
)
from .panels import (
    draw_maps as draw_maps,
)
from .panels import (
    label_panel as label_panel,
)
from .panels import (
    side_by_side as side_by_side,
)
from .predictions import (
    draw_prediction as draw_prediction,
)
from .segmentation import (
    draw_mask_errors as draw_mask_errors,
)
from .segmentation import (
    draw_regions as draw_regions,
)
from .segmentation import (
    region_colors as region_colors,
)
from .sift import (
    draw_sift_stages as draw_sift_stages,
)
from .thumbnails import (
    Thumbnail as Thumbnail,
)
from .thumbnails import (
    make_thumbnail as make_thumbnail,
)
from .timelines import draw_timeline as draw_timeline
from .timelines import timeline_figure as timeline_figure
from .training_curves import (
    check_curve_path as check_curve_path,
)
from .training_curves import (
    draw_curve as draw_curve,
)
from .training_curves import (
    sparkline as sparkline,
)
from .words import (
    draw_words as draw_words,
)
