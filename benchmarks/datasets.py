"""The data sets of the comparison, each as images to learn from and images to be judged on."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .common import data_dir

NAMES = ("caltech101", "scene15", "chihuahua_muffin", "mnist", "fashion_mnist")
SMALL = ("mnist", "fashion_mnist")  # 28 x 28 pixels


@dataclass
class DataSet:
    """Images (paths or arrays) and labels of both parts."""

    name: str
    train: tuple[list, list]
    test: tuple[list, list]

    def cut(self, n_train: int, n_test: int) -> DataSet:
        """Evenly spread parts of it, for quick runs."""

        def part(pair: tuple[list, list], n: int) -> tuple[list, list]:
            rows = np.unique(np.linspace(0, len(pair[1]) - 1, min(n, len(pair[1]))).astype(int))
            return [pair[0][i] for i in rows], [pair[1][i] for i in rows]

        return DataSet(self.name, part(self.train, n_train), part(self.test, n_test))


def load(name: str) -> DataSet:
    """A data set of the research data, or a folder of class folders, half of it for judging."""
    if name not in NAMES:
        return _folder(name)
    folder = data_dir()
    if name in SMALL:
        with np.load(folder / f"{name}.npz") as arrays:
            parts = [
                (list(arrays[f"x_{part}"]), arrays[f"y_{part}"].tolist())
                for part in ("train", "test")
            ]
        return DataSet(name, *parts)
    if name == "chihuahua_muffin":
        return DataSet(name, *(_classes(folder / name / part) for part in ("train", "validation")))
    with open(folder / name / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    parts = []
    for part in ("train", "test"):
        mine = [row for row in rows if row["split"] == part]
        paths = [str(folder / name / row["path"]) for row in mine]
        parts.append((paths, [row["label"] for row in mine]))
    return DataSet(name, *parts)


def _classes(folder: Path) -> tuple[list, list]:
    from cvclassic.images import load_folder

    found = load_folder(folder)
    return [str(path) for path in found.paths], list(found.labels)


def _folder(path: str) -> DataSet:
    from cvclassic.comparison import split_pictures

    images, labels = _classes(Path(path))
    parts = [
        ([images[i] for i in rows], [labels[i] for i in rows]) for rows in split_pictures(labels)
    ]
    return DataSet(Path(path).name, *parts)
