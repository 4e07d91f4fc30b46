"""The teaching page as a part of the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("build-finished", write_page)
    return {"parallel_read_safe": True}


def write_page(app: Any, error: Exception | None) -> None:
    """Put the page beside the others once they are built."""
    if error is not None or app.builder.format != "html":
        return
    from cvclassic.teach import write_teaching_page

    root = Path(__file__).resolve().parents[2]
    write_teaching_page(Path(app.outdir) / "play.html", root / "sample_images")
