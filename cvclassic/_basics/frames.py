"""pandas data frames, where pandas is installed."""

from __future__ import annotations

from typing import Any

from ..errors import MissingDependencyError


def import_pandas() -> Any:
    """The module pandas.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingDependencyError(
            "to_pandas() needs pandas. Get it: pip install pandas"
        ) from None
    return pandas
