"""Peak memory of training against the number of images, beside the vectors' own size.

The images are those of caltech101's training split; more than there are come again under other
names.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .common import data_dir, write_results
from .processes import CVCLASSIC, run_process

SIZES = (250, 500, 1000, 1515)


def main() -> None:
    """Train on growing parts of the training split and fit a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="sift-bow")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    recipe, sizes = options.recipe, options.sizes
    folder = data_dir() / "caltech101"
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    rows.sort(key=lambda row: row["path"].rpartition("/")[2])  # the classes mixed
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for size in sizes:
            manifest, model = Path(scratch, "part.csv"), f"{scratch}/model.cvmodel"
            with open(manifest, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["path", "label"])
                writer.writerows(_named(folder, rows, size, Path(scratch)))
            train = [*CVCLASSIC, "train", "--quiet", "--manifest", str(manifest), "-o", model]
            seconds, peak_mb, _ = run_process([*train, "--no-report", "--recipe", recipe])
            _, _, about = run_process([*CVCLASSIC, "info", model, "--json"])
            columns = json.loads(about)["pipeline"]["steps"][-1][1]["state"]["n_features_in_"]
            row = {
                "pictures": size,
                "train_s": round(seconds, 1),
                "peak_mb": round(peak_mb),
                "vectors_mb": round(size * columns * 4 / 1e6, 1),
            }
            found.append(row)
            print(recipe, row, flush=True)
    pictures = [row["pictures"] for row in found]
    slope = float(np.polyfit(pictures, [row["peak_mb"] for row in found], 1)[0])
    own = found[-1]["vectors_mb"] / sizes[-1]
    print(f"{recipe}: {1e3 * slope:.0f} kB an image; its vector takes {1e3 * own:.0f} kB")
    write_results(
        f"memory-{recipe}",
        {"runs": found, "kb_a_picture": 1e3 * slope, "vector_kb": 1e3 * own},
    )


def _named(folder: Path, rows: list[dict], size: int, scratch: Path) -> Iterator[list[str]]:
    """Paths and labels; an image that comes again has another name."""
    for i, row in zip(range(size), itertools.cycle(rows), strict=False):
        path = folder / row["path"]
        if i >= len(rows):
            name = scratch / f"again-{size}-{i:06}{path.suffix}"
            os.symlink(path, name)
            path = name
        yield [str(path), row["label"]]


if __name__ == "__main__":
    main()
