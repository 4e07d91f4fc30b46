"""The task of ``cvclassic detect``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import cvclassic.draw as draw
from cvclassic.batch import Answer, Column, ImageTask, InputImage
from cvclassic.batch.columns import HEIGHT, WIDTH, DrawingColumn

_DRAWERS: dict[str, Callable[..., Any]] = {
    "edges": draw.draw_edges,
    "blobs": draw.draw_blobs,
    "corners": draw.draw_corners,
    "lines": draw.draw_segments,
    "keypoints": draw.draw_keypoints,
}


_LEGENDS = {
    "keypoints": "Circle: size; line: direction; warm colors: large.",
    "blobs": "Yellow: bright; blue: dark.",
    "corners": "Yellow: strongest third; orange: middle; blue: weakest.",
    "lines": "Color: direction.",
}


class DetectTask(ImageTask):
    """Detects with one or several methods, and draws what they find.

    Parameters
    ----------
    what : {"edges", "blobs", "corners", "lines", "keypoints"}
    functions : dict of str to callable
        Method to detector.
    max_side : int
    folder : str or None
        Where drawings go; None for none.
    ending : str or None
        End of their names, with the suffix; None stands for that of `what`.
    compare : bool
        Draw all methods side by side.
    stages : bool
        Draw SIFT's four stages instead.
    draws : bool
        Draw also without a folder.
    """

    block_size = 1
    compact = True

    def __init__(
        self,
        what: str,
        functions: dict[str, Any],
        max_side: int,
        folder: str | None,
        ending: str | None = None,
        *,
        compare: bool = False,
        stages: bool = False,
        draws: bool = False,
    ) -> None:
        self.what = what
        self.max_side = max_side
        self._functions = functions
        self._draws = draws or folder is not None
        self._ending = ending or f".{what}.png"
        self._compare = compare
        self._stages = stages
        self.columns = (WIDTH, HEIGHT, Column("results", "json"))
        if folder is not None:
            self.columns += (DrawingColumn("drawing", field=folder),)

    def about(self) -> dict[str, Any]:
        """The methods with their parameters, and what is drawn."""
        methods = {name: repr(function.keywords) for name, function in self._functions.items()}
        return {
            "detect": self.what,
            "methods": repr(methods),
            "--max-side": self.max_side,
            "--compare": self._compare,
            "--stages": self._stages,
        }

    def process(self, image: InputImage) -> Answer:
        """Detect in one image."""
        found = {name: function(image.pixels) for name, function in self._functions.items()}
        results = [_result(name, one, image.factor) for name, one in found.items()]
        pictures = {}
        if self._draws:
            pictures[self._ending] = self._draw(image.pixels, found)
        return Answer(values={"results": results}, pictures=pictures)

    def _draw(self, pixels: np.ndarray, found: dict[str, Any]) -> np.ndarray:
        if self._stages:
            from cvclassic.detect import sift_stages

            return draw.draw_sift_stages(pixels, sift_stages(pixels))
        drawer = _DRAWERS[self.what]
        panels = [drawer(pixels, result) for result in found.values()]
        limit = inspect.signature(drawer).parameters.get("limit")
        most = None if limit is None else limit.default
        titles = [f"{name}: {_count(result, most)}" for name, result in found.items()]
        if "mser" in found:
            panels[list(found).index("mser")] = self._outlines(pixels, found["mser"])
        if not self._compare:
            if self.what == "edges":
                return panels[0]
            return draw.label_panel(
                panels[0],
                f"{titles[0]}. {_LEGENDS[self.what]}",
                size=max(panels[0].shape[1] // 48, 12),
            )
        return draw.side_by_side([draw.enlarge(pixels), *panels], ["image", *titles])

    def _outlines(self, pixels: np.ndarray, found: Any) -> np.ndarray:
        """MSER finds regions: their outlines are drawn, not circles of their areas."""
        from cvclassic.detect import mser_regions

        regions = mser_regions(pixels, **self._functions["mser"].keywords)
        return draw.draw_outlines(pixels, regions, found.response)


def _result(name: str, found: Any, factor: float) -> dict[str, Any]:
    """What one method found, as plain numbers in pixels of the file's image."""
    if isinstance(found, np.ndarray):
        marked = found > 0
        return {
            "method": name,
            "n_pixels": int(marked.sum()),
            "share": round(float(marked.mean()), 6),
            "mean_strength": round(float(found.mean(dtype=np.float64)), 6),
        }
    if factor != 1:
        found = found.scaled(factor)
    return {"method": name, "n": len(found), "found": found.records()}


def _count(found: Any, limit: int | None) -> str:
    """How much was found, and drawn, in a word."""
    if isinstance(found, np.ndarray):
        return f"{(found > 0).mean():.1%} of the pixels" if found.dtype == bool else "strength"
    if limit is not None and len(found) > limit:
        return f"{limit} of {len(found)} drawn, the strongest"
    return f"{len(found)} of {len(found)} drawn"
