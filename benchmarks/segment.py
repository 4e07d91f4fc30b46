"""How well does `segment train` do with its defaults? Vessels, cracks, membranes, nuclei.

Half of each set is for training (DRIVE's official halves; else a seeded half), the other half is
looked at once, at the end. The opponent is scikit-image's own example for trainable segmentation:
`multiscale_basic_features` and a random forest (50 trees of depth 10), learned from as many pixels;
its threshold is chosen *on the test images*, in its favor. Processor seconds are those of one
process with one thread, from the decoded image to the classes. `--scribbles` learns from thin lines
of at most 2% of the pixels instead of masks.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import cv2
import numpy as np

from cvclassic.evaluate import measure_image, segmentation_intervals, segmentation_scores
from cvclassic.images import read_image
from cvclassic.images.label_pictures import read_label_picture
from cvclassic.segment import InstanceRule, PixelClassifier, split_instances

from .common import ROOT, SEED, data_dir, read_results, threads, write_block, write_results

SETS = ("drive", "crackforest", "isbi2012", "dsb2018")


@dataclass
class Case:
    """An image and its mask: -1 where nothing counts, else class or object numbers."""

    image: np.ndarray
    mask: np.ndarray

    def labels(self) -> np.ndarray:
        """0 and 1, -1 where nothing counts."""
        return np.where(self.mask < 0, -1, (self.mask > 0).astype(np.int32))


def load(name: str) -> tuple[list[Case], list[Case]]:
    """Training and test half of a set."""
    folder = data_dir() / name
    cases = {}
    for path in sorted((folder / "images").iterdir()):
        image = read_image(path)
        mask = read_label_picture(next((folder / "masks").glob(f"{path.stem}.*")))
        if name == "isbi2012":
            mask = (mask == 0).astype(np.int32)
        if name == "drive":
            mask = np.where(read_label_picture(folder / "fov" / f"{path.stem}.png") > 0, mask, -1)
        cases[path.stem] = Case(image, mask)
    if name == "drive":
        train = [case for stem, case in cases.items() if "training" in stem]
        return train, [case for stem, case in cases.items() if "training" not in stem]
    everything = list(cases.values())
    order = np.random.default_rng(SEED).permutation(len(everything))
    half = len(everything) // 2
    return [everything[i] for i in order[:half]], [everything[i] for i in order[half:]]


def scribble(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Short strokes inside of each class, as a person draws them: 0 unmarked, 1, 2."""
    marks = np.zeros(labels.shape, np.int32)
    wanted = share * labels.size / 2
    for c in (0, 1):
        inside = labels == c
        drawn = 0
        starts = np.flatnonzero(inside)
        for _ in range(2000):
            if drawn >= wanted or not len(starts):
                break
            y, x = np.unravel_index(rng.choice(starts), labels.shape)
            angle = rng.uniform(0, 2 * np.pi)
            for step in range(40):
                v, u = round(y + step * np.sin(angle)), round(x + step * np.cos(angle))
                if not (0 <= v < labels.shape[0] and 0 <= u < labels.shape[1]) or not inside[v, u]:
                    break
                drawn += marks[v, u] == 0
                marks[v, u] = c + 1
    return marks


def ours(name: str, train: list[Case], test: list[Case], share: float | None) -> dict:
    """Train with the defaults, and score."""
    instances = name == "dsb2018" and share is None
    start = time.process_time()
    model = PixelClassifier(instances=instances, random_state=SEED, n_jobs=1)
    images = [case.image for case in train]
    if share is not None:
        rng = np.random.default_rng(SEED)
        marks = [scribble(case.labels(), share, rng) for case in train]
        model.fit(images, marks, scribbles=True)
    else:
        masks = [case.mask if instances else case.labels() for case in train]
        model.fit(images, masks)
    trained = time.process_time() - start
    measures, seconds, pixels = [], 0.0, 0
    for case in test:
        start = time.process_time()
        found, steps = model.segment(case.image)
        seconds += time.process_time() - start
        pixels += found.size
        found = (found == model.classes_[1]).astype(np.int32)
        split = None
        if name == "dsb2018":
            objects = split_instances(steps[0], model.rule_ or InstanceRule())
            split = (np.maximum(case.mask, 0), objects)
            if instances:
                found = (objects > 0).astype(np.int32)
        measures.append(measure_image(case.labels(), found, steps, 2, instances=split))
    return {
        **_kept(measures),
        "train_cpu_seconds": round(trained, 1),
        "cpu_seconds_per_megapixel": round(seconds / pixels * 1e6, 3),
        "n_stages": len(model.model_.stages),
        "held_out": round(model.held_out_value_, 4),
        "n_train": len(train),
        "n_test": len(test),
    }


def _kept(measures) -> dict:
    scores = segmentation_scores(measures)
    names = ("dice", "auc", "tolerant_f1", "boundary_f1", "instance_f1", "instance_ap")
    kept = {key: None if scores[key] is None else round(scores[key], 4) for key in names}
    low, high = segmentation_intervals(measures)["dice"]
    return {**kept, "dice_interval": [round(low, 4), round(high, 4)]}


def opponent(train: list[Case], test: list[Case]) -> dict:
    """scikit-image's features and scikit-learn's forest, its threshold chosen on the test."""
    from sklearn.ensemble import RandomForestClassifier

    start = time.process_time()
    rng = np.random.default_rng(SEED)
    rows, labels = [], []
    for case in train:
        truth = case.labels().ravel()
        chosen = []
        for c in (0, 1):
            members = np.flatnonzero(truth == c)
            n = min(len(members), 120_000 // (2 * len(train)))
            chosen.append(rng.choice(members, n, replace=False))
        index = np.concatenate(chosen)
        rows.append(_features(case.image).reshape(truth.size, -1)[index])
        labels.append(truth[index])
    forest = RandomForestClassifier(50, max_depth=10, n_jobs=1, random_state=SEED)
    forest.fit(np.concatenate(rows), np.concatenate(labels))
    trained = time.process_time() - start
    maps, seconds, pixels = [], 0.0, 0
    for case in test:
        start = time.process_time()
        features = _features(case.image)
        flat = features.reshape(-1, features.shape[-1])
        maps.append(forest.predict_proba(flat)[:, 1].reshape(features.shape[:2]))
        seconds += time.process_time() - start
        pixels += maps[-1].size
    threshold = _best_on_test(test, maps)
    measures = [
        measure_image(
            case.labels(),
            (shares > threshold).astype(np.int32),
            np.rint(255 * shares)[None].astype(np.uint8),
            2,
        )
        for case, shares in zip(test, maps, strict=True)
    ]
    return {
        **_kept(measures),
        "threshold": round(threshold, 2),
        "train_cpu_seconds": round(trained, 1),
        "cpu_seconds_per_megapixel": round(seconds / pixels * 1e6, 3),
    }


def _best_on_test(test: list[Case], maps: list[np.ndarray]) -> float:
    """The threshold with the largest Dice, in hundredths."""
    truth = np.concatenate([case.labels().ravel() for case in test])
    bins = np.concatenate([np.minimum(shares.ravel() * 100, 99) for shares in maps]).astype(int)
    known = truth >= 0
    everything = np.bincount(bins[known], minlength=100)[::-1].cumsum()[::-1]
    hits = np.bincount(bins[known & (truth == 1)], minlength=100)[::-1].cumsum()[::-1]
    return float((2 * hits / (everything + hits[0])).argmax()) / 100


def _features(image: np.ndarray) -> np.ndarray:
    from skimage.feature import multiscale_basic_features

    axis = None if image.ndim == 2 else -1
    gray = image.ndim == 3 and bool((image == image[..., :1]).all())
    if gray:
        image, axis = image[..., 0], None
    return multiscale_basic_features(image, channel_axis=axis, workers=1)


def table(results: dict) -> str:
    """The rows of the page."""
    lines = [
        "| set | method | Dice | AUC | F1 within 2 px | F1 of objects | CPU s per megapixel |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, methods in results.items():
        for method, row in methods.items():
            low, high = row["dice_interval"]
            objects = row.get("instance_f1")
            called = "cvclassic, scribbles" if method == "scribbles" else method
            lines.append(
                f"| {name} | {called} | {row['dice']:.3f} [{low:.3f}, {high:.3f}] | "
                f"{row['auc']:.3f} | {row['tolerant_f1']:.3f} | "
                f"{'' if objects is None else f'{objects:.3f}'} | "
                f"{row['cpu_seconds_per_megapixel']:.2f} |"
            )
    return "\n".join(lines)


def write_docs(results: dict) -> None:
    """Put the table on the page."""
    write_block(ROOT / "docs" / "segment.md", "segment", f"\n{table(results)}\n")


def main() -> None:
    """Run one or all sets and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--scribbles", type=float, metavar="SHARE", help="such as 0.02")
    parser.add_argument("--no-opponent", action="store_true")
    args = parser.parse_args()

    def keep(name: str, method: str, row: dict) -> None:
        # read again: another set may have been measured beside this one
        results = read_results("segment")
        results.setdefault(name, {})[method] = row
        write_results("segment", {key: results[key] for key in SETS if key in results})
        print(name, method, row, flush=True)

    cv2.setNumThreads(1)
    with threads(1):
        for name in args.sets:
            train, test = load(name)
            if args.scribbles is not None:
                keep(name, "scribbles", ours(name, train, test, args.scribbles))
                continue
            keep(name, "cvclassic", ours(name, train, test, None))
            if not args.no_opponent:
                keep(name, "scikit-image", opponent(train, test))
    write_docs(read_results("segment"))


if __name__ == "__main__":
    main()
