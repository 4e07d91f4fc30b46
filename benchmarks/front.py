"""Accuracy against milliseconds a picture: every recipe, on one core, as a plot."""

from __future__ import annotations

import argparse
import json
import time

from sklearn.metrics import balanced_accuracy_score

from benchmarks import common
from cvclassic.classify import RECIPES, make_recipe
from cvclassic.images import load_manifest, single_threaded

TIMED = 100  # test pictures that are timed, decoding and all


def measure(recipe: str, name: str) -> dict:
    """Mean class accuracy on the test split and the cost of a picture."""
    manifest = common.data_dir() / name / "manifest.csv"
    train, test = load_manifest(manifest, split="train"), load_manifest(manifest, split="test")
    pipeline = make_recipe(recipe, n_jobs=2, random_state=common.SEED)
    start = time.perf_counter()
    pipeline.fit(train.paths, train.labels)
    seconds = time.perf_counter() - start
    accuracy = balanced_accuracy_score(test.labels, pipeline.predict(test.paths))
    known = pipeline.get_params()
    pipeline.set_params(**{key: 1 for key in known if key.endswith("n_jobs")})
    times = []
    with single_threaded():
        for _ in range(3):
            start = time.process_time()
            pipeline.predict(test.paths[:TIMED])
            times.append((time.process_time() - start) / TIMED * 1e3)
    return {
        "test_mean_class_accuracy": round(accuracy, 4),
        "cpu_ms_per_picture": round(sorted(times)[1], 2),
        "train_seconds": round(seconds, 1),
    }


def plot(results: dict, path) -> None:
    """One line a data set, cheapest recipe first; recipes on the front are joined."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, rows in results.items():
        points = sorted(
            (row["cpu_ms_per_picture"], 100 * row["test_mean_class_accuracy"], recipe)
            for recipe, row in rows.items()
        )
        (line,) = axes.plot([], [], marker="o", label=name)
        front, best = [], -1.0
        for ms, accuracy, recipe in points:
            axes.plot(ms, accuracy, "o", color=line.get_color())
            axes.annotate(recipe, (ms, accuracy), (4, 4), textcoords="offset points", fontsize=8)
            if accuracy > best:
                front.append((ms, accuracy))
                best = accuracy
        axes.plot(*zip(*front, strict=True), color=line.get_color(), linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds a picture, one core, decoding included")
    axes.set_ylabel("mean class accuracy, test split (%)")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    """Measure, print, and write ``results/front.json`` and ``results/front.png``."""
    parser = argparse.ArgumentParser(prog="benchmarks front", description=__doc__)
    parser.add_argument("--data", nargs="+", default=["caltech101", "scene15"])
    parser.add_argument("--recipes", nargs="+", default=sorted(set(RECIPES) - {"auto"}))
    options = parser.parse_args()
    path = common.RESULTS / "front.json"
    results = json.loads(path.read_text())["results"] if path.exists() else {}
    for name in options.data:
        for recipe in options.recipes:
            row = results.setdefault(name, {})[recipe] = measure(recipe, name)
            print(f"{name:12} {recipe:12} {row}", flush=True)
            common.write_results("front", results)
    plot(results, common.RESULTS / "front.png")


if __name__ == "__main__":
    main()
