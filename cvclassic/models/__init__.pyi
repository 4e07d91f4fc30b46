__all__ = [
    "ModelInfo",
    "SavedState",
    "load_model",
    "read_model_info",
    "register_estimator",
    "save_model",
]

from .files import (
    load_model as load_model,
)
from .files import (
    read_model as read_model,
)
from .files import (
    save_model as save_model,
)
from .header import (
    ModelInfo as ModelInfo,
)
from .header import (
    read_description as read_description,
)
from .header import (
    read_model_info as read_model_info,
)
from .registry import (
    SavedState as SavedState,
)
from .registry import (
    register_estimator as register_estimator,
)
