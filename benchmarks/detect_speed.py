"""Detectors and matching against scikit-image's functions and against bare OpenCV."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from .common import data_dir, interleave, show, threads, write_results

Contest = dict[str, Callable[[], object]]


def against_scikit_image(gray: np.ndarray) -> dict[str, Contest]:
    """The same question put to both, with the same parameters."""
    from skimage import feature

    from cvclassic import detect, match

    unit = gray.astype(np.float64) / 255
    half = gray.shape[1] // 2
    da, db = (
        match.describe(part, "sift", max_keypoints=2000).descriptors
        for part in (
            gray,
            cv2.warpAffine(
                gray, np.array([[1, 0.02, 5], [-0.02, 1, 3.0]]), (half * 2, gray.shape[0])
            ),
        )
    )
    return {
        "harris response, Gaussian window": {
            "cvclassic": lambda: detect.harris_response(gray, window="gaussian", sigma=1),
            "scikit-image": lambda: feature.corner_harris(unit, sigma=1, k=0.05),
        },
        "harris corners": {
            "cvclassic": lambda: detect.corners_harris(gray, max_corners=None, subpixel=False),
            "scikit-image": lambda: feature.corner_peaks(
                feature.corner_harris(unit, sigma=1, k=0.05), min_distance=3, threshold_rel=0.01
            ),
        },
        "canny, sigma 1": {
            # The same unnormalized Sobel, of gray from 0 to 255 and from 0 to 1.
            "cvclassic": lambda: detect.canny(gray, low=40, high=100, sigma=1, l2=True),
            "scikit-image": lambda: feature.canny(
                unit, sigma=1, low_threshold=40 / 255, high_threshold=100 / 255
            ),
        },
        "canny, automatic thresholds": {
            "cvclassic": lambda: detect.canny(gray, sigma=1),
            "scikit-image": lambda: feature.canny(
                unit, sigma=1, low_threshold=0.6, high_threshold=0.8, use_quantiles=True
            ),
        },
        "dog blobs, sigma 1 to 50": {
            "cvclassic": lambda: detect.blobs_dog(
                gray, min_sigma=1, max_sigma=50, threshold=0.1, overlap=1, polarity="bright"
            ),
            "scikit-image": lambda: feature.blob_dog(
                unit, min_sigma=1, max_sigma=50, threshold=0.1, overlap=1
            ),
        },
        "matching, mutual, ratio 0.8": {
            "cvclassic": lambda: match.match_descriptors(da, db, ratio=0.8),
            "scikit-image": lambda: feature.match_descriptors(
                da, db, cross_check=True, max_ratio=0.8
            ),
        },
    }


def against_opencv(gray: np.ndarray) -> dict[str, Contest]:
    """Where OpenCV does the work, what we add must not cost more than a tenth."""
    from cvclassic import detect, match

    da, db = (
        match.describe(part, "sift", max_keypoints=2000).descriptors
        for part in (gray, np.ascontiguousarray(gray[:, ::-1]))
    )

    largest = gray.size // 4

    def sift(image: np.ndarray) -> object:
        return cv2.SIFT_create(2000, enable_precise_upscale=True).detect(image)

    def lsd(image: np.ndarray) -> object:
        return cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(image)

    def edlines(image: np.ndarray) -> object:
        drawing = cv2.ximgproc.createEdgeDrawing()
        drawing.detectEdges(image)
        return drawing.detectLines()

    # OpenCV leaves FAST's strengths in Python objects and MSER's regions as lists of pixels. The
    # bare calls are timed as they are, and once more with the quickest way to numbers.
    def fast_arrays() -> object:
        found = cv2.FastFeatureDetector_create(20).detect(gray)
        return cv2.KeyPoint_convert(found), np.array([point.response for point in found])

    def mser_arrays() -> object:
        regions, _ = cv2.MSER_create(5, 60, largest, 0.25).detectRegions(gray)
        centers = np.array([cv2.mean(region[:, None])[:2] for region in regions])
        return centers, np.array([len(region) for region in regions])

    def bare_canny() -> np.ndarray:
        return cv2.Canny(cv2.GaussianBlur(gray, (0, 0), 1), 40, 100)

    keypoints = detect.detect_keypoints
    return {
        "harris response": {
            "OpenCV": lambda: cv2.cornerHarris(gray, 3, 3, 0.05),
            "cvclassic": lambda: detect.harris_response(gray, k=0.05),
        },
        "canny": {
            "OpenCV": bare_canny,
            "cvclassic": lambda: detect.canny(gray, low=40, high=100, sigma=1),
        },
        "fast": {
            "OpenCV": lambda: cv2.FastFeatureDetector_create(20).detect(gray),
            "cvclassic": lambda: detect.corners_fast(gray),
        },
        "fast, to arrays": {
            "OpenCV": fast_arrays,
            "cvclassic": lambda: detect.corners_fast(gray),
        },
        "mser": {
            "OpenCV": lambda: cv2.MSER_create(5, 60, largest, 0.25).detectRegions(gray),
            "cvclassic": lambda: detect.blobs_mser(gray),
        },
        "mser, to centers and areas": {
            "OpenCV": mser_arrays,
            "cvclassic": lambda: detect.blobs_mser(gray),
        },
        "lsd": {"OpenCV": lambda: lsd(gray), "cvclassic": lambda: detect.segments_lsd(gray)},
        "edlines": {
            "OpenCV": lambda: edlines(gray),
            "cvclassic": lambda: detect.segments_edlines(gray),
        },
        "sift": {"OpenCV": lambda: sift(gray), "cvclassic": lambda: keypoints(gray, "sift")},
        "orb": {
            "OpenCV": lambda: cv2.ORB_create(2000).detect(gray),
            "cvclassic": lambda: keypoints(gray, "orb"),
        },
        "akaze": {
            "OpenCV": lambda: cv2.AKAZE_create(threshold=0.001).detect(gray),
            "cvclassic": lambda: keypoints(gray, "akaze"),
        },
        "brisk": {
            "OpenCV": lambda: cv2.BRISK_create(30).detect(gray),
            "cvclassic": lambda: keypoints(gray, "brisk"),
        },
        "matching, ratio": {
            "OpenCV": lambda: cv2.BFMatcher().knnMatch(da, db, k=2),
            "cvclassic": lambda: match.match_descriptors(da, db, ratio=0.8, mutual=False),
        },
    }


def agreement(gray: np.ndarray) -> dict[str, float]:
    """That both answer the same question: agreement with scikit-image's results."""
    from scipy.ndimage import distance_transform_edt
    from scipy.spatial import cKDTree
    from skimage import feature

    from cvclassic import detect

    unit = gray.astype(np.float64) / 255
    ours = detect.harris_response(gray, window="gaussian", sigma=1)
    theirs = feature.corner_harris(unit, sigma=1, k=0.05)
    inner = np.s_[8:-8, 8:-8]  # scikit-image sees black beyond the border
    edges = detect.canny(gray, low=40, high=100, sigma=1, l2=True)
    other = feature.canny(unit, sigma=1, low_threshold=40 / 255, high_threshold=100 / 255)
    blobs = detect.blobs_dog(
        gray, min_sigma=1, max_sigma=50, threshold=0.1, overlap=1, polarity="bright"
    )
    reference = feature.blob_dog(unit, min_sigma=1, max_sigma=50, threshold=0.1, overlap=1)
    near, _ = cKDTree(blobs.xy).query(reference[:, 1::-1])
    return {
        "harris_correlation": float(np.corrcoef(ours[inner].ravel(), theirs[inner].ravel())[0, 1]),
        "canny_theirs_within_2px_of_ours": float(
            (distance_transform_edt(~edges)[other] <= 2).mean()
        ),
        "canny_ours_within_2px_of_theirs": float(
            (distance_transform_edt(~other)[edges] <= 2).mean()
        ),
        "dog_theirs_within_2px_of_ours": float((near <= 2).mean()),
        "dog_n_ours": len(blobs),
        "dog_n_theirs": len(reference),
    }


def main() -> None:
    """Time all contests on one image, with one thread each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    from cvclassic.images import read_image, to_gray

    picture = data_dir() / "oxford_affine" / "graf" / "img1.png"
    gray = to_gray(read_image(picture))
    results: dict[str, dict] = {"scikit-image": {}, "OpenCV": {}}
    # The processor's time of one thread does not change with what else the machine is doing.
    timing = {"repeats": options.repeats, "warm_up": 2, "clock": time.process_time}
    with threads(1):
        for name, contest in against_scikit_image(gray).items():
            rows = interleave(contest, baseline="cvclassic", **timing)
            results["scikit-image"][name] = rows
            show(rows, name)
        for name, contest in against_opencv(gray).items():
            rows = interleave(contest, baseline="OpenCV", **timing)
            results["OpenCV"][name] = rows
            show(rows, name)
        results["agreement"] = {k: round(v, 4) for k, v in agreement(gray).items()}
    print(results["agreement"])
    write_results(
        "detect_speed",
        results,
        picture="oxford_affine graf img1, gray, 800 x 640",
        clock="processor time, one thread",
    )


if __name__ == "__main__":
    main()
