"""Predictions of any origin: read from COCO JSON, scored beside trained detectors."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cvclassic.errors import DataError
from cvclassic.images import Detections, write_image
from cvclassic.images.labels import (
    LabeledImage,
    LabeledObject,
    LabelSet,
    load_labeled_files,
    write_labels,
)
from cvclassic.objects import compare_detectors, read_predictions


@pytest.fixture(scope="module")
def labeled(tmp_path_factory):
    """Six images with one or two boxes, in COCO."""
    folder = tmp_path_factory.mktemp("compared")
    rng = np.random.default_rng(0)
    images = []
    for i in range(6):
        write_image(folder / f"{i}.png", np.zeros((60, 80, 3), np.uint8))
        objects = tuple(
            LabeledObject("ab"[k], (*map(float, rng.integers(0, 30, 2)), 20.0, 20.0))
            for k in range(1 + i % 2)
        )
        images.append(LabeledImage(f"{i}.png", 80, 60, objects))
    write_labels(folder / "t.json", LabelSet(tuple(images), ("a", "b")), "coco")
    return load_labeled_files(folder / "t.json", folder), folder / "t.json"


def results(labels, shift=0.0):
    """The true boxes as a results file of COCO."""
    rows = json.loads(labels.read_text())["annotations"]
    return [
        {"image_id": r["image_id"], "category_id": r["category_id"], "score": 0.9,
         "bbox": [r["bbox"][0] + shift, *r["bbox"][1:]]}
        for r in rows
    ]  # fmt: skip


def test_both_forms_give_the_same_boxes(labeled, tmp_path):
    files, labels = labeled
    (tmp_path / "list.json").write_text(json.dumps(results(labels)))
    whole = json.loads(labels.read_text()) | {"annotations": results(labels)}
    (tmp_path / "whole.json").write_text(json.dumps(whole))
    first = read_predictions(tmp_path / "list.json", files, labels)
    assert first == read_predictions(tmp_path / "whole.json", files)
    for image, found in zip(files.images, first, strict=True):
        assert np.allclose(found.boxes, image.boxes())
        assert found.labels.tolist() == image.labels()


def test_the_better_comes_first_and_equals_are_not_told_apart(labeled, tmp_path):
    files, labels = labeled
    found = {}
    for name, shift in (("far", 15.0), ("right", 0.0), ("same", 0.0)):
        (tmp_path / "p.json").write_text(json.dumps(results(labels, shift)))
        found[name] = read_predictions(tmp_path / "p.json", files, labels)
    compared = compare_detectors(files.images, found)
    assert [c.name for c in compared] == ["right", "same", "far"]
    assert [round(c.scores.ap50, 6) for c in compared] == [1, 1, 0]
    assert compared[1].interval == (0.0, 0.0)
    assert compared[2].interval[1] < -0.5


def test_nothing_found_is_no_error(labeled):
    files, _ = labeled
    none = [Detections.empty()] * len(files.images)
    assert compare_detectors(files.images, {"none": none})[0].scores.ap50 == 0


@pytest.mark.parametrize(
    "content",
    [
        "no json", "3", "{}", '[{"image_id": 1}]', '{"annotations": []}',
        '[{"image_id": 77, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]',
        '[{"image_id": 1, "category_id": 77, "bbox": [0, 0, 1, 1], "score": 1}]',
        '[{"image_id": 1, "category_id": 1, "bbox": ["x", 0, 1, 1], "score": 1}]',
        '{"images": [{"id": 1, "file_name": "other.png"}], "categories": [], "annotations": []}',
    ],
)  # fmt: skip
def test_bad_files_are_one_clear_line(labeled, tmp_path, content):
    files, labels = labeled
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(DataError, match=r"p\.json"):
        read_predictions(tmp_path / "p.json", files, labels)
    with pytest.raises(DataError, match=r"gone\.json"):
        read_predictions(tmp_path / "gone.json", files, labels)
