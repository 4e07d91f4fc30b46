"""Pages: one HTML file each that opens from disk and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

from .._basics.atomic import atomic_file
from .._basics.marks import is_own_file
from .._basics.printable import printable
from ..draw.typesetting import percent
from ..errors import ParameterError

_PACKAGES = {
    "NumPy": ("numpy",),
    "OpenCV": ("opencv-contrib-python", "opencv-contrib-python-headless"),
    "scikit-learn": ("scikit-learn",),
    "scikit-image": ("scikit-image",),
}


@cache
def _environment():
    """Jinja with everything escaped, and control characters shown instead of obeyed."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("cvclassic.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: (
            printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )
    script = _resource("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals |= {
        "style": Markup(_resource("style.css")),
        "script": Markup(script),
        "script_hash": digest,
    }
    environment.filters |= {
        "percent": percent,
        "interval": _interval,
        "size": _size,
        "seconds": _seconds,
        "decimal": lambda value: "–" if value is None else f"{value:.3f}",
        "name": _base_name,
        "text": printable,
        "split_column": lambda name: (name or "(no split)", "number"),
    }
    return environment


def _resource(name: str) -> str:
    return files("cvclassic.report").joinpath("templates", name).read_text(encoding="utf-8")


def render_page(template: str, **data: Any) -> str:
    """Fill a template of this package.

    Parameters
    ----------
    template : str
        Such as ``"evaluation.html.j2"``; it extends ``base.html.j2``, which brings the style
        sheet and the script.
    **data
        What the template shows. Text is escaped; control characters and broken bytes are shown
        as escapes.

    Returns
    -------
    str

    Examples
    --------
    >>> page = render_page("plain.html.j2", title="a <b>", text="c\\nd")
    >>> "a &lt;b&gt;" in page, "c\\\\nd" in page
    (True, True)
    """
    made = time.strftime("%Y-%m-%d %H:%M")
    return _environment().get_template(template).render(made=made, versions=versions(), **data)


def write_page(path: str | os.PathLike, page: str) -> int:
    """Write a page; it appears whole or not at all.

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    OSError
        It cannot be written.
    """
    data = page.encode("utf-8", "backslashreplace")
    with atomic_file(path) as file:
        file.write(data)
    return len(data)


def check_page_path(
    path: str | os.PathLike, option: str = "report", *, force: bool = False
) -> None:
    """Find out now whether a page can be written to `path`.

    Parameters
    ----------
    path : str or Path
    option : str
        What messages call it.
    force : bool
        Also if another program's file has that name.

    Raises
    ------
    ParameterError
        The name does not end in .html, or another program's page stands there.
    OSError
        The folder is missing or cannot be written to.
    """
    from .._basics.atomic import check_writable

    name = os.fsdecode(path)
    if os.path.splitext(name)[1].lower() not in (".html", ".htm"):
        raise ParameterError(f"{option} must end in .html. Got {name!r} instead.")
    check_writable(path)
    if os.path.isfile(path) and not force and not is_own_file(path):
        raise ParameterError(
            f"{option} would replace {name!r}, which is not a cvclassic page. Move it away, or "
            "give another name."
        )


def versions() -> dict[str, str]:
    """Name and version of what made a page."""
    from .. import __version__

    found = {"cvclassic": __version__, "Python": platform.python_version()}
    for name, distributions in _PACKAGES.items():
        for distribution in distributions:
            try:
                found[name] = version(distribution)
                break
            except PackageNotFoundError:
                continue
    return {**found, "system": f"{platform.system()} {platform.machine()}"}


def _interval(ends: tuple[float, float] | None, kind: str = "percent") -> str:
    """Two ends in brackets, or nothing."""
    if ends is None:
        return ""
    if kind == "percent":
        return f"[{100 * ends[0]:.1f}, {100 * ends[1]:.1f}]"
    return f"[{ends[0]:.3f}, {ends[1]:.3f}]"


def _size(n_bytes: float) -> str:
    """Bytes for people.

    Examples
    --------
    >>> _size(1234567)
    '1.2 MB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000 or unit == "GB":
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return ""


def _seconds(value: float) -> str:
    """A time for people.

    Examples
    --------
    >>> _seconds(0.0123), _seconds(75)
    ('12 ms', '1 min 15 s')
    """
    if value < 0.9995:
        return f"{1e3 * value:.0f} ms" if value >= 0.001 else f"{1e3 * value:.2f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {value % 60:.0f} s"


def _base_name(path: object) -> str:
    """Last part of a path."""
    return os.path.basename(str(path)) or str(path)
