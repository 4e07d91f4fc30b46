"""Many files in, one record each out. Models are trained elsewhere."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "classifying": ["classify_files", "max_side_of", "predict_numbers", "predict_proba"],
        "labelled": ["predict_labelled"],
        "outputs": ["FORMATS", "format_of", "open_writer"],
        "reading": ["read_all"],
        "records": ["UNCLASSIFIABLE", "Record"],
        "sorting": ["Sorter", "safe_name"],
    },
)
