"""What every opponent is asked: train on one split, score another, label a list of files."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np


def read_task(manifest: str) -> dict[str, tuple[list[str], np.ndarray]]:
    """Paths and labels of the splits of a manifest."""
    folder = Path(manifest).parent
    with open(manifest, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    parts = {}
    for split in ("train", "test"):
        mine = [row for row in rows if row["split"] == split]
        parts[split] = (
            [str(folder / row["path"]) for row in mine],
            np.array([row["label"] for row in mine]),
        )
    return parts


def answer(
    label: Callable[[Sequence[str]], np.ndarray],
    test: tuple[list[str], np.ndarray],
    files: str,
    train_s: float,
) -> None:
    """Score a trained labeller, have it label the files of a list, print JSON."""
    paths, truth = test
    start = time.perf_counter()
    predicted = label(paths)
    ended = time.perf_counter()
    accuracy = np.mean([(predicted[truth == k] == k).mean() for k in np.unique(truth)])
    result = {"mean_class_accuracy": float(accuracy), "train_s": train_s}
    result["classify_ms"] = 1e3 * (ended - start) / len(paths)
    if files:
        listed = Path(files).read_text(encoding="utf-8").splitlines()
        start = time.perf_counter()
        label(listed)
        result["files_s"] = time.perf_counter() - start
    print(json.dumps(result))
