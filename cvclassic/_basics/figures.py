"""matplotlib figures that need no display and show themselves in notebooks."""

from __future__ import annotations

import io
from functools import cache
from typing import Any


@cache
def _figure_class() -> type:
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """A figure that a notebook shows, whether or not matplotlib is set up in it."""

        def _repr_png_(self) -> bytes:
            out = io.BytesIO()
            self.savefig(out, format="png", dpi=100)
            return out.getvalue()

    return ShownFigure


def new_figure(size: tuple[float, float]) -> Any:
    """An empty figure of `size` inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _figure_class()(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure
