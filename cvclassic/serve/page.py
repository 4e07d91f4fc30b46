"""The pages: single files, with style and script allowed by their digests."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files

_SCRIPTS = {"predict": ("shared", "cards", "predict"), "collect": ("shared", "collect")}


@lru_cache
def page_and_policy(name: str) -> tuple[str, str]:
    """A page and the Content-Security-Policy that lets it do what it must, and no more.

    Parameters
    ----------
    name : {"predict", "collect"}

    Returns
    -------
    html, policy : str
    """
    folder = files(__package__) / "static"
    style = (folder / "style.css").read_text(encoding="utf-8")
    script = "\n".join(
        (folder / f"{part}.js").read_text(encoding="utf-8") for part in _SCRIPTS[name]
    )
    html = (folder / f"{name}.html").read_text(encoding="utf-8")
    html = html.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
