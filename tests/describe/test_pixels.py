"""Images brought to one size, their pixels, and rows of tables."""

import numpy as np
import pytest

from cvclassic.describe import Pixels, TableColumns, fit_to_size
from cvclassic.errors import DataError, ParameterError


def test_pixels_are_the_picture(rng) -> None:
    images = rng.integers(0, 256, (5, 8, 6), np.uint8)
    X = Pixels(image_size=(8, 6)).fit_transform(images)
    assert np.array_equal(np.rint(X * 255).astype(np.uint8).reshape(images.shape), images)
    assert X.min() >= 0
    assert X.max() <= 1


def test_color_keeps_channels_gray_takes_luma(rng) -> None:
    images = rng.integers(0, 256, (3, 7, 7, 3), np.uint8)
    color = Pixels(7, color=True).fit(images)
    assert np.array_equal(np.rint(color.transform(images) * 255).reshape(images.shape), images)
    assert color.get_feature_names_out()[:4].tolist() == [
        "red_0_0", "green_0_0", "blue_0_0", "red_0_1"
    ]  # fmt: skip
    luma = np.rint(images @ np.array([0.299, 0.587, 0.114]))
    gray = Pixels(7).fit_transform(images) * 255
    assert np.abs(gray.reshape(luma.shape) - luma).max() <= 1


def test_a_mirrored_picture_gives_mirrored_pixels(rng) -> None:
    image = rng.integers(0, 256, (56, 42), np.uint8)
    both = Pixels((14, 14)).fit_transform([image, image[:, ::-1]]).reshape(2, 14, 14)
    assert np.abs(both[0] - both[1][:, ::-1]).max() <= 1 / 255


@pytest.mark.parametrize("shape", [(40, 20), (3, 90), (1, 1), (28, 28, 3)])
@pytest.mark.parametrize("color", [False, True])
def test_a_uniform_picture_stays_uniform(shape, color) -> None:
    out = fit_to_size(np.full(shape, 77, np.uint8), (12, 10), color)
    assert out.shape == ((12, 10, 3) if color else (12, 10))
    assert np.abs(out.astype(int) - 77).max() <= 1


@pytest.mark.parametrize("size", [0, 513, 2.5, "28", (8,), (8, 8, 3), (8, 0), True])
def test_impossible_sizes(size) -> None:
    with pytest.raises(ParameterError, match="image_size must be an integer from 1 to 512"):
        Pixels(size).fit([np.zeros((8, 8), np.uint8)])


def test_table_columns_do_not_depend_on_unit_or_origin(rng) -> None:
    X = rng.normal(size=(200, 3))
    names = ("a", "b", "c")
    plain = TableColumns(names).fit_transform(X)
    moved = TableColumns(names).fit_transform(X * [1, 1e4, 1e-3] + [5, -3, 0])
    np.testing.assert_allclose(moved, plain, atol=2e-3)


def test_bins_are_filled_alike_and_bend_where_they_should(rng) -> None:
    X = rng.exponential(size=(400, 2))
    step = TableColumns(("a", "b"), n_bins=4).fit(X)
    Z = step.transform(X)
    assert Z.shape == (400, 2 + 8)
    assert step.get_feature_names_out()[[0, 2, 9]].tolist() == ["a", "a_bin0", "b_bin3"]
    np.testing.assert_allclose((Z[:, 2:] > 0).mean(axis=0), [1, 0.75, 0.5, 0.25] * 2, atol=0.01)
    assert (np.diff(Z[:, 2:6].sum(axis=1)[np.argsort(X[:, 0])]) >= -1e-5).all()
    beyond = step.transform([[-5.0, 1e9]])[0, 2:]
    assert beyond.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert TableColumns(("a", "b"), n_bins=0).fit_transform(X).shape == (400, 2)


def test_outliers_are_reined_in_and_keep_their_order() -> None:
    X = np.concatenate([np.linspace(-1, 1, 99), [1e6]])[:, None]
    Z = TableColumns(("a",)).fit_transform(X)[:, 0]
    assert (np.diff(Z) > 0).all()
    assert Z[-1] < 20


def test_a_constant_column_is_no_division_by_zero() -> None:
    Z = TableColumns(("a", "b")).fit_transform([[3.0, 1.0], [3.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(Z[:, 0], [0, 0, 0])


def test_tables_that_do_not_fit() -> None:
    table = TableColumns(("a", "b")).fit([[1, 2], [3, 4]])
    with pytest.raises(DataError, match="X must have 2 columns"):
        table.transform([[1, 2, 3]])
    with pytest.raises(DataError, match="not finite"):
        table.transform([[1, np.inf]])
    with pytest.raises(ParameterError, match="columns must be distinct"):
        TableColumns(("a", "a")).fit([[1, 2]])
