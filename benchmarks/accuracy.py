"""Accuracy of every recipe on unseen pictures, with its costs, through the command line."""

from __future__ import annotations

import argparse

from .common import data_dir, write_results
from .processes import train_and_score

DATA_SETS = ("caltech101", "scene15")


def main() -> None:
    """Train and score each recipe on each data set."""
    from cvclassic.classify import RECIPES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", help="default: those for photographs, and auto")
    parser.add_argument("--data", nargs="*", choices=DATA_SETS, default=DATA_SETS)
    options = parser.parse_args()
    small = {"pixels", "hog", "patches", "kernels"}
    recipes = options.recipes or [*(name for name in RECIPES if name not in small), "auto"]
    results: dict[str, dict] = {}
    for data in options.data:
        manifest = str(data_dir() / data / "manifest.csv")
        results[data] = {}
        for recipe in recipes:
            row = train_and_score(manifest, ["--recipe", recipe])
            results[data][recipe] = row
            print(data, recipe, row, flush=True)
    if not options.recipes and tuple(options.data) == DATA_SETS:
        write_results("accuracy", results, split="test, on which nothing was tuned")


if __name__ == "__main__":
    main()
