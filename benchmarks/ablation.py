"""What each ingredient of the recipe `fisher` gains and costs, on objects and on scenes.

Trained on the train split and judged once on the test split: a report on choices that were
made by cross-validation, not a place to make them. Images are encoded once for each
member of the recipe; a row of the table is then another sum of inner products, classified
by kernel ridge regression whose penalty and block weights come from leaving training
images out in closed form. Writes ``results/ablation.json`` and ``docs/ablation.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
from joblib import parallel_config
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score

from benchmarks import common
from cvclassic.classify import (
    choose_block_weights,
    left_out_decisions,
    left_out_loss,
    make_recipe,
    one_against_rest,
)
from cvclassic.encode import FisherVector
from cvclassic.images import AugmentedImage, Picture, load_manifest, single_threaded

PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
TIMED = 60  # test images that the cost of a member is measured on
# changes of the member `coarse` alone: row -> parameters
CHANGES: dict[str, dict] = {
    "plain SIFT instead of RootSIFT": {"describer__root": False},
    "exact window instead of the flat one": {"describer__window": "exact"},
    "64 Gaussians instead of 128": {"n_gaussians": 64},
    "256 Gaussians instead of 128": {"n_gaussians": 256},
}
Grams = list[np.ndarray]
"""Inner products with the training images, one array of shape (n, n_train) a block."""


def blocks_of(encoder, vectors: np.ndarray, power: float) -> list[np.ndarray]:
    """Columns of each level of the pyramid, each cell normalized; one block for HOG."""
    if not isinstance(encoder, FisherVector):
        return [vectors]
    cells = [rows * columns for rows, columns in encoder.pyramid]
    shaped = vectors.reshape(len(vectors), sum(cells), -1)
    shaped = np.sign(shaped) * np.abs(shaped) ** np.float32(power)
    shaped /= np.maximum(np.linalg.norm(shaped, axis=2, keepdims=True), np.float32(1e-12))
    parts = np.split(shaped, np.cumsum(cells)[:-1], axis=1)
    return [part.reshape(len(vectors), -1) for part in parts]


def grams_of(encoder, vectors: np.ndarray, n_train: int, powers: Sequence[float]) -> dict:
    """Grams of an encoder's blocks for each power, over training and other images."""
    found = {}
    for power in powers:
        blocks = blocks_of(encoder, vectors, power)
        found[power] = [block @ block[:n_train].T for block in blocks]
    return found


def score(grams: Grams, labels, n_train: int, *, equal: bool = False, mirrored=False) -> dict:
    """Accuracy on the test images with weights chosen on the training images.

    Rows of the Grams are the training images, with `mirrored` also their mirror images,
    and then the test images.
    """
    numbers = np.unique(np.asarray(labels), return_inverse=True)[1]
    n_fit = 2 * n_train if mirrored else n_train
    train, test = numbers[:n_train], numbers[n_train:]
    own = np.stack([g[:n_train, :n_train] for g in grams])
    if equal:
        weights = 1 / np.sqrt(np.einsum("bnn->b", own) / n_train * len(own))
    else:
        weights, _ = choose_block_weights(own, train)
    gram = sum(w**2 * g for w, g in zip(weights.astype(np.float32), grams, strict=True))
    copies = 2 if mirrored else 1
    fitted = np.tile(train, copies)
    square = np.ascontiguousarray(gram[:n_fit, :n_fit])
    groups = np.tile(np.arange(n_train), copies) if mirrored else None
    first = np.arange(n_fit) < n_train
    penalty = min(PENALTIES, key=lambda p: left_out_loss(square, fitted, p, groups, first))
    targets = one_against_rest(fitted, int(train.max()) + 1)
    held = left_out_decisions(square + 1, targets, penalty, groups)[:n_train].argmax(axis=1)
    solved = np.linalg.solve(
        square.astype(float) + 1 + penalty * np.eye(n_fit), targets.astype(float)
    )
    answers = ((gram[n_fit:, :n_fit] + 1) @ solved).argmax(axis=1)
    return {
        "test_mean_class_accuracy": round(balanced_accuracy_score(test, answers), 4),
        "left_out_accuracy": round(float((held == train).mean()), 4),
    }


def cost(encoder, paths: list[str]) -> float:
    """Milliseconds per image on one core, decoding left out."""
    encoder = clone_fitted(encoder, n_jobs=1)
    pictures = [Picture(path) for path in paths]
    with single_threaded():
        encoder.transform(pictures)  # decodes them
        times = []
        for _ in range(3):
            start = time.process_time()
            encoder.transform(pictures)
            times.append((time.process_time() - start) / len(pictures) * 1e3)
    return round(float(np.median(times)), 1)


def clone_fitted(encoder, **params):
    """The same fitted encoder with other plumbing."""
    import copy

    return copy.copy(encoder).set_params(**params)


def measure(name: str, *, whole_table: bool) -> dict:
    """All rows of one data set; without `whole_table` only those that need no other encoding."""
    manifest = common.data_dir() / name / "manifest.csv"
    train, test = load_manifest(manifest, split="train"), load_manifest(manifest, split="test")
    n, labels = len(train.paths), [*train.labels, *test.labels]
    mirror = [AugmentedImage(path, [("mirror", 1.0)], (0,)) for path in train.paths]
    recipe = make_recipe("fisher", n_jobs=2, random_state=common.SEED)
    plain: dict[str, dict[float, Grams]] = {}
    doubled: dict[str, Grams] = {}
    costs: dict[str, float] = {}
    for member, encoder in recipe[0].transformer_list:
        if isinstance(encoder, FisherVector):
            encoder.set_params(power=1.0)
        encoder.fit(train.paths, train.labels)
        copies = mirror if whole_table else []
        vectors = encoder.transform([*train.paths, *copies, *test.paths])
        if copies:
            doubled[member] = [b @ b[: 2 * n].T for b in blocks_of(encoder, vectors, 0.25)]
            vectors = vectors[np.r_[:n, 2 * n : len(vectors)]]
        plain[member] = grams_of(encoder, vectors, n, (0.25, 0.5, 1.0))
        costs[member] = cost(encoder, test.paths[:TIMED])
        print(name, member, vectors.shape, costs[member], flush=True)
        del vectors
    members = list(plain)

    def joined(names: Sequence[str], power: float = 0.25, levels: Callable = list) -> Grams:
        return [gram for m in names for gram in levels(plain[m][power])]

    found: dict[str, dict] = {}

    def note(row: str, ms: float, result: dict) -> None:
        found[row] = {**result, "ms_per_picture": round(ms, 1)}
        print(f"{name:12} {row:40} {found[row]}", flush=True)

    whole = sum(costs.values())
    note("all of it", whole, score(joined(members), labels, n))
    for member in members:
        others = [m for m in members if m != member]
        ms = whole - costs[member]
        note(f"without the member {member}", ms, score(joined(others), labels, n))
    first = score(joined(members, levels=lambda grams: grams[:1]), labels, n)
    note("without pyramids", whole, first)
    note("square root, not fourth root", whole, score(joined(members, 0.5), labels, n))
    note("without power normalization", whole, score(joined(members, 1.0), labels, n))
    note("all blocks weigh the same", whole, score(joined(members), labels, n, equal=True))
    note("the member coarse alone", costs["coarse"], score(joined(["coarse"]), labels, n))
    if not whole_table:
        return found
    both = [gram for m in members for gram in doubled[m]]
    note("with mirror images in training", whole, score(both, labels, n, mirrored=True))
    base = dict(recipe[0].transformer_list)["coarse"]
    for row, change in CHANGES.items():
        encoder = clone(base).set_params(**change).fit(train.paths, train.labels)
        vectors = encoder.transform([*train.paths, *test.paths])
        grams = grams_of(encoder, vectors, n, (0.25,))[0.25]
        ms = cost(encoder, test.paths[:TIMED])
        note(f"coarse alone, {row}", ms, score(grams, labels, n))
    return found


def page(results: dict) -> str:
    """The table as a page of the documentation."""
    names = list(results)
    lines = [
        "# What each ingredient of `fisher` gains and costs",
        "",
        "Accuracy of training images left out (%), mean class accuracy on the test part",
        "(%) and milliseconds per image on one core, decoding left out. A row changes one thing.",
        "Choices were made by accuracy of the first kind, not from this table. The classifier is",
        "kernel ridge regression, whose",
        "penalty and block weights come from leaving training images out; the recipe's own SVM",
        "may differ by some tenths of a point. One run each. A test image more or less is worth",
        "0.07 points on caltech101 and 0.22 on scene15: small differences say little.",
        "",
        "Made by `python -m benchmarks ablation`.",
        "",
        "| | " + " | ".join(f"{name} left out | test | ms" for name in names) + " |",
        "|---|" + "---:|---:|---:|" * len(names),
    ]
    for row in results[names[0]]:
        cells = []
        for name in names:
            found = results[name][row]
            for kind in ("left_out_accuracy", "test_mean_class_accuracy"):
                cells.append(f"{100 * found[kind]:.1f}")
            cells.append(found["ms_per_picture"])
        lines.append(f"| {row} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write the results and the page."""
    parser = argparse.ArgumentParser(prog="benchmarks ablation", description=__doc__)
    parser.add_argument("--data", nargs="+", default=["caltech101", "scene15"])
    parser.add_argument("--short", action="store_true", help="only rows that share an encoding")
    options = parser.parse_args()
    results = common.read_results("ablation")
    for name in options.data:
        with parallel_config(backend="loky"):
            results[name] = measure(name, whole_table=not options.short)
        common.write_results("ablation", results)
    docs = common.RESULTS.parent.parent / "docs" / "ablation.md"
    docs.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
