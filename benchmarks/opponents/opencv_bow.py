"""OpenCV's own bag-of-words classes, as its samples use them: train, classify, print JSON."""

import sys
import time
from collections.abc import Sequence

import cv2
import numpy as np

from .task import answer, read_task

N_WORDS = 500


def main(manifest: str, files: str = "") -> None:
    """Train on the split "train", score on "test"; then label the files of a list."""
    task = read_task(manifest)
    start = time.perf_counter()
    sift = cv2.SIFT_create()
    train, labels = task["train"]
    trainer = cv2.BOWKMeansTrainer(N_WORDS)
    for path in train:
        gray = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        descriptors = sift.detectAndCompute(gray, None)[1]
        if descriptors is not None:
            trainer.add(descriptors)
    extractor = cv2.BOWImgDescriptorExtractor(sift, cv2.BFMatcher(cv2.NORM_L2))
    extractor.setVocabulary(trainer.cluster())

    def vector(path: str) -> np.ndarray:
        gray = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        keypoints = sift.detect(gray)
        found = extractor.compute(gray, keypoints) if keypoints else None
        return np.zeros(N_WORDS, np.float32) if found is None else found[0]

    classes, y = np.unique(labels, return_inverse=True)
    X = np.array([vector(path) for path in train], np.float32)
    svm = cv2.ml.SVM_create()
    svm.setType(cv2.ml.SVM_C_SVC)
    svm.setKernel(cv2.ml.SVM_CHI2)
    svm.setC(10.0)
    svm.setGamma(1.0)
    svm.train(X, cv2.ml.ROW_SAMPLE, y.astype(np.int32))
    train_s = time.perf_counter() - start

    def label(paths: Sequence[str]) -> np.ndarray:
        vectors = np.array([vector(path) for path in paths], np.float32)
        return classes[svm.predict(vectors)[1].ravel().astype(int)]

    answer(label, task["test"], files, train_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
