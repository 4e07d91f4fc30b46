"""Where something is: edges, blobs, corners, lines, keypoints; what it looks like is `describe`.

Every detector takes a uint8 picture and gives arrays; none keeps a result on itself.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "blobs": ["blobs_dog", "blobs_doh", "blobs_log"],
        "boundaries": ["boundary_strength", "soft_edges", "thin_edges"],
        "corners": [
            "corners_fast",
            "corners_harris",
            "corners_shi_tomasi",
            "harris_response",
            "refine_corners",
        ],
        "edges": ["canny", "canny_thresholds", "gradient_magnitude", "log_edges"],
        "keypoints": ["detect_keypoints"],
        "lines": ["hough_lines", "segments_edlines", "segments_hough", "segments_lsd"],
        "regions": ["blobs_mser", "blobs_simple"],
        "results": ["Blobs", "Corners", "Keypoints", "Segments"],
        "stages": ["SiftStages", "sift_stages"],
    },
)
