__all__ = [
    "DAMAGES",
    "damage_image",
    "run_contest",
]

from .advising import (
    Advice as Advice,
)
from .advising import (
    advise as advise,
)
from .convnets import (
    torch_device as torch_device,
)
from .convnets import (
    torch_missing as torch_missing,
)
from .corruptions import (
    DAMAGES as DAMAGES,
)
from .corruptions import (
    damage_image as damage_image,
)
from .measuring import (
    Measured as Measured,
)
from .measuring import (
    measure_method as measure_method,
)
from .methods import (
    METHODS as METHODS,
)
from .methods import (
    Method as Method,
)
from .methods import (
    make_method as make_method,
)
from .runner import (
    Contest as Contest,
)
from .runner import (
    run_apart as run_apart,
)
from .runner import (
    run_contest as run_contest,
)
from .splitting import (
    split_pictures as split_pictures,
)
