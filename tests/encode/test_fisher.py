import ctypes
import ctypes.util
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from cvclassic.describe import SIFT, Describer, LocalFeatures
from cvclassic.encode import FisherVector, fisher_vector, fit_mixture
from cvclassic.errors import ParameterError


@pytest.fixture(scope="module")
def mixture():
    sample = np.random.default_rng(5).normal(size=(3000, 6)).astype(np.float32)
    sample *= np.linspace(2, 0.2, 6, dtype=np.float32)
    return fit_mixture(sample, 4, random_state=np.random.RandomState(0))


@pytest.fixture(scope="module")
def descriptors():
    x = np.random.default_rng(6).normal(0.2, 1, size=(700, 6)).astype(np.float32)
    return x * np.linspace(2, 0.2, 6, dtype=np.float32)


class Noise(Describer):
    """Random descriptors at random places, the same for the same image; none if blank."""

    n_dims = 12

    def __init__(self, max_side=None):
        self.max_side = max_side

    def _check(self):
        pass

    def describe_pixels(self, pixels):
        if pixels.min() == pixels.max():
            return LocalFeatures.empty(12, pixels.shape[:2])
        rng = np.random.default_rng(int(pixels.sum()))
        n = int(rng.integers(30, 90))
        xy = rng.uniform(0, pixels.shape[0] - 1, (n, 2)).astype(np.float32)
        zero = np.zeros(n, np.float32)
        x = rng.normal(size=(n, 12)).astype(np.float32) + (xy[:, :1] > 16)
        return LocalFeatures(xy, zero, zero, x, pixels.shape[:2])


@pytest.fixture
def images(rng):
    return rng.integers(0, 255, (9, 32, 32), np.uint8)


def _mean_log_likelihood(x, weights, means, deviations):
    u = (x[:, None] - means) / deviations
    logs = np.log(weights) - 0.5 * np.sum(u**2 + np.log(2 * np.pi * deviations**2), axis=2)
    return np.logaddexp.reduce(logs, axis=1).mean()


def test_is_the_gradient_of_the_log_likelihood(mixture, descriptors):
    """Numerical gradient, times the inverse root of the diagonal Fisher information."""
    weights, means, variances = (a.astype(np.float64) for a in mixture)
    deviations, x, h = np.sqrt(variances), descriptors.astype(np.float64), 1e-5
    expected = np.zeros((2, *means.shape))
    for k, d in np.ndindex(*means.shape):
        step = np.zeros_like(means)
        step[k, d] = h
        by_mean = _mean_log_likelihood(x, weights, means + step, deviations)
        by_mean -= _mean_log_likelihood(x, weights, means - step, deviations)
        by_spread = _mean_log_likelihood(x, weights, means, deviations + step)
        by_spread -= _mean_log_likelihood(x, weights, means, deviations - step)
        information = np.sqrt(weights[k]) / deviations[k, d]
        expected[0, k, d] = by_mean / (2 * h) / information
        expected[1, k, d] = by_spread / (2 * h) / (information * np.sqrt(2))
    found = fisher_vector(descriptors, *mixture, improved=False)
    np.testing.assert_allclose(found, expected.ravel(), atol=2e-5)


def test_agrees_with_scikit_image(mixture, descriptors):
    from skimage.feature import fisher_vector as skimage_fisher_vector
    from sklearn.mixture import GaussianMixture

    weights, means, variances = mixture
    model = GaussianMixture(len(weights), covariance_type="diag")
    model.weights_, model.means_, model.covariances_ = weights, means, variances
    model.precisions_cholesky_ = 1 / np.sqrt(variances)
    theirs = skimage_fisher_vector(descriptors, model, improved=False)[len(weights) :]
    ours = fisher_vector(descriptors, *mixture, improved=False)
    # its part of the deviations has the opposite sign (the tests above say which is the gradient)
    sign = np.repeat([1, -1], means.size)
    np.testing.assert_allclose(ours * sign, theirs, atol=1e-4)


def test_agrees_with_vlfeat(mixture, descriptors):
    name = ctypes.util.find_library("vl")
    if name is None:
        pytest.skip("VLFeat's C library is not installed (Debian: libvlfeat1)")
    encode = ctypes.CDLL(name).vl_fisher_encode
    encode.restype = ctypes.c_uint64
    weights, means, variances = mixture
    (k, d), size, float_type = means.shape, ctypes.c_uint64, 1

    def pointer(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    for flags, improved in ((0, False), (3, True)):
        theirs = np.zeros(2 * k * d, np.float32)
        encode(
            *(pointer(theirs), float_type, pointer(means), size(d), size(k), pointer(variances)),
            *(pointer(weights), pointer(descriptors), size(len(descriptors)), flags),
        )
        ours = fisher_vector(descriptors, *mixture, improved=improved)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_order_and_repetition_do_not_matter(mixture, descriptors, rng):
    vector = fisher_vector(descriptors, *mixture)
    shuffled = fisher_vector(rng.permutation(descriptors), *mixture)
    doubled = fisher_vector(np.vstack([descriptors, descriptors]), *mixture)
    np.testing.assert_allclose(shuffled, vector, atol=1e-4)
    np.testing.assert_allclose(doubled, vector, atol=1e-4)


def test_shift_and_scale_of_the_space_do_not_matter(mixture, descriptors):
    """Descriptors and mixture moved together, also far from zero: no digits are lost."""
    weights, means, variances = mixture
    moved = fisher_vector(descriptors * 8 + 50, weights, means * 8 + 50, variances * 64)
    np.testing.assert_allclose(moved, fisher_vector(descriptors, *mixture), atol=1e-3)


def test_descriptors_drawn_from_the_mixture_leave_little(mixture, rng):
    weights, means, variances = mixture
    label = rng.choice(len(weights), 20_000, p=weights / weights.sum())
    x = means[label] + np.sqrt(variances[label]) * rng.normal(size=(20_000, 6))
    vector = fisher_vector(x.astype(np.float32), *mixture, improved=False)
    assert np.abs(vector).max() < 0.03


def test_no_descriptors_give_zeros(mixture):
    assert not fisher_vector(np.zeros((0, 6), np.float32), *mixture).any()


def test_each_cell_is_the_vector_of_its_descriptors(images):
    encoder = FisherVector(Noise(), n_gaussians=3, n_components=6, pyramid=((1, 1), (2, 1), (1, 2)))
    encoder.set_params(random_state=0).fit(images)
    vector = encoder.transform(images[:1])[0].reshape(5, -1)
    features = encoder.local_features(images[0])
    x = (features.descriptors - encoder.mean_) @ encoder.components_.T
    low, right = (features.xy[:, 1] + 0.5) >= 16, (features.xy[:, 0] + 0.5) >= 16
    everything = np.ones(len(x), bool)
    for cell, inside in zip(vector, (everything, ~low, low, ~right, right), strict=True):
        expected = fisher_vector(x[inside], encoder.weights_, encoder.means_, encoder.variances_)
        np.testing.assert_allclose(cell, expected, atol=1e-3)


def test_position_is_seen_where_it_is_asked_for(images):
    encoder = FisherVector(Noise(), 2, 4, augment_position=True, random_state=0).fit(images)
    assert encoder.means_.shape == (2, 6)
    assert encoder.transform(images).shape == (9, 24)
    features = encoder.local_features(images[0])
    other = LocalFeatures(
        31 - features.xy, features.scale, features.angle, features.descriptors, (32, 32)
    )
    cells = np.zeros((1, len(features)), int)
    assert (
        np.abs(
            encoder.encode_features(features, cells) - encoder.encode_features(other, cells)
        ).max()
        > 0.01
    )


@pytest.mark.parametrize("params", [{}, {"augment_position": True, "n_components": None}])
def test_n_jobs_pickle_and_blank_pictures(images, params):
    images[3] = 0
    encoder = FisherVector(Noise(), 3, 8, pyramid=((1, 1), (2, 2)), random_state=0)
    encoder.set_params(**params)
    one = clone(encoder).set_params(n_jobs=1).fit_transform(images)
    fitted = clone(encoder).set_params(n_jobs=2).fit(images)
    np.testing.assert_array_equal(fitted.transform(images), one)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(images), one)
    assert not one[3].any()
    assert fitted.block_sizes_ == [one.shape[1] // 5, one.shape[1] * 4 // 5]
    assert np.isfinite(one).all()


def test_a_constant_picture_gives_zeros(rng):
    images = rng.integers(0, 255, (6, 48, 48), np.uint8)
    encoder = FisherVector(SIFT(), 2, 4, random_state=0).fit(images)
    assert not encoder.transform(np.full((1, 48, 48), 77, np.uint8)).any()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_gaussians": 0}, "n_gaussians must be an integer >= 1. Got 0 instead."),
        ({"n_components": 0}, "n_components must be an integer >= 1 or None"),
        ({"power": 0}, "power must be a number > 0"),
        ({"augment_position": 1}, "augment_position must be True or False. Got 1 instead."),
    ],
)
def test_bad_parameters(images, params, message):
    with pytest.raises(ParameterError, match=message):
        FisherVector(Noise(), **params).fit(images)
