"""Boxes are matched one to one, and the curve counts what it says."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from cvclassic.errors import ParameterError
from cvclassic.evaluate import (
    average_precision,
    box_overlaps,
    match_boxes,
    precision_recall,
    recall_at_precision,
)


def painted_overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The same by counting pixels."""
    planes = np.zeros((2, 60, 60), bool)
    for plane, (x, y, w, h) in zip(planes, (a, b), strict=True):
        plane[y : y + h, x : x + w] = True
    return planes.all(axis=0).sum() / planes.any(axis=0).sum()


def test_overlaps_are_those_of_painted_boxes() -> None:
    boxes = np.random.default_rng(0).integers(1, 30, (2, 20, 4))
    expected = [[painted_overlap(a, b) for b in boxes[1]] for a in boxes[0]]
    np.testing.assert_allclose(box_overlaps(*boxes), expected)


def test_overlaps_of_nothing() -> None:
    assert box_overlaps([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert box_overlaps([[0, 0, 0, 0]], [[0, 0, 0, 0]]).tolist() == [[0.0]]


def test_every_true_box_is_found_at_most_once() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        found, truth = random.integers(1, 20, (2, 12, 4))
        scores = random.integers(0, 5, 12)
        matched = match_boxes(found, scores, truth, min_overlap=0.2)
        taken = matched[matched >= 0]
        assert len(set(taken)) == len(taken)
        overlaps = box_overlaps(found, truth)
        assert (overlaps[matched >= 0, taken] >= 0.2).all()
        # whoever got nothing has only partners that somebody of at least his score has
        for i in np.flatnonzero(matched < 0):
            for j in np.flatnonzero(overlaps[i] >= 0.2):
                (holder,) = np.flatnonzero(matched == j)
                assert scores[holder] >= scores[i]


def test_the_second_box_on_a_face_is_false() -> None:
    box = [[0, 0, 10, 10]]
    assert match_boxes(box * 3, [1, 3, 2], box).tolist() == [-1, 0, -1]
    assert match_boxes(box, [1], []).tolist() == [-1]
    assert match_boxes([], [], box).tolist() == []


def test_curve_is_scikit_learns_where_everything_is_found() -> None:
    random = np.random.default_rng(2)
    hits, scores = random.random(200) < 0.6, random.integers(0, 30, 200) / 30
    precision, recall, thresholds = precision_recall(hits, scores, int(hits.sum()))
    theirs = precision_recall_curve(hits, scores, drop_intermediate=False)
    np.testing.assert_allclose(precision[::-1], theirs[0][:-1])
    np.testing.assert_allclose(recall[::-1], theirs[1][:-1])
    np.testing.assert_allclose(thresholds[::-1], theirs[2])
    ours = average_precision(hits, scores, int(hits.sum()))
    assert ours >= average_precision_score(hits, scores)  # theirs does not raise the precision
    assert average_precision(hits, scores, 2 * int(hits.sum())) == pytest.approx(ours / 2)


def test_perfect_and_hopeless() -> None:
    assert average_precision([True, True], [2, 1], 2) == 1
    assert average_precision([False, False], [2, 1], 2) == 0
    assert average_precision([], [], 5) == 0
    assert precision_recall([], [], 0)[0].size == 0
    assert recall_at_precision([False], [1], 3, 0.5) == (0.0, float("inf"))


def test_equal_scores_count_together() -> None:
    """Their order in the list must not matter."""
    assert average_precision([True, False], [1, 1], 1) == 0.5
    assert average_precision([False, True], [1, 1], 1) == 0.5


@pytest.mark.parametrize(
    "call",
    [
        lambda: box_overlaps([1, 2, 3, 4], []),
        lambda: box_overlaps([[0, 0, -1, 2]], []),
        lambda: box_overlaps([[0, 0, np.nan, 2]], []),
        lambda: box_overlaps([["a"]], []),
        lambda: match_boxes([[0, 0, 1, 1]], [1, 2], []),
        lambda: match_boxes([[0, 0, 1, 1]], [np.nan], []),
        lambda: match_boxes([], [], [], min_overlap=0),
        lambda: match_boxes([], [], [], min_overlap=1.5),
        lambda: precision_recall([True, True], [1, 1], 1),
    ],
)
def test_what_is_no_box_is_refused(call) -> None:
    with pytest.raises(ParameterError):
        call()
