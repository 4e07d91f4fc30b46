"""Advice on what to use: classical features, a network from scratch, or a pre-trained one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..classify.catalog import WITH_NETWORK
from ..evaluate import Predictions, exact_mcnemar
from .chance import is_at_chance, say_chance
from .methods import CNNS

_SURE = 0.05  # p value below which a difference is one
_AHEAD = 0.02  # share that counts even where it may be chance
_FEW = 60  # test images below which only large differences show
_CLASSICAL = ("fast", "fisher", "best", "phow", "hog", "patches", "small")
_COSTS = {"fit_s", "latency_ms", "model_mb"}
GROUPS = {
    "classical": "classical features",
    "scratch": "a network trained from scratch",
    "pre-trained": "features of a pre-trained network",
    "elsewhere": "predictions of another program",
}


def group_of(method: str) -> str:
    """The kind of a contestant: a key of `GROUPS`.

    Examples
    --------
    >>> group_of("fisher"), group_of("cnn-small"), group_of("fused"), group_of("my.csv")
    ('classical', 'scratch', 'pre-trained', 'elsewhere')
    """
    if method in CNNS:
        return "scratch"
    if method in WITH_NETWORK:
        return "pre-trained"
    return "classical" if method in _CLASSICAL else "elsewhere"


@dataclass(frozen=True)
class Advice:
    """Advice for one set of images.

    Parameters
    ----------
    group : str
        Key of `GROUPS`.
    method : str
        The contestant of that group to take.
    headline : str
        One sentence. Where a network is better, it says so before anything else.
    reasons : list of str
        Why, a sentence each.
    caveats : list of str
        What the measurement cannot say.
    at_chance : dict of str to str
        Contestants that are no better than guessing, which take part in no verdict, and what to
        say of each.
    """

    group: str
    method: str
    headline: str
    reasons: list[str] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)
    at_chance: dict[str, str] = field(default_factory=dict)


def advise(
    answers: Mapping[str, Predictions],
    rows: Mapping[str, Mapping[str, Any]],
    left_out: Mapping[str, str] | None = None,
) -> Advice:
    """Say which kind of classifier suits a set of images.

    The classical method with the best held-out accuracy in training represents all classical ones;
    of the others the best in the test, which is kind to them. The cheapest kind (classical, then a
    trained network, then one from scratch) is left only for one that is better by McNemar's test at
    5%, or that is ahead by 2 points and more where the test is too small to tell.

    Parameters
    ----------
    answers : mapping of method to Predictions
        On the same test images.
    rows : mapping of method to dict
        ``fit_s``, ``latency_ms``, ``model_mb``, ``held_out_accuracy``, as far as they are known.
    left_out : mapping of method to str
        Contestants that were not measured, and why.

    Returns
    -------
    Advice

    Examples
    --------
    >>> def seen(labels):
    ...     return Predictions(list("wxyz"), list("aabb"), list(labels), ["a", "b"])
    >>> advise({"fast": seen("aabb"), "cnn-small": seen("abab")}, {}).group
    'classical'
    """
    left_out = left_out or {}
    at_chance = {
        name: say_chance(name, seen, rows.get(name, {}))
        for name, seen in answers.items()
        if is_at_chance(seen, rows.get(name, {}))
    }
    if len(at_chance) < len(answers):
        answers = {name: seen for name, seen in answers.items() if name not in at_chance}
    best = _champions(answers, rows)
    first = "classical" if "classical" in best else next(iter(best))
    chosen, reasons = first, []
    for group in ("pre-trained", "scratch", "elsewhere"):
        if group not in best or group == first:
            continue
        mine, other = best[chosen], best[group]
        ahead, p = _difference(answers[other], answers[mine])
        reasons.append(_compared(other, mine, answers, ahead, p))
        if ahead > 0 and (p < _SURE or ahead >= _AHEAD):
            chosen = group
    method = best[chosen]
    headline = _headline(chosen, method, best, answers)
    reasons += _costs(method, best, rows)
    if len(at_chance) == len(answers) and method in at_chance:
        headline = "Nothing here is better than guessing: no advice can be given on these images."
    reasons = [*at_chance.values(), *reasons]
    idle = [name for name in at_chance if name in CNNS]
    caveats = _caveats(answers, best, left_out, idle)
    return Advice(chosen, method, headline, reasons, caveats, at_chance)


def _champions(answers, rows) -> dict[str, str]:
    """The contestant that stands for each group."""
    best: dict[str, str] = {}
    held_out = {name: rows.get(name, {}).get("held_out_accuracy") for name in answers}
    for name in answers:
        group = group_of(name)
        if group not in best:
            best[group] = name
            continue
        rival = best[group]
        if group == "classical" and None not in (held_out[name], held_out[rival]):
            wins = held_out[name] > held_out[rival]
        else:
            wins = answers[name].right.mean() > answers[rival].right.mean()
        if wins:
            best[group] = name
    return best


def _difference(first: Predictions, second: Predictions) -> tuple[float, float]:
    """By how much the first is ahead, and McNemar's p value."""
    a, b = first.right, second.right
    return float(a.mean() - b.mean()), exact_mcnemar(int((a & ~b).sum()), int((b & ~a).sum()))


def _share(seen: Predictions) -> str:
    return f"{seen.right.mean():.1%}"


def _compared(other: str, mine: str, answers, ahead: float, p: float) -> str:
    """One comparison in a sentence."""
    shares = f"{other} has {_share(answers[other])} accuracy and {mine} {_share(answers[mine])}"
    if p < _SURE:
        return f"{shares}: a difference (p = {p:.2g})."
    size = f"{100 * abs(ahead):.1f} points"
    return f"{shares}: {size}, which may be chance on {answers[mine].n_images} images."


def _headline(chosen: str, method: str, best: dict[str, str], answers) -> str:
    """The advice in a sentence."""
    mine = _share(answers[method])
    if chosen == "classical":
        others = [GROUPS[group] for group in best if group != "classical"]
        beside = f", and nothing here is clearly better: {', '.join(others)}" if others else ""
        return f"Use classical features ({method}): {mine} accuracy on the test images{beside}."
    against = ""
    if "classical" in best:
        against = f", the best classical recipe ({best['classical']}) "
        against += _share(answers[best["classical"]])
    what, verb = {
        "pre-trained": ("A pre-trained network's features", ("are", "look")),
        "scratch": ("A network trained from scratch", ("is", "looks")),
        "elsewhere": ("The predictions of another program", ("are", "look")),
    }[chosen]
    if "classical" not in best:
        said = f"Use {GROUPS[chosen]}"
    elif _difference(answers[method], answers[best["classical"]])[1] < _SURE:
        said = f"{what} {verb[0]} better here"
    else:
        said = f"{what} {verb[1]} better here, but with too few images to be sure"
    return f"{said}: {method} has {mine} accuracy on the test images{against}."


def _costs(method: str, best: dict[str, str], rows) -> list[str]:
    """What the choice costs beside the others."""
    mine, said = rows.get(method, {}), []
    for name in best.values():
        row = rows.get(name, {})
        if name == method or not row.keys() & mine.keys() >= _COSTS:
            continue
        said.append(
            f"{method} trains in {mine['fit_s']:.0f} s, needs {mine['latency_ms']:.0f} ms per "
            f"image and {mine['model_mb']:.1f} MB; {name} {row['fit_s']:.0f} s, "
            f"{row['latency_ms']:.0f} ms and {row['model_mb']:.1f} MB."
        )
    return said


def _caveats(
    answers, best: dict[str, str], left_out: Mapping[str, str], idle: Sequence[str]
) -> list[str]:
    """What the result does not show."""
    said = []
    if "pre-trained" not in best:
        said.append(
            "No pre-trained network was compared. On photographs of everyday objects it is often "
            "better than anything trained here: pip install 'cvclassic[network]', or add yours "
            "with --network."
        )
    if "scratch" not in best and not idle:
        said.append("No network was trained from scratch: " + _why(left_out, CNNS))
    n = next(iter(answers.values())).n_images
    if n < _FEW:
        said.append(f"{n} test images are few: only large differences show.")
    return said


def _why(left_out: Mapping[str, str], names: Sequence[str]) -> str:
    return next((left_out[name] for name in names if name in left_out), "it was not requested.")
