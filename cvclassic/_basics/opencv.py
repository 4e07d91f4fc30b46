"""Functions that moved between versions of OpenCV, found wherever they are: 4.11 to 5.1.

`cv2.utils.logging` is missing in 4.11 and 4.12; OpenCV 5 keeps BRISK, AKAZE, KAZE and AGAST in
`cv2.xfeatures2d`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cv2

from ..errors import MissingDependencyError

_SILENT = 0
_lock = threading.RLock()


def find_creator(name: str) -> Callable[..., Any]:
    """A constructor such as ``AKAZE_create``.

    Parameters
    ----------
    name : str

    Returns
    -------
    callable

    Raises
    ------
    MissingDependencyError
        This build of OpenCV has none of that name.
    """
    for place in (cv2, getattr(cv2, "xfeatures2d", None)):
        creator = getattr(place, name, None)
        if creator is not None:
            return creator
    raise MissingDependencyError(
        f"This build of OpenCV ({cv2.__version__}) has no {name}. "
        "Install it: pip install opencv-contrib-python"
    )


def get_log_level() -> int:
    """How much OpenCV writes to stderr."""
    logging = getattr(cv2.utils, "logging", None)
    return logging.getLogLevel() if logging is not None else cv2.getLogLevel()


def set_log_level(level: int) -> None:
    """Set how much OpenCV writes to stderr; 0 is nothing."""
    logging = getattr(cv2.utils, "logging", None)
    if logging is not None:
        logging.setLogLevel(level)
    else:
        cv2.setLogLevel(level)


@contextmanager
def silent_log() -> Iterator[None]:
    """Keep OpenCV's log off stderr; what goes wrong is told by exceptions."""
    with _lock:
        level = get_log_level()
        set_log_level(_SILENT)
        try:
            yield
        finally:
            set_log_level(level)
