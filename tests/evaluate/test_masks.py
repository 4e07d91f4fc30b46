"""Scores of masks, against their definitions and scikit-learn's and scikit-image's."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score, roc_auc_score

from cvclassic.errors import ParameterError
from cvclassic.evaluate import (
    boundary_counts,
    f_measure,
    match_instances,
    measure_image,
    overlap_scores,
    pixel_confusion,
    ranking_area,
    region_covering,
    segmentation_intervals,
    segmentation_scores,
)


@pytest.mark.parametrize("n", [2, 4])
def test_overlaps_are_those_of_scikit_learn(rng, n: int) -> None:
    truth, found = rng.integers(0, n, (2, 20, 30))
    confusion = pixel_confusion(truth, found, n)
    assert np.array_equal(confusion, confusion_matrix(truth.ravel(), found.ravel()))
    scores = overlap_scores(confusion)
    average = "binary" if n == 2 else "macro"
    assert scores["dice"] == pytest.approx(f1_score(truth.ravel(), found.ravel(), average=average))
    assert scores["iou"] == pytest.approx(
        jaccard_score(truth.ravel(), found.ravel(), average=average)
    )
    macro = jaccard_score(truth.ravel(), found.ravel(), average="macro")
    assert scores["mean_iou"] == pytest.approx(macro)


def test_what_is_outside_does_not_count(rng) -> None:
    truth, found = rng.integers(0, 2, (2, 20, 30))
    known = rng.random((20, 30)) < 0.5
    confusion = pixel_confusion(truth, found, 2, known)
    assert np.array_equal(confusion, confusion_matrix(truth[known], found[known]))


def test_the_area_is_that_of_the_roc_curve(rng) -> None:
    steps, truth = rng.integers(0, 256, 500), rng.random(500) < 0.3
    area = ranking_area(
        np.bincount(steps[truth], minlength=256), np.bincount(steps[~truth], minlength=256)
    )
    assert area == pytest.approx(roc_auc_score(truth, steps))
    expected = mannwhitneyu(steps[truth], steps[~truth]).statistic / truth.sum() / (~truth).sum()
    assert area == pytest.approx(expected)
    assert ranking_area(np.zeros(256), np.ones(256)) is None


def test_boundaries_may_be_off_by_the_tolerance() -> None:
    truth, found = np.zeros((2, 40, 40), int)
    truth[10:30, 10:30] = 1
    found[12:32, 10:30] = 1
    assert f_measure(boundary_counts(truth, found, 2)) == 1
    assert f_measure(boundary_counts(truth, found, 0)) < 0.6
    assert f_measure(boundary_counts(truth, truth, 0)) == 1
    blank = np.zeros_like(truth)
    assert f_measure(boundary_counts(blank, blank, 2)) is None
    assert f_measure(boundary_counts(truth, blank, 2)) == 0


def test_objects_match_whatever_their_numbers() -> None:
    truth = np.zeros((30, 30), int)
    truth[:10, :10], truth[20:, 20:] = 7, 2
    found = np.zeros_like(truth)
    found[:10, :9], found[20:, 15:], found[0, 29] = 3, 9, 1
    overlaps = match_instances(truth, found)
    assert (overlaps.n_true, overlaps.n_found) == (2, 3)
    assert sorted(overlaps.best.round(3)) == [0, 0.667, 0.9]
    assert match_instances(truth, np.zeros_like(truth)).missed.tolist() == [2, 7]


def test_covering_is_one_for_the_truth_only(rng) -> None:
    truth = np.kron(rng.permutation(6).reshape(2, 3), np.ones((8, 8), int))
    covered, total = region_covering(truth, truth * 3 + 1)
    assert covered / total == 1
    covered, total = region_covering(truth, np.zeros_like(truth))
    assert covered / total == pytest.approx(1 / 6)


def _measures(rng, n: int = 5):
    measures = []
    for _ in range(n):
        truth = (rng.random((30, 40)) < 0.3).astype(int)
        found = np.where(rng.random((30, 40)) < 0.8, truth, 1 - truth)
        steps = (255 * (0.6 * found + 0.4 * rng.random((30, 40)))).astype(np.uint8)
        measures.append(measure_image(truth, found, steps[None], 2, instances=(truth, found)))
    return measures


def test_a_set_is_counted_together(rng) -> None:
    measures = _measures(rng)
    scores = segmentation_scores(measures)
    confusion = sum(m.confusion for m in measures)
    assert scores["dice"] == pytest.approx(overlap_scores(confusion)["dice"])
    assert 0.5 < scores["auc"] < 1
    assert scores["tolerant_f1"] >= scores["dice"]
    low, high = segmentation_intervals(measures)["dice"]
    assert low <= scores["dice"] <= high


def test_the_truth_scores_one(rng) -> None:
    truth = np.zeros((40, 40), int)
    truth[5:15, 5:15], truth[20:30, 20:35] = 1, 2
    mask = (truth > 0).astype(int)
    steps = (255 * mask)[None].astype(np.uint8)
    scores = segmentation_scores([measure_image(mask, mask, steps, 2, instances=(truth, truth))])
    for name in ("dice", "iou", "mean_iou", "auc", "boundary_f1", "instance_f1", "instance_ap"):
        assert scores[name] == pytest.approx(1), name


def test_several_classes(rng) -> None:
    truth = rng.integers(-1, 3, (30, 30))
    steps = rng.integers(0, 256, (3, 30, 30), dtype=np.uint8)
    scores = segmentation_scores([measure_image(truth, steps.argmax(0), steps, 3)])
    assert len(scores["class_iou"]) == 3
    assert scores["instance_f1"] is None
    assert 0.3 < scores["auc"] < 0.7


def test_bad_input() -> None:
    with pytest.raises(ParameterError, match="same shape"):
        pixel_confusion(np.zeros((2, 2), int), np.zeros((2, 3), int), 2)
    with pytest.raises(ParameterError, match="at least one"):
        segmentation_scores([])
