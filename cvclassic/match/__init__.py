"""Two pictures against each other: correspondences, geometry, similarity.

Finding one picture among many is `search`; drawing a match is `report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "comparing": ["similarity"],
        "describing": ["describe", "describe_views"],
        "geometry": [
            "estimate_fundamental",
            "estimate_homography",
            "project",
            "reprojection_error",
            "warp_onto",
        ],
        "neighbours": ["match_descriptors"],
        "pairs": ["MatchResult", "match_images"],
    },
)
