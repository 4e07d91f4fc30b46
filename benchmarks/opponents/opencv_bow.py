"""OpenCV's own bag-of-words classes, as its samples use them: train, classify, print JSON."""

import csv
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

N_WORDS = 500


def main(manifest: str, files: str = "") -> None:
    """Train on the split "train", score on "test"; then label the files of a list."""
    folder = Path(manifest).parent
    with open(manifest, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    start = time.perf_counter()
    sift = cv2.SIFT_create()
    train = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    trainer = cv2.BOWKMeansTrainer(N_WORDS)
    for row in train:
        grey = cv2.imread(str(folder / row["path"]), cv2.IMREAD_GRAYSCALE)
        descriptors = sift.detectAndCompute(grey, None)[1]
        if descriptors is not None:
            trainer.add(descriptors)
    extractor = cv2.BOWImgDescriptorExtractor(sift, cv2.BFMatcher(cv2.NORM_L2))
    extractor.setVocabulary(trainer.cluster())

    def vector(path: str) -> np.ndarray:
        grey = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        keypoints = sift.detect(grey)
        found = extractor.compute(grey, keypoints) if keypoints else None
        return np.zeros(N_WORDS, np.float32) if found is None else found[0]

    classes = sorted({row["label"] for row in rows})
    X = np.array([vector(str(folder / row["path"])) for row in train], np.float32)
    y = np.array([classes.index(row["label"]) for row in train], np.int32)
    svm = cv2.ml.SVM_create()
    svm.setType(cv2.ml.SVM_C_SVC)
    svm.setKernel(cv2.ml.SVM_CHI2)
    svm.setC(10.0)
    svm.setGamma(1.0)
    svm.train(X, cv2.ml.ROW_SAMPLE, y)
    trained = time.perf_counter()

    def label(paths: list[str]) -> np.ndarray:
        vectors = np.array([vector(path) for path in paths], np.float32)
        return svm.predict(vectors)[1].ravel().astype(int)

    truth = np.array([classes.index(row["label"]) for row in test])
    right = label([str(folder / row["path"]) for row in test]) == truth
    accuracy = np.mean([right[truth == k].mean() for k in range(len(classes))])
    result = {"mean_class_accuracy": float(accuracy), "train_s": trained - start}
    result["classify_ms"] = 1e3 * (time.perf_counter() - trained) / len(test)
    if files:
        paths = Path(files).read_text(encoding="utf-8").splitlines()
        start = time.perf_counter()
        label(paths)
        result["files_s"] = time.perf_counter() - start
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
