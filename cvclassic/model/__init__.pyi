__all__ = [
    "Model",
    "TrainingEvents",
    "TrainingRun",
    "load_model",
    "train",
]

from .events import (
    TrainingEvents as TrainingEvents,
)
from .model import (
    Model as Model,
)
from .model import (
    load_model as load_model,
)
from .run import (
    TrainingRun as TrainingRun,
)
from .training import (
    train as train,
)
