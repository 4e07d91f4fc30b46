"""Others that find images again: OpenCV's matcher, a frozen network, faiss, perceptual hashes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.common import SEED, data_dir, summarize

NETWORK = "opponents/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
N_QUERIES = 20  # of the brute-force matcher, which takes seconds for each
PHASH_BITS = 10  # of 64 that copies may differ in, the usual choice


def absent(package: str) -> dict[str, str]:
    """What stands in place of figures."""
    return {"not measured": f"{package} is not installed"}


def _ranking(images: Sequence[str], scores: np.ndarray) -> list[str]:
    order = np.argsort(-np.asarray(scores), kind="stable")
    return [os.path.basename(images[i]) for i in order]


def brute_force(images: list[str], queries: Mapping[str, str], truth: dict) -> dict:
    """OpenCV's matcher with Lowe's ratio test: number of matches as the score."""
    import cv2

    from cvclassic.describe import SIFT
    from cvclassic.evaluate import score_rankings

    describer = SIFT(max_keypoints=500)
    features = [describer.describe(path).descriptors for path in images]
    names = list(truth)
    chosen = np.random.default_rng(SEED).choice(len(names), N_QUERIES, replace=False)
    matcher = cv2.BFMatcher()
    rankings, seconds = {}, []
    for i in chosen.tolist():
        query = describer.describe(queries[names[i]]).descriptors
        start = time.process_time()
        scores = []
        for other in features:
            pairs = matcher.knnMatch(query, other, k=2) if len(other) > 1 else ()
            scores.append(sum(len(p) == 2 and p[0].distance < 0.8 * p[1].distance for p in pairs))
        seconds.append(time.process_time() - start)
        rankings[names[i]] = _ranking(images, np.array(scores))
    return score_rankings(rankings, truth).to_dict() | {"time": summarize(seconds)}


def mobilenet(images: list[str], queries: Mapping[str, str], truth: dict) -> dict:
    """Cosines of the embedding of a MobileNet that was trained on ImageNet."""
    from cvclassic.describe import Embedding
    from cvclassic.errors import MissingDependencyError
    from cvclassic.evaluate import score_rankings

    try:
        network = Embedding(data_dir() / NETWORK).fit(images[:2])
    except MissingDependencyError:
        return absent("ai-edge-litert")
    vectors = network.transform(images)
    asked = network.transform([queries[name] for name in truth])
    rankings = {
        name: _ranking(images, vectors @ query) for name, query in zip(truth, asked, strict=True)
    }
    return score_rankings(rankings, truth).to_dict() | {"n_bytes": 4 * vectors.shape[1]}


def faiss_codes(images: list[str], queries: Mapping[str, str], truth: dict, compact) -> dict:
    """Product quantizers of faiss at 64 bytes, on the same vectors as our compact codes."""
    from cvclassic.evaluate import score_rankings
    from cvclassic.images import Picture

    try:
        import faiss
    except ImportError:
        return absent("faiss-cpu")
    vectors = np.vstack([compact.vectors([Picture(path)]) for path in images])
    asked = np.vstack([compact.vectors([Picture(queries[name])]) for name in truth])
    d = vectors.shape[1]
    kinds = {
        "faiss PQ 64 x 8 bits": faiss.IndexPQ(d, 64, 8, faiss.METRIC_INNER_PRODUCT),
        "faiss scalar quantizer, 4 bits": faiss.IndexScalarQuantizer(
            d, faiss.ScalarQuantizer.QT_4bit, faiss.METRIC_INNER_PRODUCT
        ),
        "not quantized": faiss.IndexFlatIP(d),
    }
    found: dict = {}
    faiss.omp_set_num_threads(1)
    for name, index in kinds.items():
        index.train(vectors)
        index.add(vectors)
        start = time.process_time()
        _, order = index.search(asked, len(images))
        seconds = (time.process_time() - start) / len(asked)
        rankings = {
            query: [os.path.basename(images[i]) for i in row]
            for query, row in zip(truth, order, strict=True)
        }
        found[name] = score_rankings(rankings, truth).to_dict() | {"ms": 1e3 * seconds}
    return found


def hashed_pairs(paths: Sequence[str]) -> dict[str, set[tuple[int, int]] | None]:
    """Pairs of images that perceptual hashes take for copies; None without imagehash."""
    try:
        import imagehash
    except ImportError:
        return {"imagehash phash": None, "imagehash crop-resistant": None}
    from PIL import Image

    def load(path: str):
        with Image.open(path) as image:
            return image.convert("RGB")

    images = [load(path) for path in paths]
    bits = np.array([imagehash.phash(image).hash.ravel() for image in images], np.float32) * 2 - 1
    near = (64 - bits @ bits.T) / 2 <= PHASH_BITS
    resistant = [imagehash.crop_resistant_hash(image) for image in images]
    return {
        "imagehash phash": _pairs(len(paths), lambda i, j: bool(near[i, j])),
        "imagehash crop-resistant": _pairs(
            len(paths), lambda i, j: resistant[i].matches(resistant[j])
        ),
    }


def _pairs(n: int, same: Callable[[int, int], bool]) -> set[tuple[int, int]]:
    return {(i, j) for i in range(n) for j in range(i + 1, n) if same(i, j)}
