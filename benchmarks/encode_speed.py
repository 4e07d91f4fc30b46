"""Dense SIFT, word assignment and vocabularies: time on one core beside the opponents'."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np

from cvclassic.describe import DenseSIFT, dense_sift_features
from cvclassic.encode import kmeans_words, nearest_words, normalize_histogram
from cvclassic.images import map_blocks, read_image

from .common import SEED, data_dir, interleave, read_results, show, threads, write_results
from .opponents import faiss_kmeans, opencv, scikit_learn, vlfeat

N_WORDS = 1000


def picture() -> np.ndarray:
    """A real image, brought to 512 x 512."""
    path = sorted((data_dir() / "bsds500_val").rglob("*.jpg"))[3]
    gray = cv2.cvtColor(read_image(path), cv2.COLOR_RGB2GRAY)
    return cv2.resize(gray, (512, 512), interpolation=cv2.INTER_AREA)


def dense_sift(repeats: int) -> dict:
    """Same image, same grid (step 4, bins of 8 pixels: 14,884 descriptors), one scale."""
    gray = picture()
    plane = gray / np.float32(255)
    options: dict[str, Any] = {"step": 4, "bin_size": 8}
    exact = dense_sift_features(gray, **options)
    contestants: dict[str, Callable[[], Any]] = {
        "cvclassic, exact window": lambda: dense_sift_features(gray, **options),
        "cvclassic, flat window": lambda: dense_sift_features(gray, window="flat", **options),
    }
    cosines = {}
    if vlfeat.load() is not None:
        for window in ("exact", "flat"):
            filter_ = vlfeat.VlfeatDenseSift(512, 512, window=window, **options)
            theirs = filter_.describe(plane)[2]
            own = dense_sift_features(gray, window=window, **options).descriptors
            cosines[window] = float((own * theirs).sum(axis=1).mean())
            contestants[f"VLFeat, {window} window"] = partial(filter_.describe, plane)
    sift = opencv.OpencvDenseSift(exact.xy, 8)
    contestants["cv2.SIFT.compute"] = lambda: sift.describe(gray)
    timings = {}
    for ours in ("exact", "flat"):
        # The opponents that take seconds are run fewer times.
        base = f"cvclassic, {ours} window"
        quick = {n: f for n, f in contestants.items() if n == base or n == "VLFeat, flat window"}
        slow = {n: f for n, f in contestants.items() if n == base or n not in quick}
        slow = {n: f for n, f in slow.items() if not n.startswith("cvclassic") or n == base}
        rows = interleave(slow, baseline=base, repeats=3, clock=time.process_time)
        rows |= interleave(quick, baseline=base, repeats=repeats, clock=time.process_time)
        show(rows, f"dense SIFT, {len(exact)} descriptors, one core, against {base}")
        timings[base] = rows
    print("  mean cosine with VLFeat:", cosines)
    return {"against": timings, "n_descriptors": len(exact), "mean_cosine_with_vlfeat": cosines}


def bag(repeats: int) -> dict:
    """Bag of 1,000 words of one image, from pixels to histogram, on the same dense grid."""
    gray = picture()
    options: dict[str, Any] = {"step": 4, "bin_size": 8, "window": "flat"}
    found = dense_sift_features(gray, **options)
    theirs = opencv.OpencvDenseSift(found.xy, 8).describe(gray).astype(np.float32)
    rng = np.random.default_rng(SEED)
    chosen = np.sort(rng.choice(len(theirs), N_WORDS, replace=False))
    words = found.descriptors[chosen]
    extractor = opencv.OpencvBag(found.xy, 8, theirs[chosen])

    def ours() -> np.ndarray:
        nearest = nearest_words(dense_sift_features(gray, **options).descriptors, words)
        return normalize_histogram(np.bincount(nearest, minlength=N_WORDS), "l1")

    rows = interleave(
        {
            "cvclassic, bag of words": ours,
            "cv2.BOWImgDescriptorExtractor": lambda: extractor.encode(gray),
        },
        baseline="cvclassic, bag of words",
        repeats=repeats,
        clock=time.process_time,
    )
    show(rows, f"bag of {N_WORDS} words of {len(theirs)} descriptors, pixels to histogram")
    alike = float(np.minimum(ours(), extractor.encode(gray)).sum())
    print(f"  histograms share {alike:.2f} of their mass")
    return {"bag": rows, "shared_mass": alike}


def assignment(repeats: int) -> dict:
    """Nearest of 1,000 words for 20,000 x 128 descriptors."""
    rng = np.random.default_rng(SEED)
    descriptors = rng.random((20_000, 128), dtype=np.float32)
    words = rng.random((N_WORDS, 128), dtype=np.float32)
    transposed = np.ascontiguousarray(words.T)
    product = np.empty((len(descriptors), N_WORDS), np.float32)
    matcher = opencv.OpencvWords(words)
    rows = interleave(
        {
            "float32 matrix product alone": lambda: np.matmul(descriptors, transposed, out=product),
            "cvclassic nearest_words": lambda: nearest_words(descriptors, words),
            "cv2.BFMatcher (BOWImgDescriptorExtractor)": lambda: matcher.nearest(descriptors),
        },
        baseline="cvclassic nearest_words",
        repeats=repeats,
        clock=time.process_time,
    )
    show(rows, "20,000 descriptors, 1,000 words, one core")
    return rows


def _some_descriptors(jobs: list) -> list[np.ndarray]:
    describer, found = DenseSIFT(), []
    for path, share, seed in jobs:
        rows = describer.describe(path).descriptors
        chosen = np.random.default_rng(seed).permutation(len(rows))[:share]
        found.append(rows[np.sort(chosen)])
    return found


def caltech_sample(n: int) -> np.ndarray:
    """n dense RootSIFT descriptors of the training images of caltech101."""
    folder = data_dir() / "caltech101"
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        paths = [folder / row["path"] for row in csv.DictReader(file) if row["split"] == "train"]
    share = -(-n // len(paths)) + 30
    jobs = [(path, share, i) for i, path in enumerate(paths)]
    parts = [p for block in map_blocks(_some_descriptors, jobs, n_jobs=2) for p in block]
    return np.concatenate(parts)[:n]


def inertia(sample: np.ndarray, words: np.ndarray) -> float:
    """Sum of squared distances to the nearest word."""
    words = np.ascontiguousarray(words, np.float32)
    total = 0.0
    for start in range(0, len(sample), 50_000):
        part = sample[start : start + 50_000]
        total += float(((part - words[nearest_words(part, words)]) ** 2).sum(dtype=np.float64))
    return total


def vocabulary(n: int, names: list[str]) -> None:
    """1,000 words from n dense RootSIFT descriptors; seconds of processor time and inertia."""
    sample = caltech_sample(n)
    engines = {
        "cvclassic": lambda: kmeans_words(
            sample, N_WORDS, random_state=np.random.RandomState(SEED), n_jobs=1
        ),
        "minibatch": lambda: scikit_learn.mini_batch_kmeans(sample, N_WORDS, SEED),
        "faiss": lambda: faiss_kmeans.kmeans(sample, N_WORDS, SEED),
        "opencv": lambda: opencv.kmeans(sample, N_WORDS, SEED),
        "kmeans": lambda: scikit_learn.kmeans(sample, N_WORDS, SEED),
        "kmeans10": lambda: scikit_learn.kmeans(sample, N_WORDS, SEED, max_iter=10),
    }
    # rows of engines that are not asked for stay: one of them may take half an hour
    rows = read_results(f"vocabulary_{n}")
    print(f"{N_WORDS} words from {len(sample)} descriptors, one core")
    for name in names:
        if name == "faiss" and not faiss_kmeans.available():
            continue
        wall, start = time.perf_counter(), time.process_time()
        words = engines[name]()
        spent, wall = time.process_time() - start, time.perf_counter() - wall
        rows[name] = {
            "cpu_seconds": round(spent, 2),
            "wall_seconds": round(wall, 2),
            "inertia": round(inertia(sample, words), 2),
        }
        show({name: rows[name]})
        write_results(f"vocabulary_{n}", rows, n_descriptors=n, n_words=N_WORDS)


def main() -> None:
    """Run the parts that are asked for; one thread, processor time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--parts", nargs="+", default=["dense", "words", "bag"])
    parser.add_argument("--descriptors", type=int, default=100_000)
    parser.add_argument(
        "--engines", nargs="+", default=["cvclassic", "minibatch", "faiss", "opencv", "kmeans"]
    )
    arguments = parser.parse_args()
    with threads(1):
        if "dense" in arguments.parts:
            write_results("dense_sift_speed", dense_sift(arguments.repeats))
        if "words" in arguments.parts:
            write_results("assignment_speed", assignment(arguments.repeats))
        if "bag" in arguments.parts:
            write_results("bag_speed", bag(arguments.repeats))
        if "vocabulary" in arguments.parts:
            vocabulary(arguments.descriptors, arguments.engines)


if __name__ == "__main__":
    main()
