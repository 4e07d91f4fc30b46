"""The bag-of-words script that tutorials teach, as an opponent: OpenCV, KMeans, RBF-SVM.

Nothing is tuned and nothing is slowed down: it does what such scripts do, with the libraries'
defaults, and prints its accuracy and its stages' times as JSON.
"""

import csv
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

N_WORDS = 500


def main(manifest: str) -> None:
    """Train on the split "train", score on the split "test"."""
    folder = Path(manifest).parent
    with open(manifest, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    splits = {}
    for split in ("train", "test"):
        chosen = [row for row in rows if row["split"] == split]
        paths = [str(folder / row["path"]) for row in chosen]
        splits[split] = paths, [row["label"] for row in chosen]

    start = time.perf_counter()
    sift = cv2.SIFT_create()

    def describe(path: str) -> np.ndarray:
        image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        _, descriptors = sift.detectAndCompute(image, None)
        return np.zeros((0, 128), np.float32) if descriptors is None else descriptors

    paths, labels = splits["train"]
    described = [describe(path) for path in paths]
    kmeans = KMeans(n_clusters=N_WORDS, random_state=0).fit(np.vstack(described))

    def histogram(descriptors: np.ndarray) -> np.ndarray:
        counts = np.zeros(N_WORDS)
        if len(descriptors):
            for word in kmeans.predict(descriptors):
                counts[word] += 1
            counts /= counts.sum()
        return counts

    scaler = StandardScaler()
    X = scaler.fit_transform(np.array([histogram(descriptors) for descriptors in described]))
    classifier = SVC(kernel="rbf").fit(X, labels)
    trained = time.perf_counter()

    paths, labels = splits["test"]
    X = scaler.transform(np.array([histogram(describe(path)) for path in paths]))
    predicted = classifier.predict(X)
    tested = time.perf_counter()
    result = {
        "mean_class_accuracy": balanced_accuracy_score(labels, predicted),
        "train_s": trained - start,
        "classify_ms": 1e3 * (tested - trained) / len(paths),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
