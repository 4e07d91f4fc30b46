"""VLFeat's phow recipe with VLFeat's C library: its demo's settings, restated; prints JSON.

The settings are those of ``apps/phow_caltech101.m`` (0.9.21): dense SIFT every 3 pixels with bins
of 4, 6, 8 and 10 pixels and a flat window, 600 words from 30 images, grids of 2 x 2 and 4 x 4,
chi2 map of order 1, linear SVM with C = 10.
"""

import sys
import time
from collections.abc import Sequence

import cv2
import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from . import vlfeat
from .task import answer, read_task

N_WORDS = 600
SIZES = (4, 6, 8, 10)
MAGNIFICATION = 6
_CONTRAST = 0.005


def describe(path: str) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Descriptors, positions and shape of an image of at most 480 rows."""
    gray = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if gray.shape[0] > 480:
        gray = cv2.resize(gray, (round(gray.shape[1] * 480 / gray.shape[0]), 480))
    plane = gray.astype(np.float32) / 255
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
    task = read_task(manifest)
    start = time.perf_counter()
    rng = np.random.default_rng(0)
    train, labels = task["train"]
    sample = []
    for i in rng.permutation(len(train))[:30]:
        descriptors = describe(train[i])[0]
        sample.append(descriptors[rng.permutation(len(descriptors))[: 100_000 // 30]])
    words = MiniBatchKMeans(N_WORDS, random_state=0, n_init=1, batch_size=4096)
    words.fit(np.concatenate(sample))
    centers = words.cluster_centers_.astype(np.float32)
    norms = 0.5 * (centers**2).sum(axis=1)

    def histogram(path: str) -> np.ndarray:
        descriptors, xy, (height, width) = describe(path)
        nearest = (descriptors @ centers.T - norms).argmax(axis=1)
        parts = []
        for n in (2, 4):
            across = np.minimum((xy[:, 0] * n / width).astype(int), n - 1)
            down = np.minimum((xy[:, 1] * n / height).astype(int), n - 1)
            cells = (down * n + across) * N_WORDS + nearest
            counts = np.bincount(cells, minlength=n * n * N_WORDS).astype(np.float32)
            parts.append(counts / max(counts.sum(), 1))
        joined = np.concatenate(parts)
        return joined / max(joined.sum(), 1e-12)

    model = make_pipeline(AdditiveChi2Sampler(sample_steps=2), LinearSVC(C=10))
    model.fit(np.array([histogram(path) for path in train]), labels)
    train_s = time.perf_counter() - start

    def label(paths: Sequence[str]) -> np.ndarray:
        return model.predict(np.array([histogram(path) for path in paths]))

    answer(label, task["test"], files, train_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
