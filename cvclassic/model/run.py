"""Record of a training: the data, what was held out, the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..classify import KeywordClassifier, probabilities
from ..classify.auto import Trial
from ..classify.training import Training
from ..evaluate import KeywordPredictions, Predictions
from ..images import DataNote

Failure = tuple[str, str, str]
"""Path, code and message of an image that could not be read."""


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """What `train` did. A model from a file has none.

    Parameters
    ----------
    paths, labels : list
        The images that could be read, in order, and their labels.
    images : sequence
        The same images.
    failures : list of (path, code, message)
        Images that could not be read.
    report : Training
        What happened while the recipe was fitted.
    trials : list of Trial
        What the recipe "auto" tried.
    held_out : Predictions, KeywordPredictions or None
        Answers for training images while they were held out; None where the head keeps none.
    seconds : dict of str to float
        Seconds that each stage took.
    notes : list of DataNote
        What the user should know: of the data, and of the model.
    """

    paths: list[str]
    labels: list
    images: Sequence
    failures: list[Failure]
    report: Training
    trials: list[Trial] = field(default_factory=list)
    held_out: Predictions | KeywordPredictions | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[DataNote] = field(default_factory=list)

    @property
    def without_features(self) -> list[str]:
        """Paths of images that showed nothing to learn from."""
        return [self.paths[i] for i in self.report.without_features]


def held_out_predictions(
    pipeline, without_features: Sequence[int], paths: Sequence[str], labels: Sequence
) -> Predictions | KeywordPredictions | None:
    """Answers for training images that were held out; None where the head keeps none.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Just fitted.
    without_features : sequence of int
        Numbers of images that the head did not see.
    paths, labels : sequence
        All training images and their labels.

    Returns
    -------
    Predictions, KeywordPredictions or None
    """
    head = pipeline[-1]
    held_out, rows = getattr(head, "held_out_", None), getattr(head, "held_out_rows_", ())
    if held_out is None or not len(rows) or len(rows) != len(held_out[0]):
        return None
    blank = set(without_features)
    seen = [i for i in range(len(paths)) if i not in blank]
    classes = pipeline.classes_.tolist()
    if isinstance(head, KeywordClassifier):
        chances = held_out[0].astype("float32")
        places = [seen[row] for row in rows]
        return KeywordPredictions(
            [paths[i] for i in places],
            [labels[i] for i in places],
            classes,
            chances,
            head.chosen(held_out[0]),
        )
    chances = probabilities(held_out[0], head.temperature_)
    places = [seen[row] for row in rows]
    return Predictions(
        [paths[i] for i in places],
        [labels[i] for i in places],
        [classes[j] for j in held_out[0].argmax(axis=1)],
        classes,
        chances.astype("float32"),
    )
