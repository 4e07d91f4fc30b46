"""Draws the comparison with networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .comparison_verdict import budgets_of

_STYLES = {
    "fused": ("C3", "*"),
    "embedding": ("C2", "D"),
    "fisher": ("C0", "o"),
    "fast": ("C9", "o"),
    "phow": ("C4", "o"),
    "cnn-small": ("C1", "s"),
    "cnn-resnet": ("C5", "s"),
    "hog": ("C0", "o"),
    "patches": ("C9", "o"),
    "small": ("C4", "o"),
}


def draw(methods: dict, path: Path) -> None:
    """Accuracy of the methods on one data set over images a class, and over seconds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for method, (color, marker) in _STYLES.items():
        questions = methods.get(method, {})
        style = {"color": color, "marker": marker, "label": method, "ms": 5, "lw": 1.2}
        points = questions.get("curve", {}).get("points", [])
        xy = [(p["pictures_a_class"], 100 * p["mean_class_accuracy"]) for p in points]
        row = questions.get("full", {})
        if row.get("mean_class_accuracy") and (not xy or xy[-1][0] < 15):
            xy.append((15, 100 * row["mean_class_accuracy"]))
        if xy:
            left.plot(*zip(*xy, strict=True), **style)
        spent = [(p["budget_s"], p["mean_class_accuracy"]) for p in budgets_of(questions)]
        if not spent and "fit_s" in row:
            spent = [(row["fit_s"], row["mean_class_accuracy"])]
        if spent:
            right.plot(*zip(*((s, 100 * a) for s, a in spent), strict=True), **style)
    left.set(xlabel="training images per class", ylabel="mean class accuracy (%)", ylim=(0, 100))
    left.set_xscale("log")
    left.set_xticks([1, 2, 5, 10, 15], ["1", "2", "5", "10", "15"], minor=False)
    left.set_xlim(0.9, 17)
    right.set_xscale("log")
    right.set_xticks([10, 30, 60, 120, 300, 600], ["10", "30", "60", "120", "300", "600"])
    for axes in (left, right):
        axes.minorticks_off()
    right.set(xlabel="seconds of training", ylim=(0, 100))
    for axes in (left, right):
        axes.grid(alpha=0.3)
    handles: dict[str, Any] = {}
    for axes in (left, right):
        lines, labels = axes.get_legend_handles_labels()
        handles |= dict(zip(labels, lines, strict=True))
    right.legend(handles.values(), handles.keys(), fontsize=8, loc="lower right")
    figure.savefig(path, dpi=110)
    plt.close(figure)
