"""Training on 60,000 small images from the command line: time, memory and accuracy.

The data sets at hand hold 10,000 images to train on; five changed copies of each make as many as
the full data sets have. Copies cost what images cost, and teach less.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from .common import SEED, data_dir, read_results, write_results
from .processes import CVCLASSIC, measure_process

_CHANGES = {"mnist": "elastic=1,shift=1,rotate=8", "fashion_mnist": "mirror,shift=1"}
_COPIES = 5


def enlarge(name: str, path: Path, copies: int = _COPIES) -> int:
    """Write an array file with changed copies of the training images; how many there are."""
    from cvclassic.images import AugmentedImages, load_pixels

    with np.load(data_dir() / f"{name}.npz", allow_pickle=False) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
        images = AugmentedImages(x, _CHANGES[name], copies, SEED)
        every = np.stack([load_pixels(images[i]) for i in range(len(images))])
        labels = np.tile(y, copies + 1)
        np.savez(
            path, x_train=every, y_train=labels, x_test=arrays["x_test"], y_test=arrays["y_test"]
        )
    return len(every)


def measure(name: str, recipe: str, folder: Path) -> dict:
    """Train and evaluate in processes of their own."""
    data, model, scores = folder / f"{name}.npz", folder / "m.cvmodel", folder / "scores.json"
    n = len(np.load(data)["y_train"])
    command = [*CVCLASSIC, "train", "--npz", str(data), "--recipe", recipe, "-o", str(model)]
    found = measure_process([*command, "--no-report", "--quiet", "--jobs", "2"])
    measure_process(
        [*CVCLASSIC, "evaluate", str(model), "--npz", str(data), "--json", str(scores), "-q"]
    )
    score = json.loads(scores.read_text(encoding="utf-8"))
    return {
        "images": n,
        "wall_s": round(found["wall_s"], 1),
        "processor_s": round(found["cpu_s"], 1),
        "peak_gb": round(found["peak_mb"] / 1000, 2),
        "model_mb": round(model.stat().st_size / 1e6, 1),
        "test_accuracy": round(100 * score["accuracy"], 2),
    }


def main() -> None:
    """Measure some, and put them beside those that are there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recipes", nargs="+", default=["patches", "hog"])
    parser.add_argument("--data", nargs="+", choices=_CHANGES, default=list(_CHANGES))
    options = parser.parse_args()
    results = read_results("sixty_thousand")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.data:
            enlarge(name, Path(folder, f"{name}.npz"))
            for recipe in options.recipes:
                results[f"{name} {recipe}"] = measure(name, recipe, Path(folder))
                print(name, recipe, results[f"{name} {recipe}"], flush=True)
                write_results("sixty_thousand", results, split="test, on which nothing was tuned")


if __name__ == "__main__":
    main()
