"""How well do regions without training cover people's? Covering (ODS) on BSDS500's validation set.

People's boundaries come as lines; what they enclose are the regions, and pixels of a line belong to
the nearest one. Covering (Arbelaez et al. 2011, eq. 7) is the mean over annotators and images at
the one threshold that is best for all images; Felzenszwalb's regions, at the best of several scales
and sizes, are the opponent. The weight of small regions was chosen on 17 of the 100 images, which
are left out.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import felzenszwalb

from cvclassic.evaluate import region_covering
from cvclassic.images import read_image
from cvclassic.segment import region_tree

from .common import ROOT, data_dir, threads, write_block, write_results

TUNED_ON = (0, 5)
THRESHOLDS = np.geomspace(0.2, 1.2, 16)
SETTINGS = [(scale, size) for scale in (200, 400, 800) for size in (300, 1200)]


def enclosed(boundary: np.ndarray) -> np.ndarray:
    """Regions between lines."""
    labels = cv2.connectedComponents((boundary == 0).astype(np.uint8), connectivity=4)[1]
    nearest = distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    return labels[tuple(nearest)]


def main() -> None:
    """Measure both and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th image")
    args = parser.parse_args()
    folder = data_dir() / "bsds500_val"
    paths = sorted((folder / "images").glob("*.jpg"))
    paths = [path for i, path in enumerate(paths) if i % 12 not in TUNED_ON][:: args.every]
    sums = {"regions": np.zeros(len(THRESHOLDS)), "felzenszwalb": np.zeros(len(SETTINGS))}
    with threads(1):
        for path in paths:
            image = read_image(path)
            with np.load(folder / "boundaries" / f"{path.stem}.npz") as file:
                shape = tuple(file["shape"])
                planes = np.unpackbits(file["packed"])[: np.prod(shape)].reshape(shape)
            truth = [enclosed(plane) for plane in planes]
            tree = region_tree(image)
            found = {
                "regions": [tree.labels(float(t)) for t in THRESHOLDS],
                "felzenszwalb": [
                    felzenszwalb(image, scale=scale, sigma=0.8, min_size=size)
                    for scale, size in SETTINGS
                ],
            }
            for name, segmentations in found.items():
                for i, labels in enumerate(segmentations):
                    shares = [a / b for a, b in (region_covering(t, labels) for t in truth)]
                    sums[name][i] += float(np.mean(shares))
    choices: dict[str, list] = {"regions": [float(t) for t in THRESHOLDS], "felzenszwalb": SETTINGS}
    results = {
        name: {
            "covering": round(float(values.max() / len(paths)), 4),
            "setting": choices[name][int(values.argmax())],
        }
        for name, values in sums.items()
    }
    print(results)
    if args.every == 1:
        write_results("regions_bsds", results, images=len(paths))
        page = ROOT / "docs" / "segment.md"
        text = (
            f"On {len(paths)} validation images of BSDS500 the hierarchy covers people's regions "
            f"by {results['regions']['covering']:.3f} at its best threshold for all images, "
            f"Felzenszwalb's regions by {results['felzenszwalb']['covering']:.3f} at the best of "
            f"{len(SETTINGS)} settings (`python -m benchmarks regions_bsds`)."
        )
        write_block(page, "regions", text)


if __name__ == "__main__":
    main()
