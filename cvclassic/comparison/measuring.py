"""Measures one method on one set of images, in a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._basics.machine import peak_memory
from ..evaluate import Predictions, score_predictions
from ..images import load_pixels
from .corruptions import DAMAGES, damage_image
from .methods import CNNS, make_method

_SINGLE = 30  # images that the latency is taken from


@dataclass
class Measured:
    """What became of one contestant.

    Parameters
    ----------
    method : str
    classes, probabilities
        Answers for the test images, shape (n, n_classes).
    row : dict
        Plain numbers: ``fit_s`` (of a network from scratch, its longest budget),
        ``ms_per_image`` (all processors), ``latency_ms`` (one image at a time), ``peak_mb``,
        ``model_mb``, ``device`` and what the method says itself.
    budgets : list of dict
        For a network trained from scratch: accuracy after each budget.
    robustness : dict of str to list of (amount, accuracy)
        On the first images of the test, undamaged ones under ``"none"``.
    """

    method: str
    classes: Sequence
    probabilities: np.ndarray
    row: dict[str, Any]
    budgets: list[dict] = field(default_factory=list)
    robustness: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def predictions(self, paths: Sequence[str], truth: Sequence) -> Predictions:
        """The answers with the images and labels that they belong to."""
        labels = [self.classes[row.argmax()] if row.any() else None for row in self.probabilities]
        return Predictions(paths, truth, labels, self.classes, self.probabilities)


def measure_method(
    name: str,
    train: tuple[Sequence, Sequence],
    test: tuple[Sequence, Sequence],
    *,
    network: str | None = None,
    budgets: Sequence[float] = (60,),
    clock: str = "wall",
    seed: int = 0,
    n_damaged: int = 0,
) -> Measured:
    """Fit a contestant and measure it.

    Parameters
    ----------
    name : str
        Key of `METHODS`.
    train, test : (images, labels)
    network, budgets, clock, seed
        As in `make_method`.
    n_damaged : int
        Test images, evenly spread, to measure robustness on; 0 leaves it out.

    Returns
    -------
    Measured

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 28, 28), np.uint8)
    >>> found = measure_method("hog", (images, list("abababab")), (images, list("abababab")))
    >>> found.row["device"], found.probabilities.shape
    ('cpu', (8, 2))
    """
    method = make_method(
        name, network=network, budgets=budgets, clock=clock, seed=seed, n_jobs=os.cpu_count()
    )
    if name in CNNS:
        import torch  # noqa: F401  (its import is not part of the training)
    start = time.perf_counter()
    method.fit(*train)
    row: dict[str, Any] = {"fit_s": round(time.perf_counter() - start, 2), **method.about}
    images, truth = test
    start = time.perf_counter()
    probabilities = method.predict_proba(images)
    row["ms_per_image"] = round(1e3 * (time.perf_counter() - start) / len(images), 3)
    row["latency_ms"] = _latency(method, images)
    row["model_mb"] = round(method.n_bytes() / 1e6, 3)
    row["device"] = method.device
    found = Measured(name, method.classes_.tolist(), probabilities, row)
    trained = getattr(method, "trained", [])
    if trained:  # the shorter budgets were paid for in the same run, and are no part of its time
        row["fit_s"] = trained[-1].budget
    for one in trained:
        shares = method.predict_proba(images, one)
        found.budgets.append(
            {
                "budget_s": one.budget,
                "epochs": round(one.epochs, 1),
                "train_accuracy": round(one.train_accuracy, 4),
                **short_scores(truth, shares, found.classes),
            }
        )
    if n_damaged:
        found.robustness = _robustness(method, images, truth, n_damaged)
    peak = peak_memory()
    row["peak_mb"] = None if peak is None else round(peak / 1e6)
    return found


def short_scores(truth: Sequence, probabilities: np.ndarray, classes: Sequence) -> dict:
    """Accuracy, mean class accuracy, log loss and calibration error."""
    labels = [classes[row.argmax()] if row.any() else None for row in probabilities]
    scores = score_predictions(list(truth), labels, probabilities, classes)
    names = ("accuracy", "mean_class_accuracy", "log_loss", "expected_calibration_error")
    return {name: None if scores[name] is None else round(scores[name], 4) for name in names}


def _latency(method, images) -> float:
    """Median time of one image that comes alone, decoding included, in milliseconds."""
    spent = []
    for i in range(min(_SINGLE, len(images)) + 1):
        start = time.perf_counter()
        method.predict_proba([images[i % len(images)]])
        spent.append(time.perf_counter() - start)
    return round(1e3 * float(np.median(spent[1:])), 2)


def _robustness(method, images, truth, n: int) -> dict[str, list[tuple[float, float]]]:
    """Accuracy on damaged images."""
    rows = np.unique(np.linspace(0, len(images) - 1, min(n, len(images))).astype(int))
    pixels = [load_pixels(images[i], 480) for i in rows]
    labels = np.asarray([truth[i] for i in rows])

    def accuracy(pictures: list) -> float:
        answers = method.classes_[method.predict_proba(pictures).argmax(axis=1)]
        return round(float((answers == labels).mean()), 4)

    found = {"none": [(0.0, accuracy(pixels))]}
    for kind, (_, _, steps) in DAMAGES.items():
        found[kind] = [
            (step, accuracy([damage_image(image, kind, step) for image in pixels]))
            for step in steps
        ]
    return found
