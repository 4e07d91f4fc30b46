"""Changed copies: seeded, of the same shape, doing what they say, and only to training images."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

from cvclassic.classify import Augmented, make_recipe
from cvclassic.errors import ParameterError
from cvclassic.images import (
    CHANGES,
    AugmentedImages,
    Picture,
    augment_image,
    load_pixels,
    parse_changes,
)


def seeded(seed=3):
    return np.random.default_rng(seed)


@pytest.fixture
def image(rng):
    return rng.integers(0, 256, (31, 24, 3), np.uint8)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("shape", [(31, 24), (31, 24, 3), (1, 1), (2, 9, 3)])
def test_shape_type_seed_and_source(name, shape, rng) -> None:
    image = rng.integers(0, 256, shape, np.uint8)
    before = image.copy()
    changes = parse_changes(name)
    out = augment_image(image, changes, seeded())
    assert out.shape == image.shape
    assert out.dtype == np.uint8
    assert np.array_equal(out, augment_image(image, changes, seeded()))
    assert np.array_equal(image, before)


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "mirror"])
def test_changes_and_zero_changes_nothing(name, image) -> None:
    assert any(
        not np.array_equal(augment_image(image, parse_changes(name), seeded(s)), image)
        for s in range(3)
    )
    same = augment_image(image, [(name, 0.0)], seeded())
    # a rectangle of one pixel is the least that occlude covers
    assert np.abs(same.astype(int) - image).max() <= (255 if name == "occlude" else 1)
    assert (same != image).any(axis=2).sum() <= 1 if name == "occlude" else True


@pytest.mark.parametrize(
    "name", ["mirror", "rotate", "resize", "crop", "occlude", "elastic", "shift"]
)
def test_geometry_keeps_a_uniform_picture(name) -> None:
    uniform = np.full((20, 30), 99, np.uint8)
    assert np.array_equal(augment_image(uniform, parse_changes(name), seeded()), uniform)


def test_mirror_twice_is_the_picture(image) -> None:
    changes = parse_changes("mirror=1,mirror=1")
    assert np.array_equal(augment_image(image, changes, seeded()), image)


def test_rotation_stays_within_its_angle() -> None:
    """The far end of a bar through the center moves by no more than the angle says."""
    bar = np.zeros((101, 101), np.uint8)
    bar[50, 50:] = 255
    for seed in range(10):
        turned = augment_image(bar, parse_changes("rotate=10"), seeded(seed))
        y, x = np.nonzero(turned > 60)
        far = x > 90
        angle = np.degrees(np.arctan2(y[far] - 50, x[far] - 50))
        assert np.abs(angle).max() <= 11


def test_elastic_shifts_about_as_far_as_it_says() -> None:
    ramp = np.tile(np.arange(0, 240, 2, np.uint8), (120, 1))
    moved = augment_image(ramp, parse_changes("elastic=3"), seeded()).astype(float)
    dx = (moved - ramp)[20:-20, 20:-20] / 2
    assert 0.5 < np.sqrt((dx**2).mean()) < 4
    assert np.abs(np.diff(dx, axis=0)).max() < 1.5  # smooth


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "augment must be a list such as"),
        ("blur", "augment knows noise, mirror"),
        ("rotate=181", "rotate takes a number from 0 to 180"),
        ("mirror=-1", "mirror takes a number from 0 to 1"),
        ("noise=a", "noise takes a number"),
        ("shift=nan", "shift takes a number"),
    ],
)
def test_messages(text, message) -> None:
    with pytest.raises(ParameterError, match=message):
        parse_changes(text)


def test_copies_are_made_on_reading(image) -> None:
    images = AugmentedImages([image, Picture(image[::-1])], "noise,rotate", times=3, seed=1)
    assert len(images) == 8
    assert images[0] is image
    pixels = [load_pixels(images[i]) for i in range(8)]
    assert len({p.tobytes() for p in pixels}) == 8
    assert np.array_equal(load_pixels(images[-1]), pixels[-1])
    again = pickle.loads(pickle.dumps(images[5]))
    assert np.array_equal(load_pixels(again), pixels[5])
    assert load_pixels(images[7], max_side=10).shape == (10, 8, 3)
    with pytest.raises(IndexError):
        images[8]


class Recorder(TransformerMixin, BaseEstimator):
    """Remembers what it was fitted on and asked about."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y=None):
        self.seen.append(("fit", len(X)))
        return self

    def transform(self, X):
        pixels = np.stack([load_pixels(image) for image in X])
        self.seen.append(("transform", {p.tobytes() for p in pixels}))
        return pixels.reshape(len(pixels), -1).astype(np.float32)


def test_test_folds_are_never_changed_nor_learned_from(rng) -> None:
    X = rng.integers(0, 256, (12, 6, 6), np.uint8)
    y = np.arange(12) % 2
    Recorder.seen.clear()
    recipe = Pipeline([("features", Recorder()), ("head", LogisticRegression())])
    cross_val_score(Augmented(recipe, "noise", times=2), X, y, cv=3, error_score="raise")
    originals = {image.tobytes() for image in X}
    for k in range(3):
        (_, n), (_, trained), (_, judged) = Recorder.seen[3 * k : 3 * k + 3]
        assert n == 24
        assert len(trained & originals) == 8
        assert judged <= originals
        assert not judged & trained


def test_model_is_the_recipe_alone(rng) -> None:
    X = rng.integers(0, 256, (12, 28, 28), np.uint8)
    model = Augmented(make_recipe("pixels", "ridge"), "shift=1", times=2).fit(X, np.arange(12) % 2)
    assert isinstance(model.estimator_, Pipeline)
    assert np.array_equal(model.predict(X), model.estimator_.predict(X))
    assert model.training_.n_images == 12
    assert not hasattr(model.estimator, "classes_")
