__version__: str
__all__ = [
    "Model",
    "audit",
    "batch",
    "cascade",
    "classify",
    "comparison",
    "describe",
    "detect",
    "draw",
    "encode",
    "errors",
    "evaluate",
    "explain",
    "faces",
    "filters",
    "images",
    "load_model",
    "match",
    "model",
    "models",
    "objects",
    "report",
    "search",
    "segment",
    "serve",
    "teach",
    "train",
    "video",
]

from . import (
    audit as audit,
)
from . import (
    batch as batch,
)
from . import (
    cascade as cascade,
)
from . import (
    classify as classify,
)
from . import (
    comparison as comparison,
)
from . import (
    describe as describe,
)
from . import (
    detect as detect,
)
from . import (
    draw as draw,
)
from . import (
    encode as encode,
)
from . import (
    errors as errors,
)
from . import (
    evaluate as evaluate,
)
from . import (
    explain as explain,
)
from . import (
    faces as faces,
)
from . import (
    filters as filters,
)
from . import (
    images as images,
)
from . import (
    match as match,
)
from . import (
    model as model,
)
from . import (
    models as models,
)
from . import (
    objects as objects,
)
from . import (
    report as report,
)
from . import (
    search as search,
)
from . import (
    segment as segment,
)
from . import (
    serve as serve,
)
from . import (
    teach as teach,
)
from . import video as video
from .model import (
    Model as Model,
)
from .model import (
    load_model as load_model,
)
from .model import (
    train as train,
)
