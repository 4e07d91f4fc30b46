"""What an explanation of an image consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ParameterError


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why an image was assigned to one class rather than another.

    Parameters
    ----------
    label, against : object
        The two classes.
    decision : float
        What the head decides for `label` minus what it decides for `against`; positive where
        it prefers `label`.
    bias : float
        The part of it that no keypoint contributes.
    xy : ndarray of shape (n, 2), float32
        Positions (x, y) in pixels of an image of `image_shape`.
    scale : ndarray of shape (n,), float32
        Diameter of the described neighborhood's unit, as in `LocalFeatures`; of windows, their
        side.
    shares : ndarray of shape (n,), float64
        Share of each keypoint in `decision`: positive speaks for `label`, negative for
        `against`. Unless the recipe sees the image as a whole,
        ``bias + shares.sum() == decision`` up to rounding.
    words : ndarray of shape (n,), int, or None
        Visual word or Gaussian of each keypoint.
    members : ndarray of shape (n,), int
        Which of the recipe's encoders, for recipes with several.
    classes : tuple
        All classes.
    decisions, probabilities : ndarray of shape (n_classes,), float64
        Output of the head for each class.
    exact : bool
        Whether the shares decompose the decision exactly; otherwise they approximate it.
    how : str
        How they were computed, in a sentence.
    image_shape : tuple of int
        Height and width of the image as the recipe sees it.
    image : ndarray of shape (H, W) or (H, W, 3), uint8, optional
        The image itself, to draw on.
    """

    label: object
    against: object
    decision: float
    bias: float
    xy: np.ndarray
    scale: np.ndarray
    shares: np.ndarray
    words: np.ndarray | None
    members: np.ndarray
    classes: tuple
    decisions: np.ndarray
    probabilities: np.ndarray
    exact: bool
    how: str
    image_shape: tuple[int, int]
    image: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.shares)

    def probability(self, label: object) -> float:
        """Probability of a class."""
        return float(self.probabilities[self.classes.index(label)])

    @property
    def sums(self) -> bool:
        """Whether the shares and the bias add up to the decision."""
        return self.words is not None

    def to_dict(self) -> dict[str, Any]:
        """Plain values: classes, decision, and position, size and share of each keypoint."""
        words: list = [None] * len(self) if self.words is None else self.words.tolist()
        return {
            "label": self.label,
            "against": self.against,
            "decision": self.decision,
            "bias": self.bias,
            "exact": self.exact,
            "how": self.how,
            "probabilities": {
                str(label): float(p)
                for label, p in zip(self.classes, self.probabilities, strict=True)
            },
            "image_shape": list(self.image_shape),
            "keypoints": [
                {"x": x, "y": y, "scale": scale, "share": share, "word": word, "encoder": member}
                for (x, y), scale, share, word, member in zip(
                    self.xy.tolist(),
                    self.scale.tolist(),
                    self.shares.tolist(),
                    words,
                    self.members.tolist(),
                    strict=True,
                )
            ],
        }

    def to_pandas(self) -> Any:
        """One row per keypoint: x, y, scale, share, word, encoder.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        from .._basics.frames import import_pandas

        columns = ["x", "y", "scale", "share", "word", "encoder"]
        return import_pandas().DataFrame(self.to_dict()["keypoints"], columns=columns)

    def draw(self, image: np.ndarray | None = None) -> np.ndarray:
        """The explanation drawn on the image: heat map, signed keypoints, legend.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3), uint8, optional
            Image to draw on, of any size; the explained image itself unless given.

        Returns
        -------
        ndarray of shape (H', W', 3), uint8

        Raises
        ------
        ParameterError
            There is no image to draw on.
        """
        from ..draw.explanations import draw_explanation

        pixels = self.image if image is None else image
        if pixels is None:
            raise ParameterError("image must be given: this explanation does not hold it.")
        return draw_explanation(pixels, self)

    def plot(self, image: np.ndarray | None = None) -> Any:
        """As `draw`, as a matplotlib Figure."""
        from ..draw.figures import image_figure

        return image_figure(self.draw(image))

    def _repr_html_(self) -> str:
        from ..draw.figures import html_image, html_table

        names = (
            (self.label, f"{self.probability(self.label):.1%}"),
            (self.against, f"{self.probability(self.against):.1%}"),
        )
        table = html_table(names, ("predicted or requested, and runner-up", "probability"))
        return table if self.image is None else html_image(self.draw(), self.how) + table


def class_column(classes: tuple, name: str, label: object) -> int:
    """Column of a class, which may be given as text.

    Raises
    ------
    ParameterError
        There is no such class; the message names those that come nearest.

    Examples
    --------
    >>> class_column((3, 7), "label", "7")
    1
    """
    from difflib import get_close_matches

    texts = [str(known) for known in classes]
    if label in classes:
        return classes.index(label)
    if str(label) in texts:
        return texts.index(str(label))
    near = get_close_matches(str(label), texts, 5, 0.5) or texts[:5]
    more = "" if len(texts) <= len(near) else " and others"
    raise ParameterError(
        f"{name} must be one of the model's {len(texts)} classes, such as "
        f"{', '.join(map(repr, near))}{more}. Got {str(label)!r} instead."
    )
