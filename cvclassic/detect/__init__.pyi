__all__ = [
    "Blobs",
    "Corners",
    "Keypoints",
    "SIFTStages",
    "Segments",
    "blobs_dog",
    "blobs_doh",
    "blobs_log",
    "blobs_mser",
    "blobs_simple",
    "canny",
    "corners_fast",
    "corners_harris",
    "corners_shi_tomasi",
    "detect_keypoints",
    "gradient_magnitude",
    "hough_lines",
    "log_edges",
    "segments_edlines",
    "segments_hough",
    "segments_lsd",
    "sift_stages",
    "soft_edges",
]

from .blobs import (
    blobs_dog as blobs_dog,
)
from .blobs import (
    blobs_doh as blobs_doh,
)
from .blobs import (
    blobs_log as blobs_log,
)
from .boundaries import (
    boundary_strength as boundary_strength,
)
from .boundaries import (
    soft_edges as soft_edges,
)
from .boundaries import (
    thin_edges as thin_edges,
)
from .corners import (
    corners_fast as corners_fast,
)
from .corners import (
    corners_harris as corners_harris,
)
from .corners import (
    corners_shi_tomasi as corners_shi_tomasi,
)
from .corners import (
    harris_response as harris_response,
)
from .corners import (
    refine_corners as refine_corners,
)
from .edges import (
    canny as canny,
)
from .edges import (
    canny_thresholds as canny_thresholds,
)
from .edges import (
    gradient_magnitude as gradient_magnitude,
)
from .edges import (
    log_edges as log_edges,
)
from .keypoints import (
    detect_keypoints as detect_keypoints,
)
from .lines import (
    hough_lines as hough_lines,
)
from .lines import (
    segments_edlines as segments_edlines,
)
from .lines import (
    segments_hough as segments_hough,
)
from .lines import (
    segments_lsd as segments_lsd,
)
from .regions import (
    blobs_mser as blobs_mser,
)
from .regions import (
    blobs_simple as blobs_simple,
)
from .regions import (
    mser_regions as mser_regions,
)
from .results import (
    Blobs as Blobs,
)
from .results import (
    Corners as Corners,
)
from .results import (
    Keypoints as Keypoints,
)
from .results import (
    Segments as Segments,
)
from .sift_pipeline import (
    SIFTStages as SIFTStages,
)
from .sift_pipeline import (
    sift_stages as sift_stages,
)
