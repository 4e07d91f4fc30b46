"""Edges against what is known of them."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from cvclassic.detect import (
    boundary_strength,
    canny,
    canny_thresholds,
    gradient_magnitude,
    log_edges,
    soft_edges,
    thin_edges,
)
from cvclassic.errors import ParameterError


def test_canny_is_opencv(scene):
    expected = cv2.Canny(scene, 50, 120) > 0
    np.testing.assert_array_equal(canny(scene, low=50, high=120, sigma=0), expected)


def test_automatic_thresholds_keep_the_share_of_strong_pixels(scene):
    low, high = canny_thresholds(scene, sigma=0, fraction=0.1)
    dx, dy = cv2.spatialGradient(scene, borderType=cv2.BORDER_REPLICATE)
    strong = np.abs(dx.astype(int)) + np.abs(dy.astype(int)) > high
    assert strong.mean() == pytest.approx(0.1, abs=0.01)
    assert low == pytest.approx(0.4 * high)
    np.testing.assert_array_equal(
        canny(scene, sigma=0, fraction=0.1), canny(scene, low=low, high=high, sigma=0)
    )


def test_noise_below_the_floor_is_no_edge(rng):
    faint = (100 + rng.integers(0, 2, (80, 80))).astype(np.uint8)
    assert canny(faint).mean() < 0.01


def test_one_threshold_gives_the_other(scene):
    np.testing.assert_array_equal(canny(scene, high=100), canny(scene, low=40, high=100))


@pytest.mark.parametrize("operator", ["sobel", "scharr", "prewitt"])
def test_gradient_of_a_plane_is_its_slope(operator):
    y, x = np.mgrid[:30, :40]
    plane = (3 * x + 2 * y).astype(np.uint8)
    inner = gradient_magnitude(plane, operator=operator)[2:-2, 2:-2]
    np.testing.assert_allclose(inner, np.hypot(3, 2), rtol=1e-5)


def test_gradient_agrees_with_scipy(scene):
    plane = scene.astype(float)
    expected = np.hypot(*(ndimage.sobel(plane, axis, mode="mirror") / 8 for axis in (0, 1)))
    np.testing.assert_allclose(gradient_magnitude(scene), expected, atol=1e-3)


def test_log_edges_surround_a_disc():
    y, x = np.mgrid[:80, :80]
    distance = np.hypot(x - 40, y - 38)
    edges = log_edges(((distance < 20) * 180).astype(np.uint8), sigma=2, threshold=20)
    assert np.abs(distance[edges] - 20).max() < 2
    filled = ndimage.binary_fill_holes(edges)
    assert filled[38, 40]  # the contour is closed
    assert not edges[38, 40]


def test_soft_edges_lie_on_a_step_and_rise_with_contrast():
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, 40:] = 12
    weak = soft_edges(image)
    image[:, 40:] = 250
    strong = soft_edges(image)
    for edges in (weak, strong):
        columns = np.flatnonzero(edges[20:40].max(axis=0) > 0.1)
        assert len(columns)
        assert set(columns) <= {38, 39, 40, 41}  # the step is between 39 and 40
    assert strong.max() > 1.2 * weak.max() > 0.1
    assert strong.max() <= 1


def test_soft_edges_see_color_without_brightness():
    lab = np.full((60, 80, 3), 128, np.uint8)
    lab[:, 40:, 1] += 12
    lab[:, :40, 1] -= 12
    image = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    assert soft_edges(image)[20:40, 38:42].max() > 0.3
    assert soft_edges(image, color_weight=0).max() < 0.2


def test_soft_edges_prefer_boundaries_to_texture(rng):
    # A fine chessboard has the strongest gradients; the change to flat gray is the boundary.
    image = np.full((120, 160), 128, np.uint8)
    image[:, 80:] = 40 + 176 * ((np.indices((120, 80)).sum(axis=0) // 2) % 2)
    strength, _ = boundary_strength(image, scales=(4.0, 8.0))
    row = strength[40:80].mean(axis=0)
    assert row[76:84].max() > 3 * row[110:150].max()
    gradient = gradient_magnitude(image)[40:80].mean(axis=0)
    assert gradient[110:150].max() > 0.8 * gradient[76:84].max()


def test_normals_point_across():
    y, x = np.mgrid[:100, :100]
    for angle in (-1.2, -0.4, 0.0, 0.7, 1.5):
        side = (x - 50) * np.cos(angle) + (y - 50) * np.sin(angle)
        _, normal = boundary_strength(((side > 0) * 200).astype(np.uint8))
        difference = (normal[50, 50] - angle + np.pi / 2) % np.pi - np.pi / 2
        assert abs(difference) < 0.05


def test_thinning_leaves_ridges_only(scene):
    strength, normal = boundary_strength(scene)
    thin = thin_edges(strength, normal)
    kept = thin > 0
    np.testing.assert_array_equal(thin[kept], strength[kept])
    assert 0.01 < kept.mean() < 0.35
    again = thin_edges(thin, normal)
    assert (again[kept] > 0).mean() > 0.95


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda i: canny(i, low=10, high=5), "low must be <= high"),
        (lambda i: canny(i, low=-1), "low must be"),
        (lambda i: canny(i, sigma=float("nan")), "sigma must be"),
        (lambda i: gradient_magnitude(i, operator="roberts"), "operator must be one of"),
        (lambda i: log_edges(i, sigma=0), "sigma must be"),
        (lambda i: soft_edges(i, scales=()), "scales must hold"),
        (lambda i: soft_edges(i, n_bins=1), "n_bins must be"),
        (lambda i: canny(i.astype(float)), "uint8"),
        (lambda i: canny(i[:0]), "shape (0, 200)"),
        (lambda i: canny([[1, 2]]), "Got list"),
        (lambda i: thin_edges(np.zeros((2, 2)), np.zeros((3, 3))), "same shape"),
    ],
)
def test_bad_calls_say_why(scene, call, fragment):
    with pytest.raises(ParameterError) as caught:
        call(scene)
    assert fragment in str(caught.value)


def test_soft_edges_find_what_people_drew(data_dir):
    from cvclassic.images import read_image

    folder = data_dir / "bsds500_val"
    if not folder.is_dir():
        pytest.skip(f"BSDS500 not found in {folder}")
    for name in ("101087", "103070", "105025"):
        image = read_image(folder / "images" / f"{name}.jpg")
        packed = np.load(folder / "boundaries" / f"{name}.npz")
        planes = np.unpackbits(packed["packed"])[: np.prod(packed["shape"])]
        people = planes.reshape(packed["shape"]).any(axis=0)
        near = ndimage.distance_transform_edt(~people) <= 4
        share_by_chance = near.mean()
        assert near[soft_edges(image) > 0.6].mean() > 2 * share_by_chance
