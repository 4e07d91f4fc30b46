"""The scattering transform against its definition, and what must not change it."""

import cv2
import numpy as np
import pytest

from cvclassic.describe import Scattering
from cvclassic.describe.wavelets import wavelet_plan
from cvclassic.errors import ParameterError

SIDE, SCALES, TURNS = 64, 3, 8


@pytest.fixture(scope="module")
def plane() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    return cv2.GaussianBlur(noise, (0, 0), 1.0).astype(np.float32)


def whole_filters(n: int, scale: int) -> np.ndarray:
    """Morlet wavelets over the whole spectrum of n x n pixels, as Bruna & Mallat have them."""
    frequency, width = 0.75 * np.pi / 2**scale, 0.8 * 2**scale
    w = 2 * np.pi * np.fft.fftfreq(n)
    y, x = np.meshgrid(w, w, indexing="ij")
    filters = []
    for angle in np.pi * np.arange(TURNS) / TURNS:
        total = 0.0
        for dy in (-2 * np.pi, 0, 2 * np.pi):  # the spectrum of samples repeats
            for dx in (-2 * np.pi, 0, 2 * np.pi):
                u = (x + dx) * np.cos(angle) + (y + dy) * np.sin(angle)
                v = (y + dy) * np.cos(angle) - (x + dx) * np.sin(angle)
                gauss = np.exp(-(width**2) / 2 * ((u - frequency) ** 2 + 4 * v**2))
                blob = np.exp(-(width**2) / 2 * (u**2 + 4 * v**2))
                total = total + gauss - np.exp(-(width**2) / 2 * frequency**2) * blob
        filters.append(total)
    return np.array(filters)


def cell_means(planes: np.ndarray, margin: int) -> np.ndarray:
    """Gaussian means over cells of 2^SCALES pixels, at full resolution."""
    cell = 2**SCALES
    centers = (np.arange(SIDE // cell) + 0.5) * cell - 0.5 + margin
    weights = np.exp(-(((np.arange(planes.shape[-1]) - centers[:, None]) / (0.4 * cell)) ** 2) / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ planes @ weights.T


def both_orders(plan, plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Paths of one plane, of the first and of the second order."""
    first, moduli = plan.first_order(plane[None])
    return first[0], plan.second_order(moduli)[0]


def test_both_layers_from_the_definition(plane) -> None:
    """At full resolution, without any shortcut: reduced planes differ by a few per cent."""
    plan = wavelet_plan(SIDE, SCALES, TURNS)
    first, second = both_orders(plan, plane)
    margin = 2**SCALES
    padded = cv2.copyMakeBorder(plane, *(margin,) * 4, cv2.BORDER_REFLECT).astype(float)
    n = len(padded)
    expected_first, expected_second = [cell_means(padded[None], margin)], []
    for scale in range(SCALES):
        u = abs(np.fft.ifft2(np.fft.fft2(padded) * whole_filters(n, scale)))
        expected_first.append(cell_means(u, margin))
        for coarser in range(scale + 1, SCALES):
            v = abs(np.fft.ifft2(np.fft.fft2(u)[:, None] * whole_filters(n, coarser)[None]))
            expected_second.append(cell_means(v.reshape(-1, n, n), margin))
    for found, parts in ((first, expected_first), (second, expected_second)):
        expected = np.concatenate(parts)
        assert found.shape == expected.shape
        apart = abs(found - expected).mean(axis=(1, 2))
        assert (apart < 0.08 * abs(expected).mean(axis=(1, 2))).all()
        assert abs(found - expected).mean() < 0.03 * abs(expected).mean()


def test_a_constant_has_no_moduli_and_contrast_scales_them(plane) -> None:
    plan = wavelet_plan(SIDE, SCALES, TURNS)
    first, second = both_orders(plan, np.full((SIDE, SIDE), 3.0))
    np.testing.assert_allclose(first[0], 3, rtol=1e-5)
    assert abs(first[1:]).max() < 1e-4
    assert abs(second).max() < 1e-4
    first, second = both_orders(plan, plane)
    first_of_twice, second_of_twice = both_orders(plan, 5 + 2 * plane)
    np.testing.assert_allclose(first_of_twice[1:], 2 * first[1:], atol=2e-4)
    np.testing.assert_allclose(second_of_twice, 2 * second, atol=2e-4)


def test_a_mirrored_picture_has_mirrored_paths(plane) -> None:
    plan = wavelet_plan(SIDE, SCALES, TURNS)

    def paths(picture):
        first, second = both_orders(plan, picture)
        return first[1:], second

    turned = -np.arange(TURNS) % TURNS  # of the angle a it makes 180° - a
    for straight, mirrored, orders in zip(
        paths(plane), paths(np.ascontiguousarray(plane[:, ::-1])), (1, 2), strict=True
    ):
        grid = mirrored.reshape(-1, *(TURNS,) * orders, *mirrored.shape[1:])[..., ::-1]
        for axis in range(orders):
            grid = np.take(grid, turned, axis=axis + 1)
        expected = grid.reshape(straight.shape)
        assert abs(straight - expected).mean() < 0.02 * straight.mean()


def test_a_grating_answers_at_its_own_angle_and_scale() -> None:
    plan = wavelet_plan(SIDE, SCALES, TURNS)
    y, x = np.mgrid[:SIDE, :SIDE]
    for scale in range(SCALES):
        for turn in (0, 2, 5):
            angle = np.pi * turn / TURNS
            phase = 0.75 * np.pi / 2**scale * (x * np.cos(angle) + y * np.sin(angle))
            first = both_orders(plan, np.cos(phase))[0][1:].reshape(SCALES, TURNS, -1)
            strongest = np.unravel_index(first.mean(axis=2).argmax(), (SCALES, TURNS))
            assert strongest == (scale, turn)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [
        cv2.resize(rng.integers(0, 256, (s, s, 3), np.uint8), (80, 64)) for s in (5, 9, 17, 33) * 3
    ]


@pytest.fixture(scope="module")
def fitted(pictures) -> Scattering:
    return Scattering(image_size=32, n_scales=3).fit(pictures)


def test_paths_are_standardized_and_blocks_have_length_1(pictures, fitted) -> None:
    vectors = fitted.transform(pictures)
    bright, color = np.split(vectors, [fitted.block_sizes_[0]], axis=1)
    np.testing.assert_allclose(np.linalg.norm(bright, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(color, axis=1), 1, rtol=1e-5)
    assert abs(bright.mean()) < 0.2 * bright.std()


def test_gray_pictures_have_no_color(pictures, fitted) -> None:
    gray = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    both = fitted.transform([gray[0], np.dstack([gray[0]] * 3)])
    np.testing.assert_array_equal(both[0], both[1])
    own = Scattering(image_size=32, n_scales=3).fit(gray)
    assert not own.transform(gray)[:, own.block_sizes_[0] :].any()
    without = Scattering(image_size=32, n_scales=3, color=False).fit(gray)
    assert len(without.block_sizes_) == 1
    np.testing.assert_allclose(
        without.transform(gray), own.transform(gray)[:, : own.block_sizes_[0]], atol=1e-6
    )


def test_pictures_do_not_change_each_other(pictures, fitted) -> None:
    mixed = [*pictures[:3], cv2.cvtColor(pictures[3], cv2.COLOR_RGB2GRAY), *pictures[4:11]]
    together = fitted.transform(mixed)
    for picture, row in zip(mixed, together, strict=True):
        np.testing.assert_allclose(fitted.transform([picture])[0], row, atol=1e-6)


def test_places_hold_what_lies_there(fitted, pictures) -> None:
    places = fitted.places()
    assert np.array_equal(np.sort(places.columns.ravel()), np.arange(fitted.n_features_out_))
    picture = np.full((96, 96, 3), 120, np.uint8)
    marked = picture.copy()
    marked[8:16, 72:80] = (250, 20, 40)  # in the upper right
    change = abs(fitted.transform([marked]) - fitted.transform([picture]))[0]
    by_place = change[places.columns].sum(axis=1)
    x, y = places.centers[by_place.argmax()]
    assert x > 0.7
    assert y < 0.3


@pytest.mark.parametrize(
    "bad", [{"image_size": 60}, {"image_size": (64, 32)}, {"n_scales": 1}, {"n_orientations": 0}]
)
def test_impossible_parameters(bad) -> None:
    with pytest.raises(ParameterError):
        Scattering(**bad).fit([np.zeros((40, 40), np.uint8)])
