"""VLFeat's phow recipe with VLFeat's C library: its demo's settings, restated; prints JSON.

The settings are those of ``apps/phow_caltech101.m`` (0.9.21): dense SIFT every 3 pixels with bins
of 4, 6, 8 and 10 pixels and a flat window, 600 words from 30 pictures, grids of 2 x 2 and 4 x 4,
chi2 map of order 1, linear SVM with C = 10.
"""

import csv
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.opponents import vlfeat

N_WORDS = 600
SIZES = (4, 6, 8, 10)
MAGNIFICATION = 6
_CONTRAST = 0.005


def describe(path: str) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Descriptors, positions and shape of a picture of at most 480 rows."""
    grey = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if grey.shape[0] > 480:
        grey = cv2.resize(grey, (round(grey.shape[1] * 480 / grey.shape[0]), 480))
    plane = grey.astype(np.float32) / 255
    height, width = plane.shape
    found, places = [], []
    for size in SIZES:
        smooth = cv2.GaussianBlur(plane, (0, 0), np.sqrt((size / MAGNIFICATION) ** 2))
        start = int(1.5 * (max(SIZES) - size))
        dsift = vlfeat.VlfeatDenseSift(
            width, height, step=3, bin_size=size, window="flat", origin=(start, start)
        )
        xy, contrast, descriptors = dsift.describe(smooth)
        dsift.close()
        descriptors[contrast < _CONTRAST] = 0
        found.append(descriptors)
        places.append(xy)
    return np.concatenate(found), np.concatenate(places), (height, width)


def main(manifest: str, files: str = "") -> None:
    """Train on the split "train", score on "test"; then label the files of a list."""
    if vlfeat.load() is None:
        sys.exit("libvl is not installed (Debian: apt-get install libvlfeat1)")
    folder = Path(manifest).parent
    with open(manifest, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    start = time.perf_counter()
    rng = np.random.default_rng(0)
    train = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    sample = []
    for i in rng.permutation(len(train))[:30]:
        descriptors = describe(str(folder / train[i]["path"]))[0]
        sample.append(descriptors[rng.permutation(len(descriptors))[: 100_000 // 30]])
    words = MiniBatchKMeans(N_WORDS, random_state=0, n_init=1, batch_size=4096)
    words.fit(np.concatenate(sample))
    centres = words.cluster_centers_.astype(np.float32)
    norms = 0.5 * (centres**2).sum(axis=1)

    def histogram(path: str) -> np.ndarray:
        descriptors, xy, (height, width) = describe(path)
        nearest = (descriptors @ centres.T - norms).argmax(axis=1)
        parts = []
        for n in (2, 4):
            across = np.minimum((xy[:, 0] * n / width).astype(int), n - 1)
            down = np.minimum((xy[:, 1] * n / height).astype(int), n - 1)
            cells = (down * n + across) * N_WORDS + nearest
            counts = np.bincount(cells, minlength=n * n * N_WORDS).astype(np.float32)
            parts.append(counts / max(counts.sum(), 1))
        joined = np.concatenate(parts)
        return joined / max(joined.sum(), 1e-12)

    X = np.array([histogram(str(folder / row["path"])) for row in train])
    model = make_pipeline(AdditiveChi2Sampler(sample_steps=2), LinearSVC(C=10))
    model.fit(X, [row["label"] for row in train])
    trained = time.perf_counter()
    predicted = model.predict(np.array([histogram(str(folder / row["path"])) for row in test]))
    ended = time.perf_counter()
    truth = np.array([row["label"] for row in test])
    accuracy = np.mean([(predicted[truth == k] == k).mean() for k in np.unique(truth)])
    result = {"mean_class_accuracy": float(accuracy), "train_s": trained - start}
    result["classify_ms"] = 1e3 * (ended - trained) / len(test)
    if files:
        paths = Path(files).read_text(encoding="utf-8").splitlines()
        start = time.perf_counter()
        model.predict(np.array([histogram(path) for path in paths]))
        result["files_s"] = time.perf_counter() - start
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
