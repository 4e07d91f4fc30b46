"""Accuracy of every recipe on unseen images, with its costs, through the command line."""

from __future__ import annotations

import argparse

from cvclassic.classify.catalog import WITH_NETWORK

from .common import data_dir, read_results, write_results
from .processes import manifest_parts, train_and_score
from .small import RECIPES as SMALL

DATA_SETS = ("caltech101", "scene15")


def main() -> None:
    """Train and score each recipe on each data set; rows of others in the results stay."""
    from cvclassic.classify import RECIPES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", help="default: those for photographs, and auto")
    parser.add_argument("--data", nargs="*", choices=DATA_SETS, default=DATA_SETS)
    parser.add_argument("--network", default="efficientnet-lite0", help="name or file")
    options = parser.parse_args()
    others = {*SMALL, *WITH_NETWORK}  # here only if named
    recipes = options.recipes or [*(name for name in RECIPES if name not in others), "auto"]
    results = read_results("accuracy")
    for data in options.data:
        parts = manifest_parts(str(data_dir() / data / "manifest.csv"))
        results.setdefault(data, {})
        for recipe in recipes:
            network = ["--network", options.network] if recipe in WITH_NETWORK else []
            row = train_and_score(*parts, ["--recipe", recipe, *network])
            results[data][recipe] = row
            print(data, recipe, row, flush=True)
            write_results("accuracy", results, split="test, on which nothing was tuned")


if __name__ == "__main__":
    main()
