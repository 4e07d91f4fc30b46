"""Names and one-line descriptions of recipes and heads, without importing NumPy."""

from __future__ import annotations

RECIPES: dict[str, str] = {
    "fast": "small copies of images: Fisher vectors of dense SIFT and color, and HOG",
    "fisher": "Fisher vectors of dense SIFT and color, HOG and scattering, weighted on the images",
    "best": "fisher on closer grids and with SIFT of color: slower, and better on color images",
    "embedding": "a pre-trained network's features, linear SVM",
    "fused": "fisher and a pre-trained network, weighted",
    "llc": "dense SIFT, locality-constrained linear coding",
    "phow": "dense SIFT, visual words, spatial pyramid, chi² map",
    "pixels": "small images: the pixels themselves",
    "hog": "small images: histograms of oriented gradients",
    "patches": "small images: K-means words of whitened patches",
    "small": "small images: patch words, HOG and scattering, weighted on the images",
    "kernels": "small images: fixed kernels, rectified and pooled",
    "vlad": "dense SIFT, VLAD with spatial pyramid",
    "sift-bow": "sparse SIFT, K-means visual words, chi² map",
}
"""Name of a recipe to what it is."""

WITH_NETWORK = ("embedding", "fused")
"""Recipes that need a pre-trained network."""

NETWORK = "efficientnet-lite0"
"""The network that they have unless another is given."""

AUTO = "tries several and keeps the best in cross-validation"

HEADS: dict[str, str] = {
    "svm": "linear or kernel SVM",
    "ridge": "linear ridge classifier",
    "ridge-rbf": "kernel ridge classifier",
    "mlp": "multi-layer perceptron",
    "mlp-wide": "one wide hidden layer",
    "mlp-deep": "several hidden layers",
    "mlp-linear": "no hidden layer, logistic",
    "perceptron": "no hidden layer, step activation",
    "mlp-regressor": "multi-layer perceptron for labels that are numbers",
}
"""Name of a classifier to what it is."""
