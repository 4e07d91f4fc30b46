"""Optional dependencies, and a hint on how to install a missing one."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import MissingDependencyError


def need(extra: str, *modules: str) -> None:
    """Make sure that the modules of an extra can be imported.

    Parameters
    ----------
    extra : str
        Name of the extra.
    *modules : str

    Raises
    ------
    MissingDependencyError
        One is not installed; the message says how to get it.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"this needs {missing[0]}, which is not installed. "
            f"Get it: pip install 'cvclassic[{extra}]'"
        )
