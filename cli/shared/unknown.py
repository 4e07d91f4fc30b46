"""``train --unknown``: what it asks of the pictures, and what it found."""

from __future__ import annotations

import click


def check_unknown(estimator, data, rate: float, sets: bool) -> None:
    """Find out before the training what --unknown cannot do."""
    from sklearn.base import is_classifier

    from cvclassic.classify import UNKNOWN, pictures_needed
    from cvclassic.errors import DataError

    if not is_classifier(estimator):
        raise click.UsageError("--unknown needs a classifier. This head gives numbers.")
    if UNKNOWN in data.labels:
        raise DataError(f"A class is called {UNKNOWN!r}, which --unknown gives another meaning.")
    needed = pictures_needed(rate, "sets" if sets else "threshold")
    if len(data) < needed:
        raise DataError(
            f"--unknown {rate:g} needs at least {needed} pictures to be held out. Got {len(data)}."
        )


def calibrate(pipeline, kind: str, error_rate: float) -> dict:
    """Give the classifier its rule; what the summary says of it."""
    from cvclassic.classify import calibrate_unknown, probabilities

    rule = calibrate_unknown(pipeline[-1], error_rate, kind)
    chances = probabilities(pipeline[-1].held_out_[0], pipeline[-1].temperature_)
    about = {"kind": kind, "error_rate": error_rate, "cutoff": rule.cutoff}
    about |= {"n_held_out": rule.n_held_out}
    if kind == "threshold":
        return {**about, "share_answered": float(rule.answered(chances).mean())}
    return {**about, "mean_set_size": float(rule.members(chances).sum(axis=1).mean())}


def in_words(
    kind: str,
    error_rate: float,
    cutoff: float,
    n_held_out: int,
    share_answered: float = 0,
    mean_set_size: float = 0,
) -> str:
    """What the rule does, on one line."""
    if kind == "sets":
        return (
            f"sets of labels with a probability of at least {cutoff:.3f}: {mean_set_size:.2f} "
            f"labels on average of {n_held_out} held-out pictures; at most {error_rate:.1%} of the "
            "sets lack the right one"
        )
    return (
        f"below a probability of {cutoff:.3f}; {share_answered:.1%} of {n_held_out} held-out "
        f"pictures are answered, at most {error_rate:.1%} of the answers wrong (95% sure)"
    )
