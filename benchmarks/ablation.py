"""What each ingredient of the dense recipes gains and costs, on objects and on scenes.

Trained on the train split and judged once on the test split: a report on choices that were
made by cross-validation, not a place to make them. ``--data`` and ``--only`` name a part of
the table; finished rows are kept in the results file and not computed again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import Pipeline

from benchmarks import common
from cvclassic.classify import SVM, WeightedUnion, fit_mirrored
from cvclassic.describe import ColorStats, DenseSift
from cvclassic.encode import FisherVector
from cvclassic.images import Picture, load_manifest, single_threaded

LEVELS = ((1, 1), (3, 1), (2, 2))
TIMED = 60  # test pictures that the cost is measured on


def _fisher(n_gaussians=128, n_components=64, pyramid=LEVELS, **describer) -> FisherVector:
    return FisherVector(DenseSift(**describer), n_gaussians, n_components, pyramid=pyramid)


def _color() -> FisherVector:
    return FisherVector(ColorStats(step=6), 64, 48, pyramid=((1, 1), (2, 2)))


# row -> the features; each differs from an earlier one in one thing
ROWS: dict[str, Callable[[], object]] = {
    "one scale, 64 Gaussians": lambda: _fisher(64, pyramid=((1, 1),), bin_sizes=(8,)),
    "SIFT instead of RootSIFT": lambda: _fisher(64, pyramid=((1, 1),), root=False),
    "four scales": lambda: _fisher(64, pyramid=((1, 1),)),
    "without power normalisation": lambda: _fisher(64, pyramid=((1, 1),)).set_params(power=1.0),
    "no projection": lambda: _fisher(64, None, pyramid=((1, 1),)),
    "128 Gaussians": lambda: _fisher(pyramid=((1, 1),)),
    "position in the mixture": lambda: _fisher(pyramid=((1, 1),)).set_params(augment_position=True),
    "pyramid": _fisher,
    "pyramid, levels weighted": lambda: WeightedUnion([("sift", _fisher())]),
    "coarser scales": lambda: WeightedUnion([("sift", _fisher(bin_sizes=(5, 7, 10, 14)))]),
    "fine and coarse apart": lambda: WeightedUnion(
        [
            ("coarse", _fisher(bin_sizes=(5, 7, 10, 14))),
            ("fine", _fisher(64, step=3, bin_sizes=(3, 5))),
        ]
    ),
    "with colour": lambda: WeightedUnion(
        [
            ("coarse", _fisher(bin_sizes=(5, 7, 10, 14))),
            ("fine", _fisher(64, step=3, bin_sizes=(3, 5))),
            ("color", _color()),
        ]
    ),
    "with colour, mirrored": lambda: ROWS["with colour"](),
}


def measure(row: str, name: str) -> dict:
    """Accuracy, cross-validated accuracy and costs of one row on one data set."""
    manifest = common.data_dir() / name / "manifest.csv"
    train, test = load_manifest(manifest, split="train"), load_manifest(manifest, split="test")
    pipeline = Pipeline([("features", ROWS[row]()), ("head", SVM())])
    settings = {"n_jobs": 2, "random_state": common.SEED}
    known = pipeline.get_params()
    shared = {key: settings[key.rpartition("__")[2]] for key in known if _ends(key, settings)}
    pipeline.set_params(**shared)
    start = time.perf_counter()
    used = fit_mirrored(pipeline, train.paths, train.labels, mirror=row.endswith("mirrored"))
    seconds = time.perf_counter() - start
    predicted = pipeline.predict(test.paths)
    pipeline.set_params(**{key: 1 for key in shared if key.endswith("n_jobs")})
    pictures = [Picture(path) for path in test.paths[:TIMED]]
    with single_threaded():
        start = time.process_time()
        pipeline.predict(pictures)
        ms = (time.process_time() - start) / len(pictures) * 1e3
    head = pipeline[-1]
    result = {
        "test_mean_class_accuracy": round(balanced_accuracy_score(test.labels, predicted), 4),
        "cv_accuracy": round(head.cv_accuracy_, 4),
        "train_seconds": round(seconds, 1),
        "cpu_ms_per_picture": round(ms, 1),
        "dimensions": int(head.coef_.shape[1]),
        "mirrored": used,
    }
    weights = getattr(pipeline[0], "weights_", None)
    if weights is not None:
        result["weights"] = np.round(weights, 3).tolist()
    return result


def _ends(key: str, settings: dict) -> bool:
    return key.rpartition("__")[2] in settings


def main() -> None:
    """Measure, print and write ``results/ablation.json``."""
    parser = argparse.ArgumentParser(prog="benchmarks ablation", description=__doc__)
    parser.add_argument("--data", nargs="+", default=["caltech101", "scene15"])
    parser.add_argument("--only", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--again", action="store_true", help="compute finished rows again")
    options = parser.parse_args()
    path = common.RESULTS / "ablation.json"
    results = json.loads(path.read_text())["results"] if path.exists() else {}
    for name in options.data:
        for row in options.only:
            if row in results.get(name, {}) and not options.again:
                continue
            results.setdefault(name, {})[row] = measure(row, name)
            print(f"{name:12} {row:28} {results[name][row]}", flush=True)
            common.write_results("ablation", results)


if __name__ == "__main__":
    main()
