"""How a model gets better with more images per class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from .._basics.checks import check_bool, check_integer, seed_number
from ..classify import described_rows, fit_recipe
from ..errors import DataError, ParameterError

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True)
class LearningCurve:
    """Scores of models trained on few to many images.

    Parameters
    ----------
    sizes : list of int
        Training images per class.
    accuracy, mean_class_accuracy : ndarray of shape (n_sizes, n_repeats)
        On the test images; each column is another choice of training images.
    refit : bool
        Whether the encoder learned from the chosen images alone; else it is the pipeline's own,
        which has seen all of its training images, without their labels.
    n_test : int
    """

    sizes: list[int]
    accuracy: np.ndarray
    mean_class_accuracy: np.ndarray
    refit: bool
    n_test: int

    def summary(self) -> list[tuple[int, float, float, float, float]]:
        """Size, mean and standard deviation of both scores, a row each."""
        spread = 1 if self.accuracy.shape[1] > 1 else 0
        return [
            (size, a.mean(), a.std(ddof=spread), m.mean(), m.std(ddof=spread))
            for size, a, m in zip(self.sizes, self.accuracy, self.mean_class_accuracy, strict=True)
        ]

    def to_dict(self) -> dict:
        """Plain values, to be written as JSON."""
        return {
            "sizes": self.sizes,
            "accuracy": self.accuracy.tolist(),
            "mean_class_accuracy": self.mean_class_accuracy.tolist(),
            "refit": self.refit,
            "n_test": self.n_test,
        }

    def to_pandas(self) -> Any:
        """One row per size and repeat.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        from .._basics.frames import import_pandas

        rows = [
            {
                "images_per_class": size,
                "repeat": j,
                "accuracy": self.accuracy[i, j],
                "mean_class_accuracy": self.mean_class_accuracy[i, j],
            }
            for i, size in enumerate(self.sizes)
            for j in range(self.accuracy.shape[1])
        ]
        return import_pandas().DataFrame(rows)

    def plot(self) -> Any:
        """Draw mean and spread of both accuracies; returns a matplotlib Figure."""
        from ..draw.learning_curve import learning_curve_figure

        return learning_curve_figure(self)

    def _repr_html_(self) -> str:
        from ..draw.figures import html_table

        rows = [
            (size, f"{a:.1%} ± {s:.1%}", f"{m:.1%} ± {t:.1%}")
            for size, a, s, m, t in self.summary()
        ]
        headers = ("images per class", "accuracy", "mean class accuracy")
        return html_table(rows, headers, f"Learning curve, {self.n_test} test images")

    @classmethod
    def from_dict(cls, values: dict) -> LearningCurve:
        """The curve that `to_dict` wrote down.

        Raises
        ------
        DataError
            Something is missing or of the wrong kind.
        """
        try:
            sizes = [int(size) for size in values["sizes"]]
            accuracy = np.array(values["accuracy"], np.float64)
            by_class = np.array(values["mean_class_accuracy"], np.float64)
            good = accuracy.ndim == 2 and accuracy.shape == by_class.shape and accuracy.size > 0
            both = np.concatenate([accuracy, by_class])
            if not good or len(sizes) != len(accuracy) or not ((both >= 0) & (both <= 1)).all():
                raise ValueError
            return cls(sizes, accuracy, by_class, bool(values["refit"]), int(values["n_test"]))
        except (KeyError, TypeError, ValueError):
            raise DataError("expected the JSON file of a learning curve.") from None


def learning_curve(
    pipeline: Pipeline,
    images: Sequence,
    labels: Sequence,
    test_images: Sequence,
    test_labels: Sequence,
    sizes: Sequence[int] = SIZES,
    n_repeats: int = 5,
    *,
    refit: bool = False,
    random_state: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> LearningCurve:
    """Train on more and more images per class, and score each time.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, unless `refit`; not changed.
    images, labels : sequence
        Training images to choose from. With the smallest class of m images, sizes above m are
        left out and m is added.
    test_images, test_labels : sequence
    sizes : sequence of int
        Images per class, the same number for each class.
    n_repeats : int
        Choices of images; within one, a larger set holds the smaller ones.
    refit : bool, default=False
        False encodes every image once by the fitted encoder and trains only heads: quick, and
        slightly optimistic for small sizes, because the codebook comes from all images that the
        pipeline was trained on. True trains everything again for each choice.
    random_state : int, RandomState or None, default=0
    progress : callable, optional
        Called with the stage, the number done and the number in all.

    Returns
    -------
    LearningCurve

    Raises
    ------
    DataError
        There are fewer than two classes, or none of the images of a choice shows features.
    ParameterError
        A parameter is wrong.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 99, (40, 12, 12), np.uint8)
    >>> images[::2] += 100
    >>> model = make_recipe("pixels", "ridge").fit(images, ["a", "b"] * 20)
    >>> curve = learning_curve(
    ...     model, images[:20], ["a", "b"] * 10, images[20:], ["a", "b"] * 10, n_repeats=2)
    >>> curve.sizes, curve.accuracy.shape
    ([1, 2, 5, 10], (4, 2))
    """
    check_integer("n_repeats", n_repeats, 1)
    check_bool("refit", refit)
    for size in sizes:
        check_integer("sizes", size, 1)
    if len(images) != len(labels) or len(test_images) != len(test_labels):
        raise ParameterError("Give one label per image.")
    if not len(test_labels):
        raise ParameterError("Give at least one test image. Got none.")
    rng = np.random.default_rng(seed_number("random_state", random_state))
    progress = progress or (lambda stage, done, total: None)
    known = np.asarray(labels)
    classes, numbers = np.unique(known, return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"A learning curve needs at least 2 classes. Got {len(classes)}.")
    if refit:
        train = list(images)
        test = test_images
        usable = np.ones(len(train), bool)
    else:
        train = pipeline[:-1].transform(images)
        test = pipeline[:-1].transform(test_images)
        usable = described_rows(pipeline[0], train)
        # with no features there is nothing to learn from, and no answer
        blank = ~described_rows(pipeline[0], test)
    smallest = int(np.bincount(numbers[usable], minlength=len(classes)).min())
    if smallest < 1:
        raise DataError("Every class needs at least one image with usable features.")
    used = sorted({size for size in sizes if size < smallest} | {min(smallest, max(sizes))})
    truth = np.asarray(test_labels)
    shape = (len(used), n_repeats)
    accuracy, by_class = np.zeros(shape), np.zeros(shape)
    for repeat in range(n_repeats):
        order = rng.permutation(np.flatnonzero(usable))
        of_class = [order[numbers[order] == k] for k in range(len(classes))]
        for i, size in enumerate(used):
            progress("learning curve", repeat * len(used) + i, len(used) * n_repeats)
            chosen = np.sort(np.concatenate([rows[:size] for rows in of_class]))
            if refit:
                model = clone(pipeline)
                fit_recipe(model, [train[j] for j in chosen], known[chosen])
                vectors = model[0].transform(test)
                blank = ~described_rows(model[0], vectors)
                answers = model[1:].predict(vectors)
            else:
                head = clone(pipeline[-1]).fit(train[chosen], known[chosen])
                answers = head.predict(test)
            right = (answers == truth) & ~blank
            accuracy[i, repeat] = right.mean()
            by_class[i, repeat] = np.mean([right[truth == label].mean() for label in set(truth)])
    progress("learning curve", len(used) * n_repeats, len(used) * n_repeats)
    return LearningCurve(used, accuracy, by_class, refit, len(truth))
