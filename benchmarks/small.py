"""Small images and tables: accuracy, training time, what augmentation gains, encoding speed."""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import Any

import numpy as np

from .common import SEED, data_dir, interleave, read_results, write_results

_AUGMENT = "elastic=1,shift=1,rotate=8"

RECIPES = ("pixels", "hog", "patches", "small", "kernels")
_SPLITS = 5  # of the gamma rays


def _load(name: str) -> dict[str, np.ndarray]:
    with np.load(data_dir() / f"{name}.npz", allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _score(model, X, y) -> float:
    return round(100 * float((model.predict(X) == y).mean()), 2)


def _fit(model, X, y) -> dict:
    """Fit; seconds on the clock and of the processors."""
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(X, y)
    return {
        "train_s": round(time.perf_counter() - wall, 1),
        "train_processor_s": round(time.process_time() - cpu, 1),
    }


def arrays(names=("mnist", "fashion_mnist"), recipes=RECIPES) -> dict:
    """Accuracy on the test part after training on 10,000 images."""
    from cvclassic.classify import make_recipe

    results: dict[str, dict] = {}
    for name in names:
        data = _load(name)
        for recipe in recipes:
            model = make_recipe(recipe, random_state=SEED, n_jobs=2)
            row = _fit(model, data["x_train"], data["y_train"])
            start = time.perf_counter()
            row["test_accuracy"] = _score(model, data["x_test"], data["y_test"])
            row["ms_per_picture"] = round(
                1e3 * (time.perf_counter() - start) / len(data["x_test"]), 2
            )
            row["held_out_in_training"] = round(100 * float(model[-1].cv_accuracy_), 2)
            results[f"{name} {recipe}"] = row
            print(name, recipe, row, flush=True)
    return results


def augmentation(n: int = 1000) -> dict:
    """What changed copies gain where there are few images: mnist, first n of the train part."""
    from cvclassic.classify import Augmented, make_recipe

    data = _load("mnist")
    X, y = data["x_train"][:n], data["y_train"][:n]
    results = {}
    for recipe in ("pixels", "patches"):
        plain = make_recipe(recipe, random_state=SEED, n_jobs=2)
        more = Augmented(make_recipe(recipe, random_state=SEED, n_jobs=2), _AUGMENT, 3, SEED)
        rows = {}
        for name, model in (("plain", plain), ("augmented", more)):
            rows[name] = _fit(model, X, y)
            rows[name]["test_accuracy"] = _score(model, data["x_test"], data["y_test"])
        gain = rows["augmented"]["test_accuracy"] - rows["plain"]["test_accuracy"]
        results[f"mnist {n} {recipe}"] = {**rows, "augment": _AUGMENT, "gain": round(gain, 2)}
        print(recipe, results[f"mnist {n} {recipe}"], flush=True)
    return results


def magic() -> dict:
    """Gamma rays against hadrons: 70% to train on, 30% to judge by; means over seeded splits."""
    from cvclassic.classify import make_table_recipe
    from cvclassic.evaluate import score_predictions
    from cvclassic.images import load_table

    table = load_table(data_dir() / "magic_gamma" / "magic04.data", "class")
    labels = np.array(table.labels)
    results = {}
    for head in ("mlp-deep", "svm", "ridge"):
        rows = []
        for seed in range(_SPLITS):
            order = np.random.default_rng(seed).permutation(len(table))
            train, test = np.split(order, [round(0.7 * len(order))])
            model = make_table_recipe(table.columns, head, random_state=seed)
            row = _fit(model, table.rows[train], labels[train])
            scores = score_predictions(
                list(labels[test]),
                list(model.predict(table.rows[test])),
                model.predict_proba(table.rows[test]),
                list(model.classes_),
            )
            rows.append(row | {key: scores[key] for key in ("roc_auc", "accuracy", "log_loss")})
            print(head, seed, rows[-1], flush=True)
        found: dict[str, float | list[float]] = {
            key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]
        }
        found["roc_auc_of_each_split"] = [round(row["roc_auc"], 4) for row in rows]
        results[f"magic {head}"] = found
    return results


def dogs() -> dict:
    """chihuahua_muffin: five folds inside train, then the validation part."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    from cvclassic.classify import make_recipe
    from cvclassic.images import load_folder, spool_pictures

    train = load_folder(data_dir() / "chihuahua_muffin" / "train")
    unseen = load_folder(data_dir() / "chihuahua_muffin" / "validation")
    X, V = spool_pictures(train.paths), spool_pictures(unseen.paths)
    candidates = {
        "patches": make_recipe("patches", color=True, image_size=48, n_jobs=2, random_state=SEED),
        "pixels": make_recipe("pixels", color=True, n_jobs=2, random_state=SEED),
        "phow": make_recipe("phow", n_jobs=2, random_state=SEED),
    }
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    results = {}
    for name, model in candidates.items():
        shares = cross_val_score(model, X, train.labels, cv=folds)
        model.fit(X, train.labels)
        results[f"chihuahua_muffin {name}"] = {
            "five_fold_accuracy": round(100 * float(shares.mean()), 2),
            "five_fold_spread": round(100 * float(shares.std()), 2),
            "validation_accuracy": _score(model, V, np.array(unseen.labels)),
        }
        print(name, results[f"chihuahua_muffin {name}"], flush=True)
    return results


def _products(patches: np.ndarray, kernels: np.ndarray, answers: np.ndarray) -> None:
    for _ in range(20):
        np.matmul(patches, kernels, out=answers)


def _encode(words, blocks: list) -> None:
    for some in blocks:
        words._sized_vectors(some)


def speed(repeats: int = 15) -> dict:
    """Encoding against float32 products in the same run, one thread, in turns.

    ``share_of_square`` is the rate of the encoder's own product (2 n d k) over that of a product
    of 1000 x 1000; ``share_of_shape`` over a bare product of the encoder's shape.
    """
    from cvclassic.encode import PatchWords
    from cvclassic.images import single_threaded

    X = _load("mnist")["x_train"][:400]
    square = np.random.default_rng(SEED).random((1000, 1000), np.float32)
    room = np.empty_like(square)
    results = {}
    params: dict[str, Any]
    for label, params in (
        ("6 x 6 gray", {"patch_size": 6}),
        ("7 x 7 gray", {"patch_size": 7}),
        ("8 x 8 gray", {"patch_size": 8}),
        ("6 x 6 color", {"patch_size": 6, "color": True}),
    ):
        words = PatchWords(n_words=1000, n_patches=20_000, random_state=SEED, **params).fit(X)  # type: ignore[arg-type]
        blocks = [words._load(X[i : i + 8]) for i in range(0, 40, 8)]
        index, _ = words._grid()
        d, n = index.shape
        patches = np.ones((n, d), np.float32)
        kernels = np.ones((d, 1000), np.float32)
        answers = np.empty((n, 1000), np.float32)
        flop = 2 * n * d * 1000
        with single_threaded():
            times = interleave(
                {
                    "square": lambda: [np.matmul(square, square, out=room) for _ in range(5)],
                    "shape": partial(_products, patches, kernels, answers),
                    "encode": partial(_encode, words, blocks),
                },
                repeats=repeats,
                clock=time.process_time,
            )
        per = {
            "square": 5 * 2e9 / times["square"]["median_ms"],
            "shape": 20 * flop / times["shape"]["median_ms"],
            "encode": 40 * flop / times["encode"]["median_ms"],
        }
        results[f"encode {label}"] = {
            "gflops": {key: round(value / 1e6, 1) for key, value in per.items()},
            "share_of_square": round(per["encode"] / per["square"], 3),
            "share_of_shape": round(per["encode"] / per["shape"], 3),
            "us_per_picture": round(times["encode"]["median_ms"] * 1e3 / 40, 1),
        }
        print(label, results[f"encode {label}"], flush=True)
    return results


PARTS = {f.__name__: f for f in (arrays, augmentation, magic, dogs, speed)}


def main() -> None:
    """Run some parts and put their results beside those that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    options = parser.parse_args()
    results = read_results("small")
    for part in options.parts or PARTS:
        results |= PARTS[part]()
        write_results("small", results, split="test, on which nothing was tuned")


if __name__ == "__main__":
    main()
