"""Robust models against points whose geometry is known."""

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.match import (
    estimate_fundamental,
    estimate_homography,
    project,
    reprojection_error,
    warp_onto,
)

TRUTH = np.array([[0.9, -0.2, 30], [0.15, 1.1, -12], [1e-4, -2e-4, 1]])


@pytest.mark.parametrize("wrong", [0.0, 0.3, 0.6])
def test_homography_despite_wrong_matches(rng, wrong):
    a = rng.uniform(0, 500, (200, 2))
    b = project(a, TRUTH) + rng.normal(0, 0.3, a.shape)
    bad = rng.random(200) < wrong
    b[bad] = rng.uniform(0, 500, (bad.sum(), 2))
    model, inliers = estimate_homography(a, b)
    corners = np.array([[0, 0], [500, 0], [500, 500], [0, 500.0]])
    assert reprojection_error(corners, project(corners, TRUTH), model).max() < 1
    assert inliers[~bad].mean() > 0.98
    assert inliers[bad].sum() <= 2


def test_the_same_seed_gives_the_same_model(rng):
    a = rng.uniform(0, 500, (100, 2))
    b = np.where(rng.random((100, 1)) < 0.5, project(a, TRUTH), rng.uniform(0, 500, (100, 2)))
    one, other = estimate_homography(a, b, seed=3)[0], estimate_homography(a, b, seed=3)[0]
    np.testing.assert_array_equal(one, other)


def two_views(rng, n=200):
    """Points in space, seen by a camera before and after it moved and turned."""
    points = np.column_stack([rng.uniform(-2, 2, (n, 2)), rng.uniform(4, 9, n)])
    camera = np.array([[500, 0, 320], [0, 500, 240], [0, 0, 1.0]])
    angle = 0.1
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    shift = np.array([0.8, 0.1, 0.05])
    views = []
    for seen in (points, points @ turn.T + shift):
        pixels = seen @ camera.T
        views.append(pixels[:, :2] / pixels[:, 2:])
    cross = np.array([[0, -shift[2], shift[1]], [shift[2], 0, -shift[0]], [-shift[1], shift[0], 0]])
    inverse = np.linalg.inv(camera)
    return *views, inverse.T @ cross @ turn @ inverse


def test_fundamental_matrix_of_two_views(rng):
    a, b, truth = two_views(rng)
    bad = rng.random(len(a)) < 0.3
    noisy = b + rng.normal(0, 0.2, b.shape)
    noisy[bad] = rng.uniform(0, 480, (bad.sum(), 2))
    model, inliers = estimate_fundamental(a, noisy)
    assert inliers[~bad].mean() > 0.95
    assert inliers[bad].mean() < 0.1
    # Every true pair obeys the model: its point lies near the epipolar line.
    lines = np.column_stack([a, np.ones(len(a))]) @ model.T
    off = np.abs((np.column_stack([b, np.ones(len(b))]) * lines).sum(1))
    assert np.median(off / np.hypot(lines[:, 0], lines[:, 1])) < 0.5
    alike = abs((model * truth).sum()) / np.linalg.norm(model) / np.linalg.norm(truth)
    assert alike > 0.99


@pytest.mark.parametrize("estimate", [estimate_homography, estimate_fundamental])
@pytest.mark.parametrize(
    "points",
    [
        np.zeros((0, 2)),
        np.zeros((50, 2)),
        np.column_stack([np.arange(50.0), np.zeros(50)]),
        np.random.default_rng(0).uniform(0, 9, (3, 2)),
    ],
    ids=["none", "all the same", "on a line", "three"],
)
def test_too_little_to_go_by(estimate, points):
    model, inliers = estimate(points, points)
    assert inliers.shape == (len(points),)
    assert inliers.dtype == bool
    if model is None:
        assert not inliers.any()
    else:
        assert np.isfinite(model).all()


def test_projection_agrees_with_opencv(rng):
    import cv2

    points = rng.uniform(0, 400, (20, 2))
    expected = cv2.perspectiveTransform(points[:, None], TRUTH)[:, 0]
    np.testing.assert_allclose(project(points, TRUTH), expected)
    np.testing.assert_allclose(project(project(points, TRUTH), np.linalg.inv(TRUTH)), points)


def test_a_point_on_the_horizon_goes_to_infinity():
    matrix = np.array([[1.0, 0, 0], [0, 1, 0], [-0.01, 0, 1]])
    assert np.isinf(project(np.array([[100.0, 5.0]]), matrix)).all()


def test_warping_moves_pixels(rng):
    image = rng.integers(1, 256, (20, 30, 3), dtype=np.uint8)
    shift = np.array([[1.0, 0, 4], [0, 1, 3], [0, 0, 1]])
    warped = warp_onto(image, shift, (20, 30))
    np.testing.assert_array_equal(warped[3:, 4:, :3], image[:-3, :-4])
    assert (warped[3:, 4:, 3] == 255).all()
    assert (warped[:3, :, 3] == 0).all()


@pytest.mark.parametrize(
    ("a", "b", "options", "fragment"),
    [
        (np.zeros((4, 3)), np.zeros((4, 3)), {}, "shape (n, 2)"),
        (np.zeros((4, 2)), np.zeros((5, 2)), {}, "shape (n, 2)"),
        (np.full((4, 2), np.nan), np.zeros((4, 2)), {}, "finite"),
        (np.zeros((4, 2)), np.zeros((4, 2)), {"threshold": 0}, "threshold must be"),
        (np.zeros((4, 2)), np.zeros((4, 2)), {"confidence": 2}, "confidence must be"),
        (np.zeros((4, 2)), np.zeros((4, 2)), {"seed": -1}, "seed must be"),
    ],
)
def test_bad_calls_say_why(a, b, options, fragment):
    with pytest.raises(ParameterError) as caught:
        estimate_homography(a, b, **options)
    assert fragment in str(caught.value)
