"""The estimator: learns, finds, follows scikit-learn, and refuses no set of boxes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from cvclassic.errors import DataError, ImageReadError, ParameterError
from cvclassic.images import Detections, encode_image
from cvclassic.images.labels import LabeledImage, LabeledObject
from cvclassic.objects import ObjectDetector
from tests.objects.scenes import scene, scenes


def small(**changes):
    return ObjectDetector(**{"n_trees": 16, "n_windows": 12, **changes})


def test_finds_what_it_has_learned(trained):
    images, truth = scenes(10, start=100)
    assert trained.score(images, truth) > 0.85
    assert list(trained.classes_) == ["disc", "square"]
    found = trained.predict(images[:2])
    assert all(isinstance(f, Detections) for f in found)
    assert (np.diff(found[0].scores) <= 0).all()
    assert ((found[0].scores >= 0) & (found[0].scores <= 1)).all()


def test_scores_are_lower_where_there_is_nothing(trained):
    empty, _, _ = scene(7, n=0)
    full, _, _ = scene(8)
    assert trained.detect(full).scores.max() > 0.5 > trained.detect(empty).scores.max(initial=0)


def test_arrays_bytes_and_paths_are_the_same(trained, tmp_path):
    image, _, _ = scene(3)
    data = encode_image(image, ".png")
    (tmp_path / "a.png").write_bytes(data)
    first, *others = trained.predict([image, data, str(tmp_path / "a.png")])
    assert all(other == first for other in others)


def test_input_is_not_changed_and_gray_is_taken(trained):
    image, _, _ = scene(4)
    before = image.copy()
    trained.detect(image)
    assert np.array_equal(image, before)
    assert isinstance(trained.detect(image[..., 1]), Detections)


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (8, 8)])
def test_odd_images_give_an_answer(trained, shape):
    assert isinstance(trained.detect(np.full(shape, 90, np.uint8)), Detections)


def test_scikit_learn(trained):
    copy = pickle.loads(pickle.dumps(trained))
    image, _, _ = scene(5)
    assert copy.detect(image) == trained.detect(image)
    fresh = clone(trained)
    assert fresh.get_params() == trained.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict([image])


@pytest.mark.slow
def test_cross_val_score_works():
    images, truth = scenes(8)
    boxes = [t[0] for t in truth]
    values = cross_val_score(small(), images, boxes, cv=2)
    assert values.shape == (2,)
    assert np.isfinite(values).all()


@pytest.mark.slow
def test_same_seed_same_model_whatever_n_jobs():
    images, truth = scenes(6)
    one = small().fit(images, truth)
    two = small(n_jobs=2).fit(images, truth)
    probe, _, _ = scene(50)
    assert np.array_equal(one.state_.weights, two.state_.weights)
    assert one.detect(probe) == two.detect(probe)


@pytest.mark.slow
def test_all_forms_of_truth_agree():
    images, truth = scenes(5)
    boxes = [t[0] for t in truth]
    plain = small().fit(images, boxes)
    labeled = [
        LabeledImage("x", None, None, tuple(LabeledObject("object", tuple(b)) for b in rows))
        for rows in boxes
    ]
    found = [Detections(rows, np.ones(len(rows)), ["object"] * len(rows)) for rows in boxes]
    for form in (labeled, found):
        assert np.array_equal(small().fit(images, form).state_.weights, plain.state_.weights)


@pytest.mark.slow
@pytest.mark.parametrize(
    "boxes",
    [
        [[0, 0, 160, 120]],  # all of the image
        [[5, 5, 1, 1]],  # a pixel
        [[5, 5, 2, 110], [20, 100, 130, 3]],  # a needle and a thread
        [[-50, -50, 100, 100]],  # half outside
        [[10, 10, 30, 30], [10, 10, 30, 30]],  # twice
        [[0, 0, 160, 120], [50, 50, 4, 4], [3, 3, 90, 9]],  # everything at once
    ],
)
def test_no_set_of_boxes_is_refused(boxes):
    image, _, _ = scene(1, n=1)
    other, _, _ = scene(2, n=0)
    for n in (1, 3):
        images = [image] * n + [other]
        truth = [np.array(boxes, float)] * n + [np.zeros((0, 4))]
        model = small().fit(images, truth)
        assert isinstance(model.detect(image), Detections)


@pytest.mark.slow
def test_a_single_image_is_enough():
    image, boxes, _ = scene(1, n=1)
    found = small().fit([image], [boxes]).detect(image)
    assert isinstance(found, Detections)


@pytest.mark.slow
def test_boxes_that_nothing_reaches_are_named():
    images, truth = scenes(30)
    boxes = [t[0] for t in truth]
    boxes[3] = np.concatenate([boxes[3], [[0, 0, 160, 2]]])
    model = small().fit(images[:30], boxes)
    assert model.report_.unreachable == [(3, len(boxes[3]) - 1)]


@pytest.mark.slow
def test_ignored_objects_are_not_learned_as_background():
    images, truth = scenes(6)
    entries = []
    for boxes, labels in truth:
        objects = [
            LabeledObject(label, tuple(box), ignore=label == "square")
            for box, label in zip(boxes, labels, strict=True)
        ]
        entries.append(LabeledImage("x", None, None, tuple(objects)))
    model = small().fit(images, entries)
    assert model.report_.n_objects == sum(label == "disc" for _, ls in truth for label in ls)


def test_bad_input_is_one_clear_line():
    images, truth = scenes(2)
    for changes, match in (({"n_trees": 0}, "n_trees"), ({"n_windows": "x"}, "n_windows")):
        with pytest.raises(ParameterError, match=match):
            small(**changes).fit(images, truth)
    with pytest.raises(DataError, match="no box"):
        small().fit(images, [np.zeros((0, 4))] * 2)
    with pytest.raises(DataError, match="no box lies"):
        small().fit(images, [[[900, 900, 5, 5]]] * 2)
    with pytest.raises(ParameterError, match=r"y\[1\]"):
        small().fit(images, [truth[0], [[1, 2, 3]]])
    with pytest.raises(ParameterError, match="2 images"):
        small().fit(images, truth[:1])
    with pytest.raises(ParameterError, match="labels"):
        small().fit(images, [truth[0], (truth[1][0], ["a"])])
    with pytest.raises(ImageReadError):
        small().fit(["nothing.jpg"], [truth[0]])
