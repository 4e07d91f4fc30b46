"""Fisher vectors and VLAD against VLFeat and scikit-image: speed on one core, and agreement.

The same descriptors (dense SIFT of real images, 64 principal components), the same mixture
or vocabulary; contestants take turns, one thread each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks import common
from benchmarks.opponents import vlfeat
from cvclassic.describe import DenseSIFT
from cvclassic.encode import (
    fisher_vector,
    fit_mixture,
    kmeans_words,
    nearest_words,
    principal_components,
    vlad_vector,
)
from cvclassic.images import load_manifest, read_image

N_DESCRIPTORS, N_COMPONENTS = 8_000, 64


def _descriptors() -> tuple[np.ndarray, np.ndarray]:
    """A sample to learn from and the descriptors of one image, projected."""
    data = load_manifest(common.data_dir() / "caltech101" / "manifest.csv")
    describe = DenseSIFT().describe
    sample = np.concatenate([describe(read_image(p)).descriptors[::10] for p in data.paths[:60]])
    mean, axes = principal_components(sample, N_COMPONENTS)
    one = np.concatenate([describe(read_image(p)).descriptors for p in data.paths[60:62]])
    return (sample - mean) @ axes.T, ((one - mean) @ axes.T)[:N_DESCRIPTORS].copy()


def _scikit_image(mixture):
    """scikit-image's function with the same mixture."""
    from skimage.feature import fisher_vector as encode
    from sklearn.mixture import GaussianMixture

    weights, means, variances = mixture
    model = GaussianMixture(len(weights), covariance_type="diag")
    model.weights_, model.means_, model.covariances_ = weights, means, variances
    model.precisions_cholesky_ = 1 / np.sqrt(variances)
    return lambda x, improved=True: encode(x, model, improved=improved)


def main() -> None:
    """Measure, print and write ``results/fisher_speed.json``."""
    results, agreement = {}, {}
    with common.threads(1):
        sample, x = _descriptors()
        for k in (64, 256):
            mixture = fit_mixture(sample, k, random_state=np.random.RandomState(common.SEED))
            skimage = _scikit_image(mixture)
            contestants: dict[str, Callable[[], Any]] = {
                f"cvclassic, {k} Gaussians": partial(fisher_vector, x, *mixture),
                "scikit-image": partial(skimage, x),
            }
            if vlfeat.load() is not None:
                contestants["VLFeat"] = partial(vlfeat.fisher_vector, x, *mixture)
                contestants["VLFeat, fast"] = partial(vlfeat.fisher_vector, x, *mixture, fast=True)
                ours, theirs = fisher_vector(x, *mixture), vlfeat.fisher_vector(x, *mixture)
                agreement[f"VLFeat, {k} Gaussians"] = {
                    "max_difference": float(np.abs(ours - theirs).max()),
                    "cosine": float(ours @ theirs),
                }
            ours = fisher_vector(x, *mixture, improved=False)
            theirs = skimage(x, improved=False)[k:] * np.repeat([1, -1], len(ours) // 2)
            agreement[f"scikit-image, {k} Gaussians"] = {
                "max_difference": float(np.abs(ours - theirs).max())
            }
            timed = common.interleave(contestants, repeats=5, clock=time.process_time)
            common.show(timed, f"Fisher vector, {len(x)} descriptors of {N_COMPONENTS} dimensions")
            results[f"fisher_{k}"] = timed

        words = kmeans_words(sample, 64, random_state=np.random.RandomState(common.SEED))
        contestants = {"cvclassic, 64 words": lambda: vlad_vector(x, words)}
        if vlfeat.load() is not None:
            dense = np.eye(64, dtype=np.float32)
            contestants["VLFeat (given the same assignment)"] = lambda: vlfeat.vlad_vector(
                x, words, dense[nearest_words(x, words)]
            )
            ours = vlad_vector(x, words)
            theirs = vlfeat.vlad_vector(x, words, dense[nearest_words(x, words)])
            agreement["VLFeat, VLAD"] = {"max_difference": float(np.abs(ours - theirs).max())}
        timed = common.interleave(contestants, repeats=5, clock=time.process_time)
        common.show(timed, f"VLAD, {len(x)} descriptors")
        results["vlad_64"] = timed
    for name, row in agreement.items():
        print(name, row)
    print(common.write_results("fisher_speed", results, agreement=agreement))


if __name__ == "__main__":
    main()
