__all__ = [
    "MatchResult",
    "estimate_homography",
    "match_descriptors",
    "match_images",
]

from .comparing import (
    similarity as similarity,
)
from .describing import (
    describe as describe,
)
from .describing import (
    describe_views as describe_views,
)
from .geometry import (
    estimate_fundamental as estimate_fundamental,
)
from .geometry import (
    estimate_homography as estimate_homography,
)
from .geometry import (
    project as project,
)
from .geometry import (
    reprojection_error as reprojection_error,
)
from .geometry import (
    warp_onto as warp_onto,
)
from .neighbors import (
    match_descriptors as match_descriptors,
)
from .pairs import (
    MatchResult as MatchResult,
)
from .pairs import (
    match_images as match_images,
)
