"""End to end against the peers: from a folder to a model, from a model to N labeled files.

Each contestant is one process: cvclassic through its command line, the peers as the scripts that
people write with them (benchmarks/opponents), all on the same split; of slow peers the time for N
files is that for the images of the test, times their number. The numbers of single steps
come from encode_speed (dense SIFT, words, vocabularies: OpenCV, VLFeat, faiss, scikit-learn),
fisher_speed (VLFeat) and detect_speed (scikit-image, OpenCV); ``--parts`` runs those too.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from .common import data_dir, read_results, write_results
from .processes import CVCLASSIC, measure_process

PEERS = {
    "tutorial script (OpenCV SIFT, scikit-learn)": "tutorial_script",
    "OpenCV's BOW classes": "opencv_bow",
    "scikit-image HOG, scikit-learn SVM": "skimage_hog",
    "VLFeat's phow, C library": "vlfeat_phow",
}
QUICK_PEERS = ("skimage_hog",)
RECIPES = ("sift-bow", "fast", "phow", "fisher")
PARTS = ("encode_speed", "fisher_speed", "detect_speed")
N_FILES = 10_000


def smaller(folder: Path, scratch: Path, n_classes: int | None) -> str:
    """A manifest of the first classes, with absolute paths."""
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = set(sorted({row["label"] for row in rows})[:n_classes])
    path = scratch / "manifest.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["path", "label", "split"], extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            if row["label"] in kept:
                writer.writerow({**row, "path": str(folder / row["path"])})
    return str(path)


def many_files(manifest: str, scratch: Path, n: int) -> Path:
    """A folder of n names for the test images, and a list of them."""
    with open(manifest, newline="", encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file) if row["split"] == "test"]
    folder = scratch / "files"
    folder.mkdir()
    names = []
    for i, path in zip(range(n), itertools.cycle(paths), strict=False):
        names.append(folder / f"{i:06}{Path(path).suffix}")
        os.symlink(path, names[-1])
    (scratch / "files.txt").write_text("\n".join(map(str, names)), encoding="utf-8")
    return folder


def ours(recipe: str, manifest: str, scratch: Path, files: Path) -> dict:
    """cvclassic: train, evaluate and classify, each a command."""
    model, scores = scratch / f"{recipe}.cvmodel", scratch / "scores.json"
    data = ["--manifest", manifest, "--quiet"]
    train = [*CVCLASSIC, "train", *data, "--split", "train", "--recipe", recipe, "--no-report"]
    trained = measure_process([*train, "-o", str(model)])
    evaluate = [*CVCLASSIC, "evaluate", str(model), *data, "--split", "test"]
    measure_process([*evaluate, "--json", str(scores)])
    classify = [*CVCLASSIC, "classify", str(model), str(files), "--quiet"]
    classified = measure_process([*classify, "-o", str(scratch / f"{recipe}.csv")])
    accuracy = json.loads(scores.read_text(encoding="utf-8"))["mean_class_accuracy"]
    return {
        "mean_class_accuracy": round(accuracy, 4),
        "train_s": round(trained["wall_s"], 1),
        "files_s": round(classified["wall_s"], 1),
        "peak_mb": round(max(trained["peak_mb"], classified["peak_mb"])),
    }


def theirs(script: str, manifest: str, scratch: Path, n: int, limit: float) -> dict:
    """A peer's script; one that is slow is taken by its time for an image of the test."""
    listed = [str(scratch / "files.txt")] if script in QUICK_PEERS else []
    command = [sys.executable, "-m", f"benchmarks.opponents.{script}", manifest, *listed]
    try:
        found = measure_process(command, limit)
    except subprocess.CalledProcessError as error:
        if error.returncode == -signal.SIGKILL:
            return {"stopped_after_s": round(limit)}
        return {"failed": f"exit code {error.returncode}"}
    row = json.loads(found["printed"])
    return {
        "mean_class_accuracy": round(row["mean_class_accuracy"], 4),
        "train_s": round(row["train_s"], 1),
        "files_s": round(row.get("files_s", n * row["classify_ms"] / 1e3), 1),
        "files_counted": "files_s" in row,
        "peak_mb": round(found["peak_mb"]),
    }


def main() -> None:
    """Measure the contestants that were asked for; others in the results stay."""
    parser = argparse.ArgumentParser(prog="benchmarks speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 classes, 300 files")
    parser.add_argument("--classes", type=int, help="the first so many of caltech101")
    parser.add_argument("--files", type=int, help=f"[default: {N_FILES:,}]")
    parser.add_argument("--only", nargs="*", help="contestants, by a part of their names")
    parser.add_argument("--minutes", type=float, default=20, help="that a peer gets")
    parser.add_argument("--parts", action="store_true", help="the single steps, too")
    options = parser.parse_args()
    n_classes = options.classes or (10 if options.quick else None)
    n = options.files or (300 if options.quick else N_FILES)
    name = "speed-quick" if options.quick else "speed"
    results = read_results(name)
    contestants = [*(f"cvclassic {recipe}" for recipe in RECIPES), *PEERS]
    if options.only:
        contestants = [c for c in contestants if any(part in c for part in options.only)]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        manifest = smaller(data_dir() / "caltech101", scratch, n_classes)
        files = many_files(manifest, scratch, n)
        for contestant in contestants:
            if contestant in PEERS:
                row = theirs(PEERS[contestant], manifest, scratch, n, 60 * options.minutes)
            else:
                row = ours(contestant.partition(" ")[2], manifest, scratch, files)
            about = {"n_classes": n_classes or 101, "n_files": n}
            results[contestant] = row | about | {"load": round(os.getloadavg()[0], 1)}
            print(contestant, results[contestant], flush=True)
            write_results(name, results)
    for part in PARTS if options.parts else ():
        subprocess.run([sys.executable, "-m", "benchmarks", part], check=True)


if __name__ == "__main__":
    main()
