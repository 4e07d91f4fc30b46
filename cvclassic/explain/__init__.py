"""Why a picture got its label: which keypoints spoke for it, and which against.

Nothing here draws; see `cvclassic.report`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "flipping": ["FlippingSet", "find_flipping_set"],
        "neighbours": ["Neighbour", "SimilarPictures"],
        "occlusion": ["occlusion_shares"],
        "explanation": ["Explanation"],
        "pictures": ["explain_picture", "explain_pictures"],
        "words": ["VisualWord", "browse_words"],
    },
)
