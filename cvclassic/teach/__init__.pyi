__all__ = [
    "write_teaching_page",
]

from .building import (
    build_teaching_page as build_teaching_page,
)
from .building import (
    write_teaching_page as write_teaching_page,
)
from .bundling import (
    bundle as bundle,
)
