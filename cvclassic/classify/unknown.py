"""When to say "unknown", and sets of labels, with an error rate that holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from .._basics.checks import check_choice, check_number
from ..errors import DataError, ParameterError
from .calibration import probabilities
from .heads import Head

UNKNOWN = "unknown"
"""Label of an image that a model with an `UnknownRule` does not answer."""

KINDS = ("threshold", "sets")
CONFIDENCE = 0.95
"""How sure the bound of a threshold is: of so many training sets of 100 it holds."""

_SHARES = np.arange(20, 0, -1) / 20  # of the held-out images, that a threshold may answer


@dataclass(frozen=True)
class UnknownRule:
    """Rule for what a model answers when it is unsure.

    Parameters
    ----------
    kind : {"threshold", "sets"}
        "threshold": no answer where the highest probability is below `cutoff`. "sets": the
        answer is the set of the labels whose probability is at least `cutoff`, and of the most
        probable one in any case.
    error_rate : float
        For "threshold": at most this share of the answers is wrong, in 95 of 100 training sets.
        For "sets": at most this share of the sets lacks the true label, on average over
        training sets.
    cutoff : float
        From 0 to 1.
    n_held_out : int
        Training images that it was calibrated on while they were held out.
    """

    kind: str
    error_rate: float
    cutoff: float
    n_held_out: int

    def answered(self, chances: np.ndarray) -> np.ndarray:
        """Which rows of probabilities get a label; shape (n,), bool. Rows of zeros do not."""
        best = chances.max(axis=1)
        return (best > 0) & ((best >= self.cutoff) | (self.kind == "sets"))

    def members(self, chances: np.ndarray) -> np.ndarray:
        """Which labels are in the set of each row; shape (n, n_classes), bool.

        A row of zeros has an empty set.
        """
        best = chances.max(axis=1, keepdims=True)
        return (chances > 0) & ((chances >= self.cutoff) | (chances == best))


def error_bound(n_wrong, n, risk: float) -> np.ndarray:
    """Upper bound of an error rate by Clopper and Pearson; too low with chance `risk` at most.

    References
    ----------
    Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of
    the binomial", Biometrika 26(4), 1934.

    Examples
    --------
    >>> error_bound([0, 10], [59, 10], 0.05).round(3).tolist()
    [0.05, 1.0]
    """
    n_wrong, n = np.asarray(n_wrong), np.asarray(n)
    return np.where(n_wrong < n, beta.ppf(1 - risk, n_wrong + 1, np.maximum(n - n_wrong, 1)), 1.0)


def pictures_needed(error_rate: float, kind: str = "threshold") -> int:
    """Held-out images without which the error rate cannot be shown, even without a mistake.

    Examples
    --------
    >>> pictures_needed(0.05), pictures_needed(0.05, "sets")
    (59, 19)
    """
    if kind == "sets":
        return math.ceil(round(1 / error_rate - 1, 9))
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - error_rate))


def abstention_threshold(chances: np.ndarray, labels: np.ndarray, error_rate: float) -> UnknownRule:
    """The rule that answers most and is wrong in at most `error_rate` of its answers.

    The most confident 5%, 10%, ... 100% of held-out images are tried. A share passes if
    the bound of its error rate by Clopper and Pearson is low enough at a risk of 5% over the
    number of shares (those with too few images to pass are not counted), so that all of them hold
    together and the largest may be chosen.

    Parameters
    ----------
    chances : ndarray of shape (n, n_classes)
        Probabilities of images that were held out.
    labels : ndarray of shape (n,), int
        Columns of their true classes.
    error_rate : float

    Returns
    -------
    UnknownRule

    Raises
    ------
    DataError
        No share passes; the message names the lowest rate that would.

    References
    ----------
    Geifman & El-Yaniv, "Selective classification for deep neural networks", NeurIPS 2017,
    theorem 3.2; Angelopoulos et al., "Learn then test", 2021, section 2, for the choice among
    several bounds.

    Examples
    --------
    >>> chances = np.array([[0.9, 0.1], [0.1, 0.9], [0.8, 0.2], [0.45, 0.55]] * 50)
    >>> rule = abstention_threshold(chances, np.array([0, 1, 0, 0] * 50), 0.05)
    >>> rule.cutoff, rule.answered(chances[:4]).tolist()
    (0.8, [True, True, True, False])
    """
    _check_rate(error_rate)
    n = len(labels)
    best = chances.max(axis=1)
    order = np.argsort(-best, kind="stable")
    wrong = np.cumsum(chances.argmax(axis=1)[order] != labels[order])
    # images that a threshold cannot tell apart are answered together
    last = np.searchsorted(-best[order], -best[order], side="right")
    sizes = [int(last[max(round(share * n), 1) - 1]) for share in _SHARES] if n else []
    sizes = sorted(set(sizes), reverse=True)

    def passing(rate: float) -> int | None:
        able = sizes
        while able and (1 - rate) ** able[-1] > (1 - CONFIDENCE) / len(able):
            able = able[:-1]
        risk = (1 - CONFIDENCE) / max(len(able), 1)
        counts = np.array(able, int)
        good = error_bound(wrong[counts - 1], counts, risk) <= rate
        return int(counts[good][0]) if good.any() else None

    size = passing(error_rate)
    if size is None:
        lowest = next((rate for rate in np.arange(1, 100) / 100 if passing(float(rate))), 1.0)
        raise DataError(
            f"An error rate of {error_rate:g} cannot be guaranteed with {n} held-out images, "
            f"of which {int(wrong[-1]) if n else 0} were classified "
            f"wrongly: the lowest possible is "
            f"{lowest:g}. More images or a better recipe would lower it."
        )
    return UnknownRule("threshold", error_rate, float(best[order][size - 1]), n)


def conformal_sets(chances: np.ndarray, labels: np.ndarray, error_rate: float) -> UnknownRule:
    """The rule whose sets of labels lack the truth in at most `error_rate` of images.

    Parameters
    ----------
    chances, labels, error_rate
        As in `abstention_threshold`.

    Returns
    -------
    UnknownRule

    Raises
    ------
    DataError
        There are too few images.

    References
    ----------
    Vovk, Gammerman & Shafer, "Algorithmic learning in a random world", 2005, chapter 2;
    Angelopoulos & Bates, "A gentle introduction to conformal prediction", 2021, section 1
    (scores of 1 - p).

    Examples
    --------
    >>> chances = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.55, 0.45]] * 5)
    >>> rule = conformal_sets(chances, np.array([0, 1, 1, 0] * 5), 0.1)
    >>> rule.cutoff, rule.members(chances[1:3]).tolist()
    (0.4, [[True, True], [False, True]])
    """
    _check_rate(error_rate)
    n = len(labels)
    if n < pictures_needed(error_rate, "sets"):
        raise DataError(
            f"An error rate of {error_rate:g} needs {pictures_needed(error_rate, 'sets')} "
            f"held-out images. Got {n}."
        )
    own = np.sort(chances[np.arange(n), labels])[::-1]
    # the share of the next image's places in the order that are covered
    rank = min(math.ceil(round((n + 1) * (1 - error_rate), 9)), n)
    return UnknownRule("sets", error_rate, float(own[rank - 1]), n)


def calibrate_unknown(head: Head, error_rate: float, kind: str = "threshold") -> UnknownRule:
    """Give a fitted head a rule for uncertain images.

    It is calibrated on the decisions by which `fit` chose the head's penalty and temperature: of
    training images, by heads that had not seen them. Those learned from fewer images, which
    makes the rule a little cautious; the encoder had seen all, which makes it a little bold.

    Parameters
    ----------
    head : SVM, Ridge or MLP
        Fitted; gets the attribute ``unknown_``, which model files keep.
    error_rate : float
    kind : {"threshold", "sets"}

    Returns
    -------
    UnknownRule

    Raises
    ------
    DataError
        Nothing was held out, or it is too little for the error rate.

    Examples
    --------
    >>> from cvclassic.classify import SVMClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) + [[3, 0], [0, 3]] * 100
    >>> head = SVMClassifier(C=1.0).fit(X, ["a", "b"] * 100)
    >>> rule = calibrate_unknown(head, 0.05)
    >>> rule.n_held_out, head.unknown_ is rule
    (200, True)
    """
    check_choice("kind", kind, KINDS)
    held_out = getattr(head, "held_out_", None)
    if held_out is None:
        raise DataError("No training image could be held out: each class has only one.")
    decisions, labels = held_out
    chances = probabilities(decisions, head.temperature_)
    find = abstention_threshold if kind == "threshold" else conformal_sets
    head.unknown_ = find(chances, labels, error_rate)
    return head.unknown_


def check_rule(rule: UnknownRule) -> None:
    """Raise `ParameterError` unless the rule's values are possible."""
    check_choice("kind", rule.kind, KINDS)
    _check_rate(rule.error_rate)
    check_number("cutoff", rule.cutoff, 0)
    if rule.cutoff > 1:
        raise ParameterError(f"cutoff must be at most 1. Got {rule.cutoff!r}.")


def _check_rate(error_rate) -> None:
    check_number("error_rate", error_rate, 0, exclusive=True)
    if error_rate >= 1:
        raise ParameterError(f"error_rate must be below 1. Got {error_rate!r} instead.")
