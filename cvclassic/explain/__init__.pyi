__all__ = [
    "Explanation",
    "SimilarPictures",
    "VisualWord",
    "browse_words",
    "explain_picture",
    "explain_pictures",
    "find_flipping_set",
]

from .explanation import (
    Explanation as Explanation,
)
from .flipping import (
    FlippingSet as FlippingSet,
)
from .flipping import (
    find_flipping_set as find_flipping_set,
)
from .neighbors import (
    Neighbor as Neighbor,
)
from .neighbors import (
    SimilarPictures as SimilarPictures,
)
from .occlusion import (
    occlusion_shares as occlusion_shares,
)
from .pictures import (
    explain_picture as explain_picture,
)
from .pictures import (
    explain_pictures as explain_pictures,
)
from .words import (
    VisualWord as VisualWord,
)
from .words import (
    browse_words as browse_words,
)
