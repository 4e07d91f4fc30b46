"""Builds the page: markup, style, script, and a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from ..report import check_page_path, write_page
from .bundling import bundle
from .materials import cascade_module, pictures_module

_STYLES = ("base.css", "controls.css", "parts.css", "slides.css")


def build_teaching_page(samples: str | os.PathLike) -> str:
    """The teaching page as one HTML document.

    Scripts and styles are named by their hash in a Content-Security-Policy, so that the page
    loads nothing, sends nothing, and runs nothing but what was built here.

    Parameters
    ----------
    samples : str or path
        Folder of the images to embed: the project's `sample_images`, which is installed as
        ``cvclassic_samples``.

    Returns
    -------
    str

    Raises
    ------
    ImageReadError
        A sample image is missing.
    MissingDependencyError
        OpenCV's cascades are missing.
    """
    from .. import __version__

    here = files("cvclassic.teach")
    style = "\n".join(here.joinpath("style", name).read_text("utf-8") for name in _STYLES)
    script = bundle(read_modules(samples), "app.js")
    return Template(here.joinpath("page.html").read_text("utf-8")).substitute(
        version=__version__,
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
    )


def write_teaching_page(
    path: str | os.PathLike, samples: str | os.PathLike, *, force: bool = False
) -> int:
    """Write the teaching page.

    Parameters
    ----------
    path : str or path
        Must end in .html. Only a page that cvclassic wrote is replaced.
    samples : str or path
        Folder of the images to embed, see `build_teaching_page`.
    force : bool
        Also replace another program's file.

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    ParameterError
        The name does not end in .html, or another program's page has it.
    OSError
        The file cannot be written.
    """
    check_page_path(path, "output", force=force)
    return write_page(path, build_teaching_page(samples))


def read_modules(samples: str | os.PathLike) -> dict[str, str]:
    """Path and source of all JavaScript modules, those that hold data included."""
    folder = files("cvclassic.teach").joinpath("js")
    return {
        **dict(_walk(folder, "")),
        "data/pictures.js": pictures_module(os.fspath(samples)),
        "data/cascade.js": cascade_module(),
    }


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    """Modules in a folder and its sub-folders."""
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".js"):
            yield prefix + entry.name, entry.read_text("utf-8")


def _digest(text: str) -> str:
    """SHA-256 as a policy writes it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
