"""The fixed-kernel layer as a transformer."""

import pickle

import cv2
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from cvclassic.describe import KernelFeatures
from cvclassic.errors import ParameterError
from cvclassic.filters import convolve, pool


@pytest.fixture
def pictures(rng) -> np.ndarray:
    return rng.integers(0, 256, (12, 30, 26), dtype=np.uint8)


def test_is_bank_relu_pooling_flatten(pictures):
    features = KernelFeatures(["sobel_x", "laplacian4"], image_size=(30, 26), signed=False)
    rows = features.fit_transform(pictures)
    planes = pictures[4].astype(np.float32) / 255
    bank = [np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8]
    expected = pool(np.maximum(convolve(planes, bank, padding="reflect"), 0), 4)
    n = expected.size
    np.testing.assert_allclose(rows[4, :n], expected.ravel(), atol=1e-6)
    assert rows.shape == (12, 2 * n)


def test_names_and_signs(pictures):
    features = KernelFeatures(["gaussian3", "sobel_x", "1 0; 0 1"], image_size=8, pool_size=4)
    features.set_params(padding="same").fit(pictures)
    assert features.map_names_ == ["gaussian3+", "sobel_x+", "sobel_x-", "kernel2+"]
    names = features.get_feature_names_out()
    assert len(names) == len(set(names)) == features.transform(pictures).shape[1]


def test_negative_half_is_the_answer_to_the_inverted_picture(pictures):
    features = KernelFeatures(["sobel_y"], image_size=16).fit(pictures)
    rows, inverted = features.transform(pictures), features.transform(255 - pictures)
    half = rows.shape[1] // 2
    np.testing.assert_allclose(rows[:, :half], inverted[:, half:], atol=1e-5)


def test_color_has_three_times_the_maps(rng):
    X = rng.integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    gray, color = KernelFeatures(), KernelFeatures(color=True)
    assert color.fit_transform(X).shape[1] == 3 * gray.fit_transform(X).shape[1]
    assert color.transform(X[:, :, :, 0]).shape == color.transform(X).shape


def test_mixed_sources_give_the_same_rows(pictures, tmp_path):
    data = cv2.imencode(".png", pictures[0])[1].tobytes()
    path = tmp_path / "a.png"
    path.write_bytes(data)
    rows = KernelFeatures().fit_transform([pictures[0], data, path, str(path)])
    assert (rows == rows[0]).all()


def test_jobs_clones_and_pickles_agree(pictures):
    features = KernelFeatures(n_jobs=1).fit(pictures)
    rows = features.transform(pictures)
    np.testing.assert_array_equal(
        clone(features).set_params(n_jobs=2).fit_transform(pictures), rows
    )
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(features)).transform(pictures), rows)


def test_works_in_a_grid_search(pictures):
    y = np.arange(len(pictures)) % 2
    search = GridSearchCV(
        make_pipeline(KernelFeatures(), LogisticRegression()),
        {"kernelfeatures__pool_size": [2, 8]},
        cv=2,
    )
    assert search.fit(pictures, y).predict(pictures).shape == (12,)


def test_blank_and_tiny_pictures():
    rows = KernelFeatures(["laplacian4"]).fit_transform(
        [np.full((50, 40), 200, np.uint8), np.zeros((1, 1, 3), np.uint8)]
    )
    np.testing.assert_allclose(rows, 0, atol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "fragment"),
    [
        ({"kernels": "sobel_x"}, "sequence of kernels"),
        ({"kernels": []}, "at least one"),
        ({"kernels": ["no such"]}, "kernel must be one of"),
        ({"image_size": 0}, "image_size must be"),
        ({"image_size": (1, 2, 3)}, "one integer or two"),
        ({"pool_size": 99}, "must fit"),
        ({"signed": "yes"}, "signed must be True or False"),
    ],
)
def test_bad_parameters_say_why(pictures, parameters, fragment):
    with pytest.raises(ParameterError) as caught:
        KernelFeatures(**parameters).fit(pictures)
    assert fragment in str(caught.value)
