"""Picture files to arrays: read, write, find, label; what they show is not seen here."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "archives": ["ArchiveMember", "archive_kind", "walk_archive"],
        "augment": [
            "CHANGES",
            "AugmentedImage",
            "AugmentedImages",
            "augment_image",
            "parse_changes",
        ],
        "arrays": ["LabelledArrays", "NamedItem", "is_array_file", "load_arrays", "read_array"],
        "files": ["read_file"],
        "folders": ["LabelledImages", "load_folder", "load_manifest"],
        "headers": ["identify", "read_header"],
        "imageheader": ["ImageHeader"],
        "members": ["MemberReader"],
        "messages": ["watch_decoders"],
        "pictures": ["Picture", "Spool", "load_pixels", "spool_pictures"],
        "remote": ["check_url", "is_url"],
        "reading": ["DecodedImage", "ImageWarning", "decode_image", "read_image"],
        "resizing": ["reduced_size", "resize_to"],
        "sources": ["find_inputs", "read_list", "walk_manifest"],
        "streaming": ["check_images", "map_blocks", "single_threaded", "worker_processes"],
        "tables": ["LabelledTable", "load_table", "read_table"],
        "walking": ["Fault", "FoundFile", "walk_images"],
        "writing": ["encode_image", "write_image"],
    },
)
