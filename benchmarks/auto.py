"""What ``train --recipe auto`` chooses within 1, 5 and 20 minutes, and how good that is.

Through the command line, on all processors: trained on the training part with each budget, scored
on the test part. The test accuracy of each recipe by itself is in the results of ``cnn`` and
``small``.
"""

from __future__ import annotations

import argparse

from .common import ROOT, data_dir, read_results, write_block, write_results
from .processes import manifest_parts, train_and_score

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
    return manifest_parts(str(data_dir() / name / "manifest.csv"))


def main() -> None:
    """Measure; rows of others in the results stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", choices=DATA, default=DATA)
    parser.add_argument("--budgets", nargs="*", type=int, default=BUDGETS, help="seconds")
    options = parser.parse_args()
    results = read_results("auto")
    for name in options.data:
        for budget in options.budgets:
            row = train_and_score(*parts(name), ["--budget", str(budget)])
            results.setdefault(name, {})[str(budget)] = row
            print(name, budget, row, flush=True)
            write_results("auto", results)
    write_block(PAGE, "auto", table(results))


def table(results: dict[str, dict]) -> str:
    """The table of docs/recipes.md."""
    lines = [
        "| images | budget | chosen | test accuracy | cross-validation | took |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for name in DATA:
        for budget, row in sorted(results.get(name, {}).items(), key=lambda item: int(item[0])):
            lines.append(
                f"| {name} | {int(budget) // 60} min | `{row['recipe']}` | "
                f"{row['mean_class_accuracy']:.1%} | {row['cv_accuracy']:.1%} | "
                f"{row['train_s']:,.0f} s |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
