"""Scores of boxes are those of pycocotools to the last digit, with ties, crowds and sizes."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.evaluate import ImageBoxes, log_average_miss_rate, miss_rate_curve, score_boxes

CLASSES = ["a", "b", "empty"]


def case(seed, n_images=12):
    """Random truth and found boxes: shaken, doubled, of few distinct scores."""
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(n_images):
        n = rng.integers(0, 5)
        truth = np.column_stack([rng.integers(0, 200, (n, 2)), rng.integers(8, 150, (n, 2))])
        truth = truth.astype(float)
        if n > 1 and rng.random() < 0.3:
            truth[1] = truth[0]
        labels = rng.choice(["a", "b"], n)
        shaken = np.repeat(truth, 2, axis=0) + rng.normal(0, 6, (2 * n, 4))
        noise = np.column_stack([rng.uniform(0, 200, (4, 2)), rng.uniform(5, 120, (4, 2))])
        found = np.abs(np.concatenate([shaken, noise, truth[:1]]))
        found_labels = np.concatenate(
            [np.repeat(labels, 2), rng.choice(["a", "b"], 4), labels[:1]]
        ).astype(object)
        scores = rng.integers(1, 6, len(found)) / 5
        crowd = rng.random(n) < 0.15
        images.append(
            ImageBoxes(found, scores, found_labels, truth, labels, crowd, truth[:, 2:].prod(axis=1))
        )
    return images


def pycocotools_scores(images):
    coco = pytest.importorskip("pycocotools.coco")
    from pycocotools.cocoeval import COCOeval

    names = {name: i + 1 for i, name in enumerate(CLASSES)}
    truth, found = [], []
    for i, image in enumerate(images, 1):
        for box, label, crowd, area in zip(
            image.truth, image.truth_labels, image.ignored, image.areas, strict=True
        ):
            truth.append(
                {
                    "id": len(truth) + 1,
                    "image_id": i,
                    "category_id": names[label],
                    "bbox": box.tolist(),
                    "area": float(area),
                    "iscrowd": int(crowd),
                }
            )
        for box, score, label in zip(image.found, image.scores, image.found_labels, strict=True):
            found.append(
                {
                    "image_id": i,
                    "category_id": names[label],
                    "bbox": box.tolist(),
                    "score": float(score),
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        data = coco.COCO()
        data.dataset = {
            "images": [{"id": i + 1} for i in range(len(images))],
            "annotations": truth,
            "categories": [{"id": i, "name": n} for n, i in names.items()],
        }
        data.createIndex()
        judge = COCOeval(data, data.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats


@pytest.mark.parametrize("seed", range(6))
def test_equal_to_pycocotools(seed):
    images = case(seed)
    theirs = pycocotools_scores(images)
    scores = score_boxes(images, CLASSES)
    assert abs(scores.ap - theirs[0]) < 1e-6
    assert abs(scores.ap50 - theirs[1]) < 1e-6
    assert abs(scores.ap75 - theirs[2]) < 1e-6
    for size, at in (("small", 3), ("medium", 4), ("large", 5)):
        values = [c.ap_by_size[size] for c in scores.classes.values()]
        values = [v for v in values if np.isfinite(v)]
        if values:
            assert abs(np.mean(values) - theirs[at]) < 1e-6
    mean_recall = scores._mean(lambda c: c.recall.mean())
    assert abs(mean_recall - theirs[8]) < 1e-6


def test_classes_without_objects_do_not_count():
    result = score_boxes(case(0), CLASSES).to_dict()
    assert result["classes"]["empty"]["ap50"] is None
    assert result["ap50"] is not None
    assert {"ap50", "ap75", "ap", "log_average_miss_rate", "recall50", "classes"} <= set(result)


def test_miss_rate_of_a_perfect_and_of_a_blind_detector():
    assert log_average_miss_rate(np.ones(3), np.ones(3, bool), 3, 10) < 1e-9
    assert log_average_miss_rate(np.zeros(0), np.zeros(0, bool), 3, 10) == 1
    assert np.isnan(log_average_miss_rate(np.zeros(0), np.zeros(0, bool), 0, 10))


def test_miss_rate_by_hand():
    # a hit, then one false alarm in two images, then the second hit
    scores, hits = np.array([0.9, 0.8, 0.7]), np.array([True, False, True])
    alarms, missed = miss_rate_curve(scores, hits, 2, 2)
    assert alarms.tolist() == [0, 0, 0.5, 0.5]
    assert missed.tolist() == [1, 0.5, 0.5, 0]
    # 8 of the 9 rates lie below .5 except .56 and 1
    rates = np.logspace(-2, 0, 9)
    assert (rates >= 0.5).sum() == 2
    expected = np.exp((7 * np.log(0.5) + 2 * np.log(1e-10)) / 9)
    assert log_average_miss_rate(scores, hits, 2, 2) == pytest.approx(expected)


def test_order_of_equal_scores_does_not_change_the_miss_rate():
    scores, hits = np.array([0.5, 0.5, 0.5]), np.array([True, False, False])
    turned = log_average_miss_rate(scores, hits[::-1], 1, 3)
    assert log_average_miss_rate(scores, hits, 1, 3) == turned


def test_no_images_is_said():
    with pytest.raises(ParameterError, match="at least one image"):
        score_boxes([], ["a"])
