"""How well do edges agree with people's? F-measure (ODS) on BSDS500's validation images.

The protocol of BSDS: an edge map is thinned and matched one-to-one with each annotator's, within
0.0075 of the diagonal. Recall counts over all annotators, precision asks for any one of them. ODS
is the best F over one threshold for all images. The few free parameters (blur, scales) are chosen
on every second image; the other half is reported beside all.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed

from cvclassic.detect import canny, gradient_magnitude, log_edges, soft_edges, thin_edges
from cvclassic.images import read_image

from .boundary_match import match_pixels
from .common import data_dir, read_results, threads, write_results

TOLERANCE = 0.0075
# method -> (thresholds, choices of its parameters)
METHODS: dict[str, tuple[np.ndarray, list[dict]]] = {
    "soft": (
        np.linspace(0.36, 0.64, 8),
        [
            {"scales": scales, "n_bins": n_bins}
            for scales, n_bins in (
                ((2.0, 4.0, 8.0), 8),
                ((2.0, 5.0, 12.0), 8),
                ((2.0, 4.0, 8.0), 12),
            )
        ],
    ),
    "canny": (np.geomspace(40, 320, 8), [{"sigma": s} for s in (1.0, 1.5, 2.0, 3.0)]),
    "sobel": (np.geomspace(3, 30, 8), [{"sigma": s} for s in (1.0, 2.0, 3.0)]),
    "scharr": (np.geomspace(3, 30, 8), [{"sigma": s} for s in (1.0, 2.0, 3.0)]),
    "log": (np.geomspace(2, 24, 8), [{"sigma": s} for s in (2.0, 3.0, 4.0)]),
}


def edge_maps(method: str, image: np.ndarray, parameters: dict) -> Callable[[float], np.ndarray]:
    """Function from a threshold to a map of edges."""
    if method == "canny":
        # The threshold is that of the gradient in gray levels times 8, as OpenCV's Sobel gives it.
        return lambda t: canny(image, high=t, low=0.4 * t, **parameters)
    if method == "log":
        return lambda t: log_edges(image, threshold=t, **parameters)
    if method == "soft":
        strength = soft_edges(image, **parameters)
    else:
        strength = _thinned_gradient(image, method, parameters["sigma"])
    return lambda t: strength >= t


def _thinned_gradient(image: np.ndarray, operator: str, sigma: float) -> np.ndarray:
    """Gradient magnitude, thinned across the gradient's direction."""
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    smooth = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), sigma)
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return thin_edges(gradient_magnitude(image, operator=operator, sigma=sigma), np.arctan2(dy, dx))


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """An image and its boundaries, one plane an annotator."""
    packed = np.load(path.parent.parent / "boundaries" / f"{path.stem}.npz")
    shape = packed["shape"]
    planes = np.unpackbits(packed["packed"])[: np.prod(shape)].reshape(shape).astype(bool)
    return read_image(path), planes


def counts(path: Path, method: str, parameters: dict, thresholds: np.ndarray) -> np.ndarray:
    """For each threshold: matched and all pixels of annotators, matched and all pixels found."""
    with threads(1):
        image, truth = load(path)
        at = edge_maps(method, image, parameters)
        radius = TOLERANCE * float(np.hypot(*image.shape[:2]))
        rows = []
        for threshold in thresholds:
            found = cv2.ximgproc.thinning(at(float(threshold)).astype(np.uint8) * 255) > 0
            hits = [match_pixels(found, plane, radius) for plane in truth]
            rows.append(
                (
                    sum(int(hit.sum()) for hit in hits),
                    int(truth.sum()),
                    int(np.any(hits, axis=0).sum()),
                    int(found.sum()),
                )
            )
        return np.array(rows)


def ods(table: np.ndarray, thresholds: np.ndarray) -> dict[str, float]:
    """Best F over one threshold for all images; table of shape (images, thresholds, 4)."""
    recall, precision, f = _scores(table.sum(axis=0))
    best = int(f.argmax())
    own = _scores(table)[2].max(axis=1).mean()
    return {
        "f": round(float(f[best]), 4),
        "precision": round(float(precision[best]), 4),
        "recall": round(float(recall[best]), 4),
        "threshold": round(float(thresholds[best]), 4),
        "mean_f_at_own_threshold": round(float(own), 4),
    }


def _scores(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recall, precision and F."""
    recall = table[..., 0] / np.maximum(table[..., 1], 1)
    precision = table[..., 2] / np.maximum(table[..., 3], 1)
    return recall, precision, 2 * precision * recall / np.maximum(precision + recall, 1e-12)


def main() -> None:
    """Choose parameters on one half, score both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="use every n-th image")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    arguments = parser.parse_args()
    paths = sorted((data_dir() / "bsds500_val" / "images").glob("*.jpg"))[:: arguments.every]
    tuning, held_out = paths[::2], paths[1::2]
    parallel = Parallel(n_jobs=arguments.jobs)

    def table(which: list[Path], method: str, parameters: dict, thresholds: np.ndarray):
        return np.array(
            parallel(delayed(counts)(path, method, parameters, thresholds) for path in which)
        )

    # of an earlier run; the methods that run again replace theirs
    results = read_results("edges_bsds") if arguments.every == 1 else {}
    for method in arguments.methods:
        thresholds, choices = METHODS[method]
        tried: list[tuple[float, dict]] = []
        for parameters in choices:
            # A fifth of this half, and every second threshold, is enough to choose.
            coarse = thresholds[::2]
            f = ods(table(tuning[::5], method, parameters, coarse), coarse)["f"]
            tried.append((f, parameters))
        chosen = max(tried, key=itemgetter(0))[1]
        first = table(tuning, method, chosen, thresholds)
        second = table(held_out, method, chosen, thresholds)
        results[method] = {
            "parameters": chosen,
            "tried": [{"parameters": one, "f": f} for f, one in tried],
            "all": ods(np.concatenate([first, second]), thresholds),
            "tuning_half": ods(first, thresholds),
            "held_out_half": ods(second, thresholds),
        }
        row = results[method]
        print(
            f"{method:8} {chosen}  ODS F all {row['all']['f']:.3f}  "
            f"held-out half {row['held_out_half']['f']:.3f}",
            flush=True,
        )
        if arguments.every == 1:  # after each, as all of them take a while
            ordered = {name: results[name] for name in METHODS if name in results}
            write_results("edges_bsds", ordered, pictures=len(paths), tolerance=TOLERANCE)


if __name__ == "__main__":
    main()
