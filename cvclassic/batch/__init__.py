"""Many files in, one record each out. Models are trained elsewhere."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "classifying": [
            "ENGINES",
            "classify_files",
            "max_side_of",
            "predict_numbers",
            "predict_proba",
        ],
        "journal": ["Journal", "journal_path", "open_journal"],
        "labelled": ["predict_labelled"],
        "outputs": ["FORMATS", "append_writer", "check_output", "format_of", "open_writer"],
        "reading": ["read_all"],
        "records": ["UNCLASSIFIABLE", "Record"],
        "running": ["file_digest", "fingerprint", "resume"],
        "sorting": ["Sorter", "safe_name"],
        "watching": ["Arrivals", "check_outside", "watch"],
        "workers": ["map_in_processes", "prepare_workers"],
    },
)
