import ctypes
import ctypes.util
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from cvclassic.describe import SIFT
from cvclassic.encode import VLAD, nearest_words, vlad_vector
from cvclassic.errors import ParameterError


@pytest.fixture
def words(rng):
    return rng.normal(size=(7, 5)).astype(np.float32)


@pytest.fixture
def descriptors(rng):
    return rng.normal(size=(300, 5)).astype(np.float32)


@pytest.fixture
def images(rng):
    return rng.integers(0, 255, (6, 64, 64), np.uint8)


@pytest.mark.parametrize("intra", [False, True])
@pytest.mark.parametrize("power", [1, 0.5])
def test_follows_the_definition(descriptors, words, intra, power):
    expected = np.zeros(words.shape)
    for x in descriptors.astype(np.float64):
        nearest = np.argmin(((x - words) ** 2).sum(axis=1))
        expected[nearest] += x - words[nearest]
    expected = np.sign(expected) * np.abs(expected) ** power
    if intra:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    expected /= np.linalg.norm(expected)
    found = vlad_vector(descriptors, words, intra=intra, power=power)
    np.testing.assert_allclose(found, expected.ravel(), atol=1e-5)


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        (0, {"intra": False}),
        (1, {"intra": True}),
        (2, {"intra": False, "power": 0.5}),
        (3, {"intra": True, "power": 0.5}),
    ],
)
def test_agrees_with_vlfeat(descriptors, words, flags, options):
    name = ctypes.util.find_library("vl")
    if name is None:
        pytest.skip("VLFeat's C library is not installed (Debian: libvlfeat1)")
    assignment = np.eye(len(words), dtype=np.float32)[nearest_words(descriptors, words)]
    theirs = np.zeros(words.size, np.float32)
    size, float_type = ctypes.c_uint64, 1
    (k, d), n = words.shape, len(descriptors)

    def pointer(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    ctypes.CDLL(name).vl_vlad_encode(
        *(pointer(theirs), float_type, pointer(words), size(d), size(k)),
        *(pointer(descriptors), size(n), pointer(assignment), flags),
    )
    np.testing.assert_allclose(vlad_vector(descriptors, words, **options), theirs, atol=1e-4)


def test_order_and_repetition_do_not_matter(descriptors, words, rng):
    vector = vlad_vector(descriptors, words)
    np.testing.assert_allclose(vlad_vector(rng.permutation(descriptors), words), vector, atol=1e-5)
    doubled = vlad_vector(np.vstack([descriptors, descriptors]), words)
    np.testing.assert_allclose(doubled, vector, atol=1e-5)


def test_intra_normalisation_tames_a_burst(descriptors, words):
    """One descriptor seen a thousand times: its word counts no more than any other."""
    burst = np.vstack([descriptors, np.repeat(descriptors[:1], 1000, axis=0)])
    lengths = np.linalg.norm(vlad_vector(burst, words).reshape(words.shape), axis=1)
    np.testing.assert_allclose(lengths, 7**-0.5, atol=1e-5)
    plain = np.linalg.norm(vlad_vector(burst, words, intra=False).reshape(words.shape), axis=1)
    assert plain.max() > 0.9


def test_a_word_without_descriptors_is_zero(words):
    vector = vlad_vector(words[:2] + 0.01, words).reshape(words.shape)
    assert vector[:2].any(axis=1).all()
    assert not vector[2:].any()
    assert not vlad_vector(np.zeros((0, 5), np.float32), words).any()


def test_each_cell_is_the_vector_of_its_descriptors(images):
    encoder = VLAD(SIFT(), 4, n_components=9, pyramid=((1, 1), (1, 2)), random_state=0).fit(images)
    cells = encoder.transform(images[:1])[0].reshape(3, -1)
    features = encoder.local_features(images[0])
    x = (features.descriptors - encoder.mean_) @ encoder.components_.T
    right = features.xy[:, 0] + 0.5 >= 32
    for cell, inside in zip(cells, (right | True, ~right, right), strict=True):
        expected = vlad_vector(x[inside], encoder.words_, power=0.5)
        np.testing.assert_allclose(cell, expected, atol=1e-4)


@pytest.mark.parametrize("n_components", [None, 16])
def test_n_jobs_pickle_and_blank_pictures(images, n_components):
    images[3] = 0
    encoder = VLAD(SIFT(), 4, n_components, pyramid=((1, 1), (2, 2)), random_state=0)
    one = clone(encoder).set_params(n_jobs=1).fit_transform(images)
    fitted = clone(encoder).set_params(n_jobs=2).fit(images)
    np.testing.assert_array_equal(fitted.transform(images), one)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(images), one)
    assert one.shape[1] == sum(fitted.block_sizes_) == 5 * 4 * (n_components or 128)
    assert not one[3].any()
    assert np.isfinite(one).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_words": 1}, "n_words must be an integer >= 2. Got 1 instead."),
        ({"n_components": 1.5}, "n_components must be an integer >= 1 or None"),
        ({"intra": "yes"}, "intra must be True or False"),
        ({"power": -1}, "power must be a number > 0"),
    ],
)
def test_bad_parameters(images, params, message):
    with pytest.raises(ParameterError, match=message):
        VLAD(SIFT(), **params).fit(images)


@pytest.mark.parametrize("intra", [False, True])
def test_the_encoder_normalizes_as_it_is_asked_to(images, intra):
    encoder = VLAD(SIFT(), 4, intra=intra, power=1, random_state=0).fit(images)
    for image, found in zip(images, encoder.transform(images), strict=True):
        x = encoder.local_features(image).descriptors
        expected = vlad_vector(x, encoder.words_, intra=intra, power=1)
        np.testing.assert_allclose(found, expected, atol=1e-5)
