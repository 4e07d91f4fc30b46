"""The task of ``cvclassic explain``."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvclassic.batch import Answer, Column, ImageTask, InputImage
from cvclassic.batch.columns import HEIGHT, WIDTH, DrawingColumn
from cvclassic.draw import draw_explanation, draw_neighbors
from cvclassic.draw.panels import PAPER
from cvclassic.explain import explain_picture, find_flipping_set
from cvclassic.images import Picture, read_image


class ExplainTask(ImageTask):
    """Explains decisions of a model, and draws them.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
    model : str
        What tells the model from others.
    similar : SimilarPictures or None
        Training images, to find the nearest.
    paths : list of str
        Training images.
    options : dict
        label, against, flip, nearest.
    folder, ending : str or None
        Where drawings go; None for none.
    """

    max_side = 2000
    block_size = 1
    compact = True

    def __init__(
        self,
        pipeline: Any,
        model: str,
        similar: Any,
        paths: list[str],
        options: dict[str, Any],
        folder: str | None,
        ending: str,
    ) -> None:
        self._pipeline = pipeline
        self._model = model
        self._similar = similar
        self._paths = paths
        self._options = options
        self._ending = ending if folder is not None else None
        names = ["label", "against", "probabilities", "decision", "bias", "sum_of_shares", "exact"]
        names += ["how", "sum_property", "keypoints"]
        names += ["flip"] * options["flip"] + ["nearest"] * (similar is not None)
        self.columns = (WIDTH, HEIGHT, *(Column(name, "json") for name in names))
        if folder is not None:
            self.columns += (DrawingColumn("drawing", field=folder),)

    def about(self) -> dict[str, Any]:
        """The model and what is explained."""
        return {"model": self._model, "settings": repr((self._options, len(self._paths)))}

    def process(self, image: InputImage) -> Answer:
        """Explain one decision."""
        # the recipe's own reduction, from the file, so that the answer is that of `classify`
        picture = Picture(image.source)
        options = self._options
        found = explain_picture(self._pipeline, picture, options["label"], options["against"])
        if not len(found):
            nothing = "the image has no usable features to explain"
            return Answer(status="warn", code="no_features", message=nothing)
        values = _values(found, max(image.size) / max(found.image_shape))
        flipping = None
        if options["flip"]:
            flipping = find_flipping_set(self._pipeline, picture, found)
            values["flip"] = {
                "keypoints": flipping.index.tolist(),
                "label_after": flipping.label_after,
                "note": "upper bound: removed greedily by share, re-encoded each time",
            }
        near = []
        if self._similar is not None:
            near = self._similar.nearest(picture, options["nearest"], n_pairs=20)
            values["nearest"] = [
                {
                    "path": self._paths[one.index],
                    "label": one.label,
                    "similarity": one.similarity,
                    "matched_words": len(one.parts),
                }
                for one in near
            ]
        pictures = {}
        if self._ending is not None:
            pictures[self._ending] = self._draw(image.pixels, found, flipping, near)
        return Answer(values=values, pictures=pictures)

    def _draw(self, pixels: np.ndarray, found: Any, flipping: Any, near: list) -> np.ndarray:
        sheet = draw_explanation(pixels, found, flipping)
        if not near:
            return sheet
        others = [read_image(self._paths[one.index], max_side=640) for one in near]
        below = draw_neighbors(pixels, found, near, others, width=sheet.shape[1])
        width = max(sheet.shape[1], below.shape[1])
        out = np.full((sheet.shape[0] + below.shape[0], width, 3), PAPER, np.uint8)
        out[: sheet.shape[0], : sheet.shape[1]] = sheet
        out[sheet.shape[0] :, : below.shape[1]] = below
        return out


def _values(found: Any, scale: float) -> dict[str, Any]:
    """The explanation as JSON; positions in the file's pixels."""
    xy = ((found.xy.astype(float) + 0.5) * scale - 0.5).round(2).tolist()
    sizes = (found.scale.astype(float) * scale).round(3).tolist()
    return {
        "label": found.label,
        "against": found.against,
        "probabilities": {
            str(name): round(float(p), 6)
            for name, p in zip(found.classes, found.probabilities, strict=True)
        },
        "decision": found.decision,
        "bias": found.bias,
        "sum_of_shares": float(found.shares.sum()),
        "exact": found.exact,
        "how": found.how,
        "sum_property": "bias + sum_of_shares = decision" if found.sums else None,
        "keypoints": [
            {"xy": place, "scale": size, "share": share, **word}
            for place, size, share, word in zip(
                xy, sizes, found.shares.tolist(), _words(found), strict=True
            )
        ],
    }


def _words(found: Any) -> list[dict[str, int]]:
    if found.words is None:
        return [{} for _ in range(len(found))]
    both = zip(found.words.tolist(), found.members.tolist(), strict=True)
    return [{"word": word, "encoder": member} for word, member in both]
