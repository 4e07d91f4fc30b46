"""The task of ``cvclassic match``."""

from __future__ import annotations

from typing import Any

from cvclassic.batch import Answer, Column, ImageTask, InputImage
from cvclassic.batch.columns import HEIGHT, WIDTH, DrawingColumn
from cvclassic.draw import draw_match, side_by_side
from cvclassic.match import match_images, similarity


class MatchTask(ImageTask):
    """Matches images with a first one, and draws what they have in common.

    Parameters
    ----------
    first : InputImage
        The image A.
    descriptors : list of str
    settings : dict
        As `match_images` has them.
    max_side : int
    similar : bool
        Print several measures of similarity.
    folder, ending : str or None
        Where drawings go; None for none.
    """

    block_size = 1
    compact = True

    def __init__(
        self,
        first: InputImage,
        descriptors: list[str],
        settings: dict[str, Any],
        max_side: int,
        similar: bool,
        folder: str | None,
        ending: str,
    ) -> None:
        self._first = first
        self._descriptors = descriptors
        self._settings = settings
        self.max_side = max_side
        self._similar = similar
        self._ending = ending if folder is not None else None
        self.columns = (WIDTH, HEIGHT, Column("results", "json"))
        if similar:
            self.columns += (Column("similarity", "json"),)
        if folder is not None:
            self.columns += (DrawingColumn("drawing", field=folder),)

    def about(self) -> dict[str, Any]:
        """The first image and the settings."""
        return {
            "first image": self._first.path,
            "settings": repr((self._descriptors, self._settings, self.max_side, self._similar)),
        }

    def process(self, image: InputImage) -> Answer:
        """Match one image."""
        pair = (self._first.pixels, image.pixels)
        found = {
            name: match_images(*pair, descriptor=name, **self._settings)
            for name in self._descriptors
        }
        factors = (self._first.factor, image.factor)
        values: dict[str, Any] = {
            "results": [
                {
                    "descriptor": name,
                    **(result if factors == (1, 1) else result.scaled(*factors)).to_dict(),
                }
                for name, result in found.items()
            ]
        }
        if self._similar:
            values["similarity"] = similarity(*pair)
        # lines on the terminal count in pixels of the images that were matched
        values["said"] = [_in_words(name, result) for name, result in found.items()]
        pictures = {} if self._ending is None else {self._ending: _draw(pair, found)}
        return Answer(values=values, pictures=pictures)


_LINES = 150  # of the descriptor with the most inliers, in a comparison


def _draw(pair: tuple, found: dict[str, Any]) -> Any:
    """One drawing, or one for each descriptor."""
    if len(found) == 1:
        return draw_match(pair[0], pair[1], next(iter(found.values())))
    most = max(max(result.n_inliers for result in found.values()), 1)
    # as many lines as inliers, on one scale for all, so that the panels can be compared
    share = min(1.0, _LINES / most)
    return side_by_side(
        [
            draw_match(
                pair[0],
                pair[1],
                result,
                overlay=False,
                title=name,
                limit=max(round(share * result.n_inliers), 1),
                width=1000,
            )
            for name, result in found.items()
        ]
    )


def _in_words(name: str, result: Any) -> str:
    na, nb = result.n_keypoints
    line = f"{name}: {na} and {nb} keypoints, {len(result.xy_a)} matches"
    if result.model is None:
        line += ", no consistent geometry"
    else:
        line += (
            f", {result.n_inliers} inliers of one {result.kind}"
            f", mean error {result.mean_error:.2f} px"
        )
    return line + (" (with simulated views)" if result.used_views else "")
