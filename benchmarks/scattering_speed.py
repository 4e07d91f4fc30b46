"""Time of both layers of a scattering transform, beside kymatio's.

Both get the same planes of brightness, one by one, in one thread, and give all paths of the first
and second order. Kymatio 0.3 needs SciPy 1.15 or older (``pip install kymatio``). How much the
results are alike is told by the correlation of the mean of each path over images: the filters are
the same family, but kymatio's cells begin at the image's corner.
"""

from __future__ import annotations

import time

import cv2
import numpy as np

from cvclassic.describe.wavelets import wavelet_plan
from cvclassic.images import read_image, to_gray

from .common import ROOT, interleave, threads, write_block, write_results
from .datasets import load

SIZES = ((64, 3), (128, 4))
N_IMAGES = 12
PAGE = ROOT / "docs" / "recipes.md"


def planes(side: int) -> list[np.ndarray]:
    """Brightness of photographs, from 0 to 1."""
    paths = load("caltech101").train[0]
    some = [paths[i] for i in np.linspace(0, len(paths) - 1, N_IMAGES).astype(int)]
    return [
        cv2.resize(to_gray(read_image(path)), (side, side), interpolation=cv2.INTER_AREA) / 255.0
        for path in some
    ]


def main() -> None:
    """Measure both sizes and write the results."""
    try:
        from kymatio.numpy import Scattering2D
    except ImportError as error:
        raise SystemExit(f"Needs kymatio, and SciPy 1.15 or older: {error}") from None
    results: dict = {}
    with threads(1):
        for side, n_scales in SIZES:
            images = [plane.astype(np.float32) for plane in planes(side)]
            plan = wavelet_plan(side, n_scales, 8)
            other = Scattering2D(J=n_scales, shape=(side, side), L=8)

            def ours(images=images, plan=plan) -> list[np.ndarray]:
                found = []
                for image in images:
                    first, moduli = plan.first_order(image[None])
                    paths = np.concatenate([first, plan.second_order(moduli)], axis=1)
                    found.append(paths[0])
                return found

            def theirs(images=images, other=other) -> list[np.ndarray]:
                return [other(image) for image in images]

            row: dict = interleave(
                {"cvclassic": ours, "kymatio": theirs}, repeats=7, clock=time.process_time
            )
            second = 1 + 8 * n_scales  # paths before those of the second order, in both
            means = [np.log(np.mean(found(), axis=(0, 2, 3))[second:]) for found in (ours, theirs)]
            # ours run by pairs of scales, and then by both angles; theirs by first scale and angle
            pairs = [(j, k) for j in range(n_scales) for k in range(j + 1, n_scales)]
            order = [
                pairs.index((j, k)) * 64 + a * 8 + b
                for j in range(n_scales)
                for a in range(8)
                for k in range(j + 1, n_scales)
                for b in range(8)
            ]
            row["correlation"] = round(float(np.corrcoef(means[0][order], means[1])[0, 1]), 4)
            results[f"{side} pixels, {n_scales} scales"] = row
            print(side, row, flush=True)
    write_results("scattering_speed", results, images=N_IMAGES)
    lines = [
        f"images of {name}: {row['cvclassic']['median_ms'] / N_IMAGES:.0f} ms, kymatio "
        f"{row['kymatio']['times_baseline']:.1f} times as long"
        for name, row in results.items()
    ]
    text = f"Both layers of brightness in one thread: {'; '.join(lines)}."
    write_block(PAGE, "scattering-speed", text)


if __name__ == "__main__":
    main()
