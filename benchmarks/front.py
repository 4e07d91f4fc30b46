"""Accuracy against milliseconds per image: every recipe, on one core, as a plot.

Draws what ``python -m benchmarks accuracy`` has measured; nothing is measured here.
"""

from __future__ import annotations

import argparse
import json

from benchmarks import common


def plot(results: dict, path) -> None:
    """One line a data set through the recipes that no other beats in both."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, rows in results.items():
        points = sorted(
            (row["classify_ms"], 100 * row["mean_class_accuracy"], recipe)
            for recipe, row in rows.items()
            if recipe != "auto"  # it is one of the others
        )
        (line,) = axes.plot([], [], marker="o", label=name)
        front, best = [], -1.0
        for ms, accuracy, recipe in points:
            axes.plot(ms, accuracy, "o", color=line.get_color())
            axes.annotate(recipe, (ms, accuracy), (5, -9), textcoords="offset points", fontsize=8)
            if accuracy > best:
                front.append((ms, accuracy))
                best = accuracy
        axes.plot(*zip(*front, strict=True), color=line.get_color(), linewidth=1)
    ticks = [2, 5, 10, 20, 50, 100, 200]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.minorticks_off()
    axes.set_xlabel("milliseconds per image, one core, decoding included")
    axes.set_ylabel("mean class accuracy, test split (%)")
    axes.grid(alpha=0.3)
    axes.margins(x=0.1)
    axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Draw ``docs/front.png``."""
    argparse.ArgumentParser(prog="benchmarks front", description=__doc__).parse_args()
    results = json.loads((common.RESULTS / "accuracy.json").read_text(encoding="utf-8"))["results"]
    plot(results, common.RESULTS.parent.parent / "docs" / "front.png")


if __name__ == "__main__":
    main()
