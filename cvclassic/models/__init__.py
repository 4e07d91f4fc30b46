"""One file on disk: save, load, check. No pickle is read or written here."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__, submod_attrs={"files": ["ModelInfo", "load_model", "read_model_info", "save_model"]}
)
