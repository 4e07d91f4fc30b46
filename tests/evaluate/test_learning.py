"""More images, better scores; the same images, the same numbers."""

import numpy as np
import pytest
from sklearn.base import clone

from cvclassic.classify import make_recipe
from cvclassic.errors import DataError, ParameterError
from cvclassic.evaluate import learning_curve


@pytest.fixture(scope="module")
def noisy():
    """Three faint patterns in noise, and a model of 30 a class."""
    rng = np.random.default_rng(9)
    patterns = rng.integers(0, 40, (3, 12, 12))
    labels = np.arange(390) % 3
    pictures = patterns[labels] + rng.normal(100, 30, (390, 12, 12))
    pictures = np.clip(pictures, 0, 255).astype(np.uint8)
    model = make_recipe("pixels", "ridge", penalty=1.0).fit(pictures[:90], labels[:90])
    return model, pictures[:90], labels[:90], pictures[90:], labels[90:]


def test_more_pictures_help(noisy) -> None:
    curve = learning_curve(*noisy, n_repeats=4)
    assert curve.sizes == [1, 2, 5, 10, 20, 30]
    assert curve.accuracy.shape == curve.mean_class_accuracy.shape == (6, 4)
    means = curve.accuracy.mean(axis=1)
    assert means[-1] > means[2] > means[0] > 0.33
    model, _, _, test, truth = noisy
    assert curve.accuracy[-1] == pytest.approx((model.predict(test) == truth).mean())
    assert curve.summary()[-1][2] == 0  # all images: there is one choice
    again = learning_curve(*noisy, n_repeats=4)
    assert np.array_equal(again.accuracy, curve.accuracy)
    other = learning_curve(*noisy, n_repeats=4, random_state=1)
    assert not np.array_equal(other.accuracy, curve.accuracy)


def test_refit_trains_everything(noisy) -> None:
    """Of an encoder that learns nothing both ways are the same; the pipeline stays as it is."""
    quick = learning_curve(*noisy, sizes=(2, 5), n_repeats=2)
    model, *data = noisy
    whole = learning_curve(clone(model), *data, sizes=(2, 5), n_repeats=2, refit=True)
    assert whole.sizes == [2, 5]
    assert whole.refit
    assert np.array_equal(quick.accuracy, whole.accuracy)


def test_mistakes(noisy) -> None:
    model, images, labels, test, truth = noisy
    with pytest.raises(ParameterError, match="sizes must be an integer >= 1"):
        learning_curve(*noisy, sizes=(0, 1))
    with pytest.raises(ParameterError, match="one label per image"):
        learning_curve(model, images, labels[1:], test, truth)
    with pytest.raises(DataError, match="at least 2 classes"):
        learning_curve(model, images, labels * 0, test, truth)
