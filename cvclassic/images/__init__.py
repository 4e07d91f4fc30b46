"""Picture files become arrays here, and nowhere else; nothing here interprets them."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "pictures": ["Picture", "load_pixels", "spool_pictures"],
        "reading": ["read_image"],
        "streaming": ["check_images", "map_blocks", "single_threaded"],
    },
)
