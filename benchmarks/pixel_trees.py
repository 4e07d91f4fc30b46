"""What do our own symmetric trees of bytes cost, and lose, beside scikit-learn's?

The same features of the same pixels (DRIVE's training images: the first 14 are learned from, the
others are scored) go to each ensemble. Processor seconds are those of one thread, for all pixels of
an image, without the features.
"""

from __future__ import annotations

import time

import cv2
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score

from cvclassic.segment.features import channels_of, image_responses, learn_mixing
from cvclassic.segment.planes import (
    image_planes,
    learn_ranges,
    padded_crop,
    sample_responses,
    whole,
)
from cvclassic.segment.trees import score_planes, train_trees, useful_features

from .common import ROOT, SEED, threads, write_block, write_results
from .segment import load

N_LEVELS = 6
N_TRAIN = 14
PER_IMAGE = 4000


def main() -> None:
    """Measure all and write the results."""
    cv2.setNumThreads(1)
    cases = load("drive")[0]
    images = [case.image for case in cases]
    labels = [case.labels() for case in cases]
    mixing = learn_mixing(images[:N_TRAIN], labels[:N_TRAIN])
    ranges = learn_ranges([_sampled(image, mixing) for image in images[:N_TRAIN]])
    rng = np.random.default_rng(SEED)
    x, y = [], []
    for image, label in zip(images, labels, strict=True):
        planes = _planes(image, mixing, ranges, range(len(ranges)))
        index = rng.choice(np.flatnonzero(label >= 0), PER_IMAGE, replace=False)
        x.append(np.stack([plane.ravel()[index] for plane in planes]))
        y.append(label.ravel()[index])
    train, truth = np.concatenate(x[:N_TRAIN], axis=1), np.concatenate(y[:N_TRAIN])
    test, expected = np.concatenate(x[N_TRAIN:], axis=1), np.concatenate(y[N_TRAIN:])
    even = np.ones(len(truth))
    kept = useful_features(train, truth, even, 2, rng)
    train, test = np.ascontiguousarray(train[kept]), np.ascontiguousarray(test[kept])
    planes = _planes(images[-1], mixing, ranges, kept.tolist())
    flat = np.ascontiguousarray(np.stack([plane.ravel() for plane in planes]).T)
    results = {}
    with threads(1):
        start = time.process_time()
        trees = train_trees(train, truth, even, 2, rng)
        trained = time.process_time() - start
        start = time.process_time()
        score_planes(planes, trees)
        spent = time.process_time() - start
        auc = roc_auc_score(expected, score_planes(list(test[:, None]), trees).ravel())
        results["symmetric trees (100 of depth 7)"] = _row(auc, trained, spent, len(flat))
        for name, model in (
            (
                "scikit-learn, HistGradientBoostingClassifier (100 of 128 leaves)",
                HistGradientBoostingClassifier(
                    learning_rate=0.15, max_leaf_nodes=128, early_stopping=False, random_state=SEED
                ),
            ),
            (
                "scikit-learn, HistGradientBoostingClassifier (100 of 31 leaves)",
                HistGradientBoostingClassifier(
                    learning_rate=0.15, early_stopping=False, random_state=SEED
                ),
            ),
            (
                "scikit-learn, RandomForestClassifier (50 of depth 10)",
                RandomForestClassifier(50, max_depth=10, n_jobs=1, random_state=SEED),
            ),
        ):
            start = time.process_time()
            model.fit(train.T, truth)
            trained = time.process_time() - start
            start = time.process_time()
            model.predict_proba(flat)
            spent = time.process_time() - start
            auc = roc_auc_score(expected, model.predict_proba(test.T)[:, 1])
            results[name] = _row(auc, trained, spent, len(flat))
    for name, row in results.items():
        print(name, row)
    write_results("pixel_trees", results, n_features=len(kept), n_samples=len(truth))
    lines = ["| trees | AUC | CPU s to train | CPU s per megapixel |", "|---|---|---|---|"]
    for name, row in results.items():
        seconds = row["train_cpu_seconds"], row["cpu_seconds_per_megapixel"]
        lines.append(f"| {name} | {row['auc']:.4f} | {seconds[0]:.1f} | {seconds[1]:.2f} |")
    page = ROOT / "docs" / "decisions" / "0018-symmetric-trees-of-bytes.md"
    write_block(page, "pixel-trees", "\n".join(lines))


def _sampled(image: np.ndarray, mixing: np.ndarray) -> list[np.ndarray]:
    crop, _, _ = padded_crop(image, whole(image.shape), 0, 2 ** (N_LEVELS - 1))
    return sample_responses(image_responses(channels_of(crop, mixing), N_LEVELS))


def _planes(image: np.ndarray, mixing, ranges, wanted) -> list[np.ndarray]:
    return image_planes(image, whole(image.shape), mixing, ranges, N_LEVELS, 0, list(wanted))


def _row(auc: float, trained: float, spent: float, n: int) -> dict[str, float]:
    return {
        "auc": round(float(auc), 4),
        "train_cpu_seconds": round(trained, 2),
        "cpu_seconds_per_megapixel": round(spent / n * 1e6, 3),
    }


if __name__ == "__main__":
    main()
