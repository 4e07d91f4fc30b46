"""cvclassic and OpenCV say the same of every window."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cvclassic.cascade import CascadeDetector, Stage, judge_crops, judge_windows, read_cascade


def compare(cascade, image: np.ndarray, depth: int) -> int:
    """Judge all windows on OpenCV's grid, at four shifts of it; their number."""
    # a first stage that lets everything through, lest OpenCV leave out windows
    all_pass = Stage(cascade.stages[0].trees, -1e6)
    part = replace(cascade, stages=(all_pass, *cascade.stages[:depth]))
    detector = CascadeDetector(part)
    n = 0
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        shifted = np.ascontiguousarray(image[dy:, dx:])
        height, width = shifted.shape
        xs = np.arange(0, width - cascade.width + 1, 2)
        ys = np.arange(0, height - cascade.height + 1, 2)
        xy = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        ours = xy[judge_windows(part, shifted, xy).passed]
        np.testing.assert_array_equal(ours, detector.passing(shifted))
        n += len(xy)
    return n


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 5, 20])
def test_lbp_face(lbp_face, portrait, depth) -> None:
    assert compare(lbp_face, portrait, depth) >= 100_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["default", "alt2"])
def test_haar_face(portrait, name) -> None:
    """Stumps and trees of two nodes."""
    face = read_cascade(cv2.data.haarcascades + f"haarcascade_frontalface_{name}.xml")
    assert compare(face, portrait, 4) >= 100_000


@pytest.mark.slow
def test_own_cascade(trained, portrait) -> None:
    for depth in range(1, len(trained.stages) + 1):
        assert compare(trained, portrait, depth) >= 100_000


@pytest.mark.slow
def test_crops_are_judged_like_windows(trained, portrait) -> None:
    h, w = trained.height, trained.width
    xy = np.stack(np.meshgrid(np.arange(0, 300, 7), np.arange(0, 300, 11)), -1).reshape(-1, 2)
    crops = np.stack([portrait[y : y + h, x : x + w] for x, y in xy])
    one, other = judge_windows(trained, portrait, xy), judge_crops(trained, crops)
    np.testing.assert_array_equal(one.stage, other.stage)
    np.testing.assert_array_equal(one.total, other.total)


@pytest.mark.parametrize("neighbors", [0, 1, 3])
def test_boxes_are_opencvs(lbp_face, portrait, neighbors) -> None:
    from cvclassic.cascade.files import format_cascade

    storage = cv2.FileStorage(
        format_cascade(lbp_face), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY
    )
    classifier = cv2.CascadeClassifier()
    assert classifier.read(storage.getFirstTopLevelNode())
    boxes, counts = classifier.detectMultiScale2(portrait, minNeighbors=neighbors)
    found = CascadeDetector(lbp_face).detect(portrait, min_neighbors=neighbors)
    theirs = sorted((*box, count) for box, count in zip(boxes.tolist(), counts, strict=True))
    ours = sorted(
        (*box, count) for box, count in zip(found.boxes.tolist(), found.neighbors, strict=True)
    )
    assert ours == theirs
    assert len(ours) == 1 or neighbors < 3


def test_threads_share_a_detector(lbp_face, portrait) -> None:
    from concurrent.futures import ThreadPoolExecutor

    detector = CascadeDetector(lbp_face)
    alone = detector.detect(portrait).boxes.tolist()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: detector.detect(portrait).boxes.tolist(), range(8)))
    assert found == [alone] * 8


def test_a_detector_pickles(lbp_face, portrait) -> None:
    import pickle

    copy = pickle.loads(pickle.dumps(CascadeDetector(lbp_face)))
    assert len(copy.detect(portrait)) == 1
