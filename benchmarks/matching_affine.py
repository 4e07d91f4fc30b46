"""Repeatability of detectors, and matching, on pairs of the Oxford affine images."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .common import data_dir, threads, write_results

SEQUENCES = ("graf", "boat", "leuven", "ubc")
BUDGET = 4000  # keypoints an image, for us and for the plain baseline
OVERLAP = 0.4  # largest overlap error of a correspondence
LIMIT = 1000  # strongest detections an image that repeatability looks at


def pairs() -> list[tuple[str, int, Path, Path, np.ndarray]]:
    """Sequence, number, both files and the true homography of the 20 pairs."""
    found = []
    for name in SEQUENCES:
        folder = data_dir() / "oxford_affine" / name
        for number in range(2, 7):
            truth = np.loadtxt(folder / f"H1to{number}p.txt")
            found.append((name, number, folder / "img1.png", folder / f"img{number}.png", truth))
    return found


def corner_error(model: np.ndarray | None, truth: np.ndarray, shape: tuple[int, ...]) -> float:
    """Mean distance between where both homographies take the corners, in pixels."""
    if model is None:
        return float("inf")
    height, width = shape[:2]
    corners = np.array([[[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1.0]]])
    there = [cv2.perspectiveTransform(corners, matrix) for matrix in (model, truth)]
    return float(np.linalg.norm(there[0] - there[1], axis=-1).mean())


def plain_sift(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray | None, int]:
    """What a script does: SIFT, ratio 0.75, RANSAC with a band of 3 pixels."""
    sift = cv2.SIFT_create(BUDGET)
    found = [sift.detectAndCompute(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY), None) for x in (a, b)]
    (ka, da), (kb, db) = [(k[:BUDGET], d[:BUDGET]) for k, d in found]
    two = cv2.BFMatcher().knnMatch(da, db, k=2)
    good = [one for one, other in two if one.distance < 0.75 * other.distance]
    if len(good) < 4:
        return None, 0
    xy_a = np.array([ka[m.queryIdx].pt for m in good], np.float32)
    xy_b = np.array([kb[m.trainIdx].pt for m in good], np.float32)
    cv2.setRNGSeed(0)
    model, mask = cv2.findHomography(xy_a, xy_b, cv2.RANSAC, 3.0)
    return model, 0 if mask is None else int(mask.sum())


def matching() -> dict:
    """Corner error and inliers of our defaults and of plain SIFT."""
    from cvclassic.images import read_image
    from cvclassic.match import match_images

    rows: list[dict[str, Any]] = []
    for name, number, path_a, path_b, truth in pairs():
        a, b = read_image(path_a), read_image(path_b)
        model, n_plain = plain_sift(a, b)
        start = time.perf_counter()
        result = match_images(a, b, max_keypoints=BUDGET)
        seconds = time.perf_counter() - start
        # With simulated views keypoints are spread over them; the budget stays the same.
        rows.append(
            {
                "pair": f"{name} 1-{number}",
                "error_px": round(corner_error(result.model, truth, a.shape), 2),
                "inliers": result.n_inliers,
                "seconds": round(seconds, 2),
                "used_views": result.used_views,
                "plain_error_px": round(corner_error(model, truth, a.shape), 2),
                "plain_inliers": n_plain,
            }
        )
        print(rows[-1], flush=True)
    ours = [row["error_px"] < 5 for row in rows]
    plain = [row["plain_error_px"] < 5 for row in rows]
    return {
        "pairs_below_5px": sum(ours),
        "plain_pairs_below_5px": sum(plain),
        "pairs_with_fewer_inliers_than_plain": [
            row["pair"] for row in rows if row["inliers"] < row["plain_inliers"]
        ],
        "budget": BUDGET,
        "rows": rows,
    }


def other_pictures(n: int = 30) -> dict:
    """How often images of different things are said to match."""
    from cvclassic.images import read_image
    from cvclassic.match import match_images

    files = sorted((data_dir() / "bsds500_val" / "images").glob("*.jpg"))
    wrong = {}
    for model in ("homography", "fundamental"):
        wrong[model] = sum(
            match_images(read_image(a), read_image(b), model=model).model is not None
            for a, b in zip(files[:n], files[50 : 50 + n], strict=True)
        )
    print("matches between different images", wrong, "of", n, flush=True)
    return {"pairs": n, "matches_found": wrong}


def repeatability() -> dict:
    """Share of detections found again, for each detector; median over the pairs of a sequence."""
    from cvclassic.images import read_image

    results = {}
    for method, detect in detectors().items():
        shares: dict[str, list[float]] = {name: [] for name in SEQUENCES}
        cache: dict[Path, tuple[np.ndarray, np.ndarray]] = {}
        numbers = []
        for name, _, path_a, path_b, truth in pairs():
            for path in (path_a, path_b):
                if path not in cache:
                    cache[path] = detect(read_image(path))
            shapes = [read_image(path).shape for path in (path_a, path_b)]
            shares[name].append(_repeated(*cache[path_a], *cache[path_b], truth, shapes))
            numbers.append(len(cache[path_b][0]))
        medians = {name: round(float(np.median(s)), 3) for name, s in shares.items()}
        mean = round(float(np.mean([s for row in shares.values() for s in row])), 3)
        results[method] = {"mean": mean, **medians, "median_n": int(np.median(numbers))}
        print(method, results[method], flush=True)
    return results


def detectors() -> dict:
    """Name to function from an image to centers (n, 2) and radii (n,), the strongest first."""
    from cvclassic import detect as d

    def round_ones(found) -> tuple[np.ndarray, np.ndarray]:
        found = found.strongest(LIMIT)
        if isinstance(found, d.Keypoints):
            return found.xy, found.scale / 2
        if isinstance(found, d.Blobs):
            return found.xy, found.radius
        return found.xy, np.full(len(found), 6, np.float32)  # corners come without a scale

    functions = {
        **{
            name: lambda image, name=name: d.detect_keypoints(image, name, max_keypoints=LIMIT)
            for name in ("sift", "orb", "akaze", "brisk")
        },
        "blobs log": d.blobs_log,
        "blobs dog": d.blobs_dog,
        "blobs doh": d.blobs_doh,
        "blobs mser": d.blobs_mser,
        "blobs simple": d.blobs_simple,
        "corners harris": d.corners_harris,
        "corners shi-tomasi": d.corners_shi_tomasi,
        "corners fast": d.corners_fast,
    }
    return {
        name: lambda image, function=function: round_ones(function(image))
        for name, function in functions.items()
    }


def _repeated(xy_a, radius_a, xy_b, radius_b, truth, shapes) -> float:
    """Correspondences over the smaller number of detections in the part that both show.

    As in Mikolajczyk et al., "A comparison of affine region detectors", IJCV 65, 2005, section 4.1:
    regions are enlarged together so that the first has a radius of 30 pixels, their centers stay
    apart as they are, and a pair corresponds if 1 - intersection / union < 0.4.
    """
    inverse = np.linalg.inv(truth)
    there = _project(xy_a, truth)
    in_b = _inside(there, shapes[1])
    in_a = _inside(_project(xy_b, inverse), shapes[0])
    xy_a, radius_a, there = xy_a[in_b], radius_a[in_b], there[in_b]
    xy_b, radius_b = xy_b[in_a], radius_b[in_a]
    fewest = min(len(xy_a), len(xy_b))
    if not fewest:
        return 0.0
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial import cKDTree

    jacobian = _jacobian(xy_a, truth)
    near = cKDTree(there).sparse_distance_matrix(cKDTree(xy_b), 30.0, output_type="coo_matrix")
    rows, columns = near.row, near.col
    # Regions of very different size cannot overlap enough.
    size = radius_a[rows] * np.sqrt(np.abs(np.linalg.det(jacobian[rows])))
    similar = np.abs(np.log(size / radius_b[columns])) < np.log(2)
    rows, columns, size = rows[similar], columns[similar], size[similar]
    error = _overlap_error(
        there[rows] - xy_b[columns],
        jacobian[rows] * radius_a[rows, None, None],
        radius_b[columns],
        30 / size,
    )
    good = error < OVERLAP
    cost = np.zeros((len(xy_a), len(xy_b)), np.float32)
    cost[rows[good], columns[good]] = error[good] - 1
    chosen = linear_sum_assignment(cost)
    return float((cost[chosen] < 0).sum() / fewest)


def _overlap_error(
    offset: np.ndarray, shape: np.ndarray, radius: np.ndarray, grow: np.ndarray
) -> np.ndarray:
    """1 - intersection / union of ellipses and discs, by points spread over the ellipses."""
    grid = np.linspace(-1, 1, 41)
    disc = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    disc = disc[(disc**2).sum(axis=1) <= 1]
    result = np.empty(len(offset))
    for start in range(0, len(offset), 2000):
        part = slice(start, start + 2000)
        points = disc @ (shape[part] * grow[part, None, None]).transpose(0, 2, 1)
        points = points + offset[part, None]
        inside = ((points**2).sum(axis=2) <= (radius[part] * grow[part])[:, None] ** 2).mean(axis=1)
        area = np.abs(np.linalg.det(shape[part]))
        shared = inside * area
        result[part] = 1 - shared / (area + radius[part] ** 2 - shared)
    return result


def _project(xy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    moved = np.column_stack([xy, np.ones(len(xy))]) @ matrix.T
    return moved[:, :2] / moved[:, 2:]


def _jacobian(xy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Local linear map of a homography at each point, of shape (n, 2, 2)."""
    weight = xy @ matrix[2, :2] + matrix[2, 2]
    there = _project(xy, matrix)
    return (matrix[None, :2, :2] - there[:, :, None] * matrix[2, :2]) / weight[:, None, None]


def _inside(xy: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    inside = (xy >= 0) & (xy <= np.array([shape[1] - 1, shape[0] - 1]))
    return np.asarray(inside.all(axis=1))


def main() -> None:
    """Run all three parts."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with threads(1):
        results = {
            "matching": matching(),
            "different_pictures": other_pictures(),
            "repeatability": repeatability(),
        }
    found = results["matching"]
    print(f"{found['pairs_below_5px']} of 20 pairs below 5 px; plain SIFT", end=" ")
    print(f"{found['plain_pairs_below_5px']}. Fewer inliers in", end=" ")
    print(found["pairs_with_fewer_inliers_than_plain"] or "none")
    write_results("matching_affine", results, overlap_error=OVERLAP, strongest=LIMIT)


if __name__ == "__main__":
    main()
