"""What ``train --recipe auto`` chooses within 1, 5 and 20 minutes, and how good that is.

Through the command line, on all processors: trained on the training part with each budget, scored
on the test part. Beside it stand what each recipe that it tried reached in cross-validation; the
test accuracy of each recipe by itself is in the results of ``cnn`` and ``small``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile

from .common import RESULTS, ROOT, data_dir, fill_block, write_results
from .processes import CVCLASSIC, run_process

BUDGETS = (60, 300, 1200)
DATA = ("mnist", "materials", "scene15", "caltech101")
PAGE = ROOT / "docs" / "recipes.md"


def parts(name: str) -> tuple[list[str], list[str]]:
    """Arguments that name the training and the test part."""
    if name == "materials":
        folder = ROOT / "sample_images" / name
        return [str(folder / "train")], [str(folder / "test")]
    if name == "mnist":
        file = str(data_dir() / "mnist.npz")
        return ["--npz", file], ["--npz", file]
    manifest = str(data_dir() / name / "manifest.csv")
    return ["--manifest", manifest, "--split", "train"], ["--manifest", manifest, "--split", "test"]


def measure(name: str, budget: int) -> dict:
    """Train with a budget and score."""
    train, test = parts(name)
    with tempfile.TemporaryDirectory() as folder:
        model, scores = os.path.join(folder, "m.cvmodel"), os.path.join(folder, "scores.json")
        seconds, megabytes, _ = run_process(
            [*CVCLASSIC, "train", *train, "-o", model, "--budget", str(budget), "--quiet"]
        )
        run_process([*CVCLASSIC, "evaluate", model, *test, "--json", scores, "--quiet"])
        with open(scores, encoding="utf-8") as file:
            scored = json.load(file)
        _, _, about = run_process([*CVCLASSIC, "info", model, "--json"])
    summary = json.loads(about)["summary"]
    return {
        "recipe": summary["recipe"],
        "accuracy": round(scored["mean_class_accuracy"], 4),
        "cv_accuracy": round(summary["cv_accuracy"], 4),
        "seconds": round(seconds),
        "peak_mb": round(megabytes),
        "tried": summary["tried"],
    }


def main() -> None:
    """Measure; rows of others in the results stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", choices=DATA, default=DATA)
    parser.add_argument("--budgets", nargs="*", type=int, default=BUDGETS, help="seconds")
    options = parser.parse_args()
    path = RESULTS / "auto.json"
    results: dict[str, dict] = (
        json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else {}
    )
    for name in options.data:
        for budget in options.budgets:
            row = measure(name, budget)
            results.setdefault(name, {})[str(budget)] = row
            print(name, budget, row, flush=True)
            write_results("auto", results)
    PAGE.write_text(
        fill_block("auto", table(results), PAGE.read_text(encoding="utf-8")), encoding="utf-8"
    )


def table(results: dict[str, dict]) -> str:
    """The table of docs/recipes.md."""
    lines = [
        "| images | budget | chosen | test accuracy | cross-validation | took |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for name in DATA:
        for budget, row in sorted(results.get(name, {}).items(), key=lambda item: int(item[0])):
            lines.append(
                f"| {name} | {int(budget) // 60} min | `{row['recipe']}` | {row['accuracy']:.1%} | "
                f"{row['cv_accuracy']:.1%} | {row['seconds']:,} s |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
