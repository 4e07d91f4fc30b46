"""Patch words against a slow reference that follows the paper step by step."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from cvclassic.encode import PatchWords, patch_grid, zca_whitening
from cvclassic.errors import DataError, ParameterError


def textures(rng, n=24, shape=(20, 20)):
    return rng.integers(0, 256, (n, *shape), np.uint8)


def reference(model: PatchWords, image: np.ndarray) -> np.ndarray:
    """Patch by patch, in float64: normalize, whiten, compare, activate, pool."""
    p = model.patch_size
    windows = sliding_window_view(image.astype(float), (p, p), axis=(0, 1))
    windows = windows[:: model.stride, :: model.stride]
    rows, columns = windows.shape[:2]
    total = np.zeros((model.pool, model.pool, model.n_words))
    count = np.zeros((model.pool, model.pool, 1))
    for i in range(rows):
        for j in range(columns):
            patch = windows[i, j].ravel()
            patch = (patch - patch.mean()) / np.sqrt(patch.var() + model.contrast)
            white = model.whitening_.astype(float) @ (patch - model.mean_)
            distance = np.linalg.norm(model.words_ - white, axis=1)
            if model.activation == "triangle":
                answer = np.maximum(0, distance.mean() - distance)
            elif model.activation == "squared":
                answer = np.maximum(0, (distance**2).mean() - distance**2)
            else:
                unit = model.words_ / np.linalg.norm(model.words_, axis=1, keepdims=True)
                answer = np.maximum(0, unit @ white - model.threshold)
            cell = i * model.pool // rows, j * model.pool // columns
            total[cell] += answer
            count[cell] += 1
    return ((total / count) ** model.power).ravel()


@pytest.mark.parametrize("activation", ["soft", "triangle", "squared"])
@pytest.mark.parametrize(
    ("color", "stride", "pool", "power"),
    [(False, 1, 3, 0.5), (True, 2, 2, 1.0), (False, 3, 1, 0.3)],
)
def test_is_the_papers_definition(rng, activation, color, stride, pool, power) -> None:
    images = textures(rng, shape=(20, 20, 3) if color else (20, 20))
    model = PatchWords(
        n_words=30, patch_size=5, stride=stride, pool=pool, activation=activation, power=power,
        image_size=20, color=color, n_patches=3000, random_state=0,
    )  # fmt: skip
    X = model.fit(images).transform(images[:3])
    for row, image in zip(X, images, strict=False):
        np.testing.assert_allclose(row, reference(model, image), atol=2e-3)


def test_brightness_does_not_matter_and_contrast_hardly(rng) -> None:
    image = rng.integers(60, 120, (20, 20)).astype(np.uint8)
    model = PatchWords(n_words=20, image_size=20, n_patches=2000, random_state=0)
    model.fit(textures(rng))
    plain, brighter, stronger = model.transform([image, image + 50, (image - 60) * 3])
    np.testing.assert_allclose(brighter, plain, atol=1e-4)
    assert np.abs(stronger - plain).max() < 0.05 * plain.max()


def test_cells_move_with_the_picture(rng) -> None:
    """What is in the left half answers in the left cells; mirrored words, mirrored cells."""
    image = np.full((20, 20), 100, np.uint8)
    image[6:14, 2:7] = rng.integers(0, 256, (8, 5))
    model = PatchWords(
        n_words=20, image_size=20, pool=2, activation="squared", n_patches=2000, random_state=0
    ).fit(textures(rng))
    flat = model._sized_vectors(np.stack([image, image[:, ::-1]])).reshape(2, 2, 2, 20)
    blank = flat[0, :, 1, :]
    assert np.abs(flat[0, :, 0] - blank).max() > 10 * np.abs(flat[1, :, 0] - blank).max()


def test_every_patch_is_in_one_cell() -> None:
    index, starts = patch_grid((9, 7, 3), patch_size=3, stride=2, pool=2)
    assert index.shape == (27, 4 * 3)
    assert starts[-1] == index.shape[1]
    assert (np.diff(starts) > 0).all()
    flat = np.arange(9 * 7 * 3).reshape(9, 7, 3)
    wanted = {tuple(flat[i : i + 3, j : j + 3].transpose(2, 0, 1).ravel())
              for i in range(0, 7, 2) for j in range(0, 5, 2)}  # fmt: skip
    assert {tuple(column) for column in index.T} == wanted


def test_whitening_is_symmetric_and_whitens(rng) -> None:
    patches = (rng.normal(size=(6, 6)) @ rng.normal(size=(6, 4000))).astype(np.float32)
    mean, matrix = zca_whitening(patches, 1e-5)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-5)
    white = matrix @ (patches - mean[:, None])
    np.testing.assert_allclose(np.cov(white), np.eye(6), atol=0.02)


def test_words_as_pictures(rng) -> None:
    model = PatchWords(n_words=10, patch_size=4, image_size=20, n_patches=500, random_state=0)
    shown = model.fit(textures(rng)).word_pictures()
    assert shown.shape == (10, 4, 4)
    centered = shown.reshape(10, -1) - 127.5
    for picture, word in zip(centered, model.words_, strict=True):
        assert np.corrcoef(picture, word)[0, 1] > 0.999
    color = PatchWords(
        n_words=10, patch_size=4, color=True, image_size=20, n_patches=500, random_state=0
    ).fit(textures(rng, shape=(20, 20, 3)))
    assert color.word_pictures().shape == (10, 4, 4, 3)


def test_flat_patches_are_no_words(rng) -> None:
    images = np.zeros((10, 20, 20), np.uint8)
    images[:, 8:12, 8:12] = rng.integers(0, 256, (10, 4, 4))
    model = PatchWords(n_words=20, patch_size=4, image_size=20, random_state=0).fit(images)
    assert (np.linalg.norm(model.words_, axis=1) > 0.1).sum() >= 19


def test_blank_training_pictures_say_so() -> None:
    with pytest.raises(DataError, match="at least 4 patches that show something"):
        PatchWords(n_words=5).fit(np.zeros((4, 28, 28), np.uint8))


def test_few_patches_give_fewer_words(rng) -> None:
    images = rng.integers(0, 256, (6, 8, 8), np.uint8)
    model = PatchWords(n_words=500, patch_size=6, image_size=8, random_state=0).fit(images)
    assert len(model.words_) == 6 * 9 // 2  # half of the patches
    assert model.transform(images).shape == (6, model.n_features_out_)
    assert "27 were learned" in model.codebook_note


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"patch_size": 29}, "patch_size must be at most the shorter side of image_size, 28"),
        ({"patch_size": 26, "pool": 4}, "pool must be at most the number of patches"),
        ({"activation": "relu"}, "activation must be one of"),
    ],
)
def test_messages(params, message) -> None:
    with pytest.raises(ParameterError, match=message):
        PatchWords(**params).fit(np.zeros((2, 28, 28), np.uint8))
