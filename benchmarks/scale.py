"""Growth: time and memory of training against images, words, size, classes and workers.

Processor seconds of one worker, which a busy machine hardly changes; wall-clock seconds where
workers are the question. The slope is the exponent of a power law through the upper half of the
points, where start-up no longer counts: 1 is linear.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np

from .common import data_dir, read_results, write_results
from .processes import CVCLASSIC, measure_process

QUESTIONS = {
    "images": (100, 200, 400, 800, 1515),
    "words": (125, 250, 500, 1000, 2000),
    "side": (75, 150, 300, 600),
    "classes": (12, 25, 50, 101),
    "workers": (1, 2),
}
_LINEAR = 0.15  # so near to 1 counts as linear


def rows_of(question: str, value: int) -> list[dict]:
    """Training images: all, or those that the question wants."""
    folder = data_dir() / "caltech101"
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    if question == "classes":
        kept = sorted({row["label"] for row in rows})[:value]
        return [row for row in rows if row["label"] in kept]
    rows.sort(key=lambda row: row["path"].rpartition("/")[2])  # the classes mixed
    return rows[: value if question == "images" else 400]


def measure(question: str, value: int, recipe: str) -> dict:
    """Train once, in a process of its own."""
    rows, folder = rows_of(question, value), data_dir() / "caltech101"
    with tempfile.TemporaryDirectory() as scratch:
        manifest = Path(scratch, "part.csv")
        paths = [folder / row["path"] for row in rows]
        if question == "side":
            paths = _resized(paths, value, Path(scratch))
        with open(manifest, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "label"])
            writer.writerows(zip(paths, (row["label"] for row in rows), strict=True))
        command = [*CVCLASSIC, "train", "--quiet", "--no-report", "--manifest", str(manifest)]
        command += ["--recipe", recipe, "-o", f"{scratch}/model.cvmodel"]
        command += ["--jobs", str(value if question == "workers" else 1)]
        if question == "words":
            command += ["--param", f"n_words={value}"]
        if question == "side":
            command += ["--param", f"max_side={value}"]
        found = measure_process(command)
        size = Path(scratch, "model.cvmodel").stat().st_size
    return {
        question: value,
        "n_images": len(rows),
        "wall_s": round(found["wall_s"], 2),
        "cpu_s": round(found["cpu_s"], 2),
        "peak_mb": round(found["peak_mb"]),
        "model_mb": round(size / 1e6, 2),
    }


def _resized(paths: list[Path], side: int, scratch: Path) -> list[Path]:
    """The images with a long side of exactly `side` pixels."""
    import cv2

    from cvclassic.images import read_image, write_image

    out = []
    for i, path in enumerate(paths):
        image = read_image(path)
        factor = side / max(image.shape[:2])
        height, width = (max(1, round(n * factor)) for n in image.shape[:2])
        out.append(scratch / f"{i}.png")
        write_image(out[-1], cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
    return out


def slope(x: list[float], y: list[float]) -> float | None:
    """Exponent of a power law through the upper half of the points.

    >>> slope([1, 2, 4, 8], [3, 4, 16, 64])
    2.0
    """
    half = len(x) // 2 if len(x) > 3 else 0
    if len(x) - half < 2:
        return None
    return round(float(np.polyfit(np.log(x[half:]), np.log(y[half:]), 1)[0]), 2)


def in_words(exponent: float | None) -> str:
    """What an exponent means."""
    if exponent is None:
        return "too few points"
    if abs(exponent - 1) <= _LINEAR:
        return f"linear (exponent {exponent})"
    return f"{'less' if exponent < 1 else 'more'} than linear (exponent {exponent})"


def main() -> None:
    """Measure the questions that were asked; others in the results stay."""
    parser = argparse.ArgumentParser(prog="benchmarks scale", description=__doc__)
    parser.add_argument("--questions", nargs="*", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--recipe", default="sift-bow", help="the words' is sift-bow or phow")
    parser.add_argument("--quick", action="store_true", help="the three smallest of each")
    options = parser.parse_args()
    name = f"scale-{options.recipe}" + ("-quick" if options.quick else "")
    results = read_results(name)
    for question in options.questions:
        values = QUESTIONS[question][: 3 if options.quick else None]
        points = []
        for value in values:
            points.append(measure(question, value, options.recipe))
            print(question, points[-1], flush=True)
        key = "wall_s" if question == "workers" else "cpu_s"
        exponents = {
            what: slope([row[question] for row in points], [row[what] for row in points])
            for what in (key, "peak_mb")
        }
        results[question] = {"points": points, "exponents": exponents}
        if question == "workers":
            first, last = points[0], points[-1]
            gain = first["wall_s"] / last["wall_s"]
            results[question]["speed_up"] = round(gain, 2)
            print(f"  {last['workers']} workers are {gain:.2f} times as fast as one")
        else:
            print(f"  time: {in_words(exponents[key])}; memory: {in_words(exponents['peak_mb'])}")
        write_results(name, results, recipe=options.recipe)


if __name__ == "__main__":
    main()
