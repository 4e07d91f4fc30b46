"""Finds methods at chance level; they are excluded from the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scipy.stats import binomtest

from ..evaluate import Predictions, score_predictions
from .methods import CNNS

_RISK = 0.05
_LEARNED = 0.1  # above chance, in training accuracy: something has been learned


def is_at_chance(seen: Predictions, row: Mapping[str, Any]) -> bool:
    """Whether answers are no better than guessing.

    They are if the mean class accuracy is not above one over the number of classes, or if so few
    more are right that it may be chance and the training images are not known either.

    Parameters
    ----------
    seen : Predictions
    row : mapping
        May hold ``train_accuracy``.

    Returns
    -------
    bool

    Examples
    --------
    >>> truth = ["a", "b"] * 20
    >>> is_at_chance(Predictions(list(map(str, range(40))), truth, ["a"] * 40, ["a", "b"]), {})
    True
    """
    n_classes = len(set(seen.truth))
    if n_classes < 2:
        return False
    chance = 1 / n_classes
    scores = score_predictions(seen.truth, seen.labels, seen.probabilities, seen.classes)
    if scores["mean_class_accuracy"] <= chance + 1e-9:
        return True
    learned = row.get("train_accuracy")
    if learned is None or learned > chance + _LEARNED:
        return False
    right = int(seen.right.sum())
    return bool(binomtest(right, seen.n_images, chance, alternative="greater").pvalue > _RISK)


def say_chance(name: str, seen: Predictions, row: Mapping[str, Any]) -> str:
    """What to say of such a contestant, in a sentence."""
    n_classes = len(set(seen.truth))
    said = f"{seen.right.mean():.1%} of the test images, {1 / n_classes:.1%} by guessing"
    if name not in CNNS:
        return f"{name} is no better than guessing ({said}) and is left out of the verdict."
    details = [said]
    if row.get("epochs") is not None:
        details.append(f"{row['epochs']:g} epochs")
    if row.get("train_accuracy") is not None:
        details.append(f"{row['train_accuracy']:.1%} of its training images")
    seconds = row.get("fit_s")
    time = "in this time" if seconds is None else f"in {seconds:g} s"
    return (
        f"{name} has not started to learn {time} ({', '.join(details)}) and is left out of "
        "the verdict; give it a larger --budget."
    )
