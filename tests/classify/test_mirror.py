import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from cvclassic.classify import SVMClassifier, fit_recipe
from cvclassic.classify.mirror import mirroring_helps
from cvclassic.describe import ImageTransformer
from cvclassic.errors import ParameterError
from cvclassic.images import load_pixels


class Pixels(ImageTransformer):
    """Pixels of images of 4 x 4."""

    def __init__(self, n_jobs=None):
        self.n_jobs = n_jobs

    def _check(self):
        pass

    def _fit_images(self, X, y):
        self.n_features_out_ = 16

    def block_vectors(self, images):
        return np.stack([load_pixels(image).ravel() for image in images]).astype(np.float32)


def fit_mirrored(pipeline, images, y, mirror="cv"):
    """Whether mirror images were used."""
    return fit_recipe(pipeline, images, y, mirror=mirror).mirrored


def _pipeline():
    return Pipeline(
        [("features", Pixels()), ("scale", StandardScaler()), ("head", SVMClassifier(C=1.0))]
    )


def _images(rng, *, by_side):
    """Bright on the left or on the right: what the class says, or chance."""
    y = np.arange(80) % 2
    images = rng.integers(0, 120, (80, 4, 4), np.uint8)
    rows, side = (np.zeros(80, int), y) if by_side else (2 * y, rng.integers(0, 2, 80))
    for image, row, right in zip(images, rows, side, strict=True):
        image[row : row + 2, 2 * right : 2 * right + 2] += 60
    return images, y


def test_helps_where_side_is_chance_and_not_where_it_is_the_class(rng):
    for by_side in (False, True):
        images, y = _images(rng, by_side=by_side)
        assert fit_mirrored(_pipeline(), images, y) == (not by_side)


def test_a_copy_of_the_pictures_helps_nobody(rng):
    x = rng.normal(size=(60, 8)).astype(np.float32)
    assert not mirroring_helps(x, x, (x[:, 0] > 0).astype(int))


def test_forbidden_and_forced(rng):
    images, y = _images(rng, by_side=False)
    plain = _pipeline().fit(images, y)
    never, always = _pipeline(), _pipeline()
    assert fit_mirrored(never, images, y, mirror=False) is False
    assert fit_mirrored(always, images, y, mirror=True) is True
    np.testing.assert_allclose(
        never.decision_function(images), plain.decision_function(images), atol=1e-5
    )
    flipped = always.decision_function(images[:, :, ::-1])
    assert np.corrcoef(flipped, always.decision_function(images))[0, 1] > 0.9


def test_more_pictures_than_the_choice_is_made_on(rng, monkeypatch):
    monkeypatch.setattr("cvclassic.classify.mirror._MAX_SAMPLES", 30)
    images, y = _images(rng, by_side=False)
    some, every = _pipeline(), _pipeline()
    assert fit_mirrored(some, images, y, mirror=True)
    monkeypatch.undo()
    assert fit_mirrored(every, images, y, mirror=True)
    np.testing.assert_allclose(
        some.decision_function(images), every.decision_function(images), rtol=1e-4
    )


def test_cross_validation_of_the_head_keeps_copies_together(rng):
    """Labels by chance cannot be told from copies of the training rows."""
    x = rng.normal(size=(60, 100)).astype(np.float32)
    y = rng.integers(0, 2, 60)
    together = SVMClassifier(C=10.0).fit(
        np.vstack([x, x]), np.tile(y, 2), groups=np.tile(np.arange(len(y)), 2)
    )
    leaking = SVMClassifier(C=10.0).fit(np.vstack([x, x]), np.tile(y, 2))
    assert together.cv_accuracy_ < 0.75 < leaking.cv_accuracy_


def test_bad_choice(rng):
    with pytest.raises(ParameterError, match="mirror must be one of"):
        fit_mirrored(_pipeline(), rng.integers(0, 9, (4, 4, 4), np.uint8), [0, 1, 0, 1], mirror="x")
