"""Detectors, segmenters and landmarks are written by one writer, in the form that files have."""

import numpy as np
import pytest

from cvclassic.errors import ModelFileError
from cvclassic.faces import FaceLandmarks, load_landmarks, save_landmarks
from cvclassic.models.bundles import load_bundle, save_bundle
from cvclassic.models.estimator_files import Parts, load_estimator
from cvclassic.objects import ObjectDetector, load_detector, save_detector
from cvclassic.segment import PixelClassifier, load_segmentation, save_segmentation
from tests.checks import pictures
from tests.objects.scenes import scenes


def landmarks(path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (10, 60, 60), np.uint8)
    save_landmarks(path, FaceLandmarks(n_starts=1).fit(images, rng.uniform(10, 50, (10, 68, 2))))
    return load_landmarks


def detector(path):
    save_detector(path, ObjectDetector(n_trees=8, n_windows=6).fit(*scenes(4)))
    return load_detector


def segmenter(path):
    half = np.zeros((64, 64), np.int32)
    half[:, 32:] = 1
    model = PixelClassifier(n_trees=2, depth=2, context=False, random_state=0)
    save_segmentation(path, model.fit(pictures(2), [half, half]), {"names": ["a", "b"]})
    return load_segmentation


# what version 1 of each kind holds, and what is among its arrays
FORMS = {
    "cvclassic-landmarks": (
        landmarks, ["params", "stages", "held_out_error", "summary"],
        {"mean_shape", "box_change", "stages.0.weights", "stages.0.offset"},
    ),
    "cvclassic-objects": (
        detector,
        ["params", "classes", "window", "margin", "max_side", "n_windows", "grid", "fine",
         "summary"],
        {"trees.features", "trees.leaves", "floors", "scales", "weights", "codebook.means"},
    ),
    "cvclassic-segmentation": (
        segmenter, ["params", "n_levels", "n_stages", "held_out_value", "rule", "summary"],
        {"classes", "mixing", "ranges", "offset", "0.own", "0.features", "0.cuts", "0.leaves"},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMS)
def test_the_form_of_files_is_that_of_version_1(kind, tmp_path) -> None:
    write, keys, names = FORMS[kind]
    path = tmp_path / "m"
    load = write(path)
    arrays, content = load_bundle(path, kind, 1)
    assert sorted(content) == sorted(keys)
    assert names <= set(arrays)
    # a file that is put together by hand, as earlier versions did
    save_bundle(tmp_path / "again", kind, 1, arrays, {key: content[key] for key in reversed(keys)})
    load(tmp_path / "again")
    for key in keys:
        save_bundle(tmp_path / "less", kind, 1, arrays, {k: content[k] for k in keys if k != key})
        with pytest.raises(ModelFileError, match=key):
            load(tmp_path / "less")
    for more in ({**arrays, "more": np.zeros(2, np.float32)}, arrays):
        save_bundle(tmp_path / "more", kind, 1, more, {**content, "extra": 1})
        with pytest.raises(ModelFileError, match="unexpected"):
            load(tmp_path / "more")


def test_parts_are_checked() -> None:
    def parts(array, **content):
        return Parts({"x": array}, content)

    good = np.zeros((2, 3), np.float32)
    assert parts(good).array("x", (None, 3), np.float32) is good
    for shape, kind in (((3, 2), np.float32), ((None,), np.float32), ((2, 3), np.integer)):
        with pytest.raises(ModelFileError, match="x has the"):
            parts(good).array("x", shape, kind)
    with pytest.raises(ModelFileError, match="shape"):
        parts(good[:0]).array("x", (None, 3), np.float32)
    assert parts(good[:0]).array("x", (None, 3), np.float32, empty=True).size == 0
    for value in (True, 1.0, "1", 0, 4, None):
        with pytest.raises(ModelFileError, match="n is out of range"):
            parts(good, n=value).whole("n", 1, 3)
    with pytest.raises(ModelFileError, match="no pair"):
        parts(good, n=[1, 2, 3]).pair("n", 1, 3)


def test_what_a_rebuilder_trips_over_is_damage(tmp_path) -> None:
    path = tmp_path / "m"
    save_bundle(path, "thing", 1, {}, {"params": {}, "summary": {}})
    for error in (KeyError("x"), TypeError("x"), IndexError("x"), ValueError("x")):

        def fail(parts, error=error):
            raise error

        with pytest.raises(ModelFileError, match="m: The model file is damaged"):
            load_estimator(path, "thing", 1, fail)
