"""68 points: alignment, closed-form held-out ridge, trees as arrays, the estimator's properties."""

from itertools import pairwise

import numpy as np
import pytest

from cvclassic.errors import DataError, ParameterError
from cvclassic.faces import FaceLandmarks, bounding_boxes, landmark_errors, shake_boxes
from cvclassic.faces.landmarks import shape_trees
from cvclassic.faces.landmarks.alignment import (
    MIRRORED,
    fit_similarity,
    mean_shape,
    mirror_shapes,
    place,
    transform,
    transform_back,
)
from cvclassic.faces.landmarks.descent import left_out_ridge
from cvclassic.faces.landmarks.shape_trees import TreeStage, fall, look_up


@pytest.fixture(scope="module")
def trained(make_faces) -> FaceLandmarks:
    images, points = make_faces(24)
    return FaceLandmarks(n_starts=3).fit(images, points)


@pytest.fixture(scope="module")
def trees(make_faces) -> FaceLandmarks:
    images, points = make_faces(24)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape_trees, "N_STAGES", 3)
        patch.setattr(shape_trees, "N_TREES", 60)
        return FaceLandmarks(method="trees", n_starts=3).fit(images, points)


@pytest.fixture(params=["descent", "trees"])
def model(request, trained, trees) -> FaceLandmarks:
    return trained if request.param == "descent" else trees


def test_mirroring_twice_is_nothing(rng) -> None:
    shapes = rng.random((3, 68, 2)) * 100
    assert sorted(MIRRORED) == list(range(68))
    np.testing.assert_allclose(mirror_shapes(mirror_shapes(shapes, 90), 90), shapes)


def test_similarities_are_found_again(rng) -> None:
    shape = rng.random((68, 2))
    turn = rng.normal(size=4) + 1j * rng.normal(size=4)
    shift = rng.normal(size=4) + 1j * rng.normal(size=4)
    moved = transform(shape, turn, shift)
    found = fit_similarity(shape, moved)
    np.testing.assert_allclose(found, (turn, shift), atol=1e-12)
    np.testing.assert_allclose(transform_back(moved, *found)[2], shape)


def test_mean_shape_is_symmetric_and_upright(make_faces) -> None:
    _, points = make_faces(8)
    mean = mean_shape(points)
    np.testing.assert_allclose((mean * [-1, 1])[MIRRORED], mean, atol=1e-9)
    box = bounding_boxes(mean[None])[0]
    np.testing.assert_allclose(box[:2] + box[2:] / 2, 0, atol=1e-12)
    assert box[2] * box[3] == pytest.approx(1)
    placed = bounding_boxes(place(mean, np.array([[10.0, 20.0, 30.0, 40.0]])))[0]
    np.testing.assert_allclose(placed[:2] + placed[2:] / 2, [25, 40])


def test_error_is_by_the_distance_of_the_eyes(rng) -> None:
    true = rng.random((2, 68, 2))
    true[:, 36], true[:, 45] = [0, 0], [0, 50]
    np.testing.assert_allclose(landmark_errors(true + [3, 4], true), 0.1)
    np.testing.assert_allclose(landmark_errors((true + [3, 4]) * 7, true * 7), 0.1)


@pytest.mark.parametrize("shape", [(24, 5), (12, 40)], ids=["tall", "wide"])
def test_left_out_predictions_are_those_of_really_leaving_out(rng, shape) -> None:
    x, y = rng.normal(size=shape), rng.normal(size=(shape[0], 3))
    weights, predicted, penalty = left_out_ridge(x, y, 4, (0.5, 0.1))
    size = penalty * np.trace(x.T @ x) / shape[1] * np.eye(shape[1])
    np.testing.assert_allclose(weights, np.linalg.solve(x.T @ x + size, x.T @ y), atol=1e-8)
    for first in range(0, shape[0], 4):
        rest = np.setdiff1d(np.arange(shape[0]), np.arange(first, first + 4))
        others = np.linalg.solve(x[rest].T @ x[rest] + size, x[rest].T @ y[rest])
        group = slice(first, first + 4)
        np.testing.assert_allclose(predicted[group], x[group] @ others, atol=1e-8)


def test_trees_as_arrays_agree_with_a_plain_walk(rng) -> None:
    n_pixels, n_trees, n_nodes = 12, 7, 15
    pairs = rng.integers(0, n_pixels, (n_trees, n_nodes, 2))
    thresholds = rng.uniform(-60, 60, (n_trees, n_nodes)).astype(np.float32)
    stage = TreeStage(
        64.0,
        rng.integers(0, 68, n_pixels),
        rng.normal(0, 0.1, (n_pixels, 2)).astype(np.float32),
        pairs,
        thresholds,
        rng.normal(size=(n_trees, n_nodes + 1, 136)).astype(np.float32),
    )
    crop = rng.integers(0, 255, (128, 128), np.uint8)
    points = rng.uniform(-0.5, 0.5, (68, 2))
    seen = look_up(crop, points, stage.anchors, stage.offsets, stage.scale)
    total = np.zeros(136)
    leaves = []
    for tree in range(n_trees):
        node = 0
        while node < n_nodes:
            first, second = pairs[tree, node]
            above = int(seen[first]) - int(seen[second]) > thresholds[tree, node]
            node = 2 * node + 2 if above else 2 * node + 1
        leaves.append(node - n_nodes)
        total += stage.leaves[tree, node - n_nodes]
    assert fall(seen[None], pairs, thresholds)[0].tolist() == leaves
    np.testing.assert_allclose(stage.move(crop, points).ravel(), total, atol=1e-4)


def test_errors_fall_from_stage_to_stage(model, make_faces) -> None:
    images, points = make_faces(10, seed=9)
    boxes = shake_boxes(bounding_boxes(points), 0.05, np.random.default_rng(0))
    paths = np.array([model.path(i, b[None])[0] for i, b in zip(images, boxes, strict=True)])
    errors = [landmark_errors(paths[:, k], points).mean() for k in range(paths.shape[1])]
    assert errors[1] < 0.6 * errors[0]
    assert all(after < 1.02 * before for before, after in pairwise(errors))
    assert errors[-1] < (0.01 if model.method == "descent" else 0.04)
    assert model.score(images, points, boxes) == pytest.approx(-errors[-1])


def test_held_out_error_tells_that_of_new_faces(trained, make_faces) -> None:
    images, points = make_faces(10, seed=9)
    new = -trained.score(images, points)
    assert new / 3 < trained.held_out_error_ < new * 3


def test_points_move_with_the_picture(model, make_faces) -> None:
    (image,), points = make_faces(1, seed=5)
    box = bounding_boxes(points)
    found = model.mark(image, box)
    wide = np.pad(image, ((9, 30), (14, 30)), mode="edge")
    moved = model.mark(wide, box + [14, 9, 0, 0])
    np.testing.assert_allclose(moved, found + [14, 9], atol=0.05)


def test_points_grow_with_the_picture(model, make_faces) -> None:
    (image,), points = make_faces(1, seed=5)
    found = model.mark(image, bounding_boxes(points))
    large = image.repeat(4, axis=0).repeat(4, axis=1)
    boxes = bounding_boxes((points + 0.5) * 4 - 0.5)
    back = (model.mark(large, boxes) + 0.5) / 4 - 0.5
    assert landmark_errors(back, found)[0] < 0.02


def test_mirror_image_has_mirrored_points(model, make_faces) -> None:
    (image,), points = make_faces(1, seed=5)
    found = model.mark(image, bounding_boxes(points))
    flipped = np.ascontiguousarray(image[:, ::-1])
    boxes = bounding_boxes(mirror_shapes(points, image.shape[1]))
    back = mirror_shapes(model.mark(flipped, boxes), image.shape[1])
    assert landmark_errors(back, found)[0] < 0.03


def test_boxes_of_another_kind_are_learned(make_faces, trained) -> None:
    """A detector whose boxes are half as large and too high."""
    images, points = make_faces(12)
    own = bounding_boxes(points)
    side = np.sqrt(own[:, 2] * own[:, 3])[:, None]
    center = own[:, :2] + own[:, 2:] / 2 - [0, 0.1] * side
    odd = np.concatenate([center - side / 4, side / 2, side / 2], axis=1)
    odd[3] = np.nan
    model = FaceLandmarks(n_starts=1).fit(images, points, odd)
    np.testing.assert_allclose(model.box_change_, [0, 0.2, 2], atol=1e-5)
    starts = model.starts(odd[:3])
    np.testing.assert_allclose(bounding_boxes(starts)[:, 2:].prod(axis=1), side[:3, 0] ** 2)


def test_same_seed_same_model(make_faces) -> None:
    images, points = make_faces(10)
    box = bounding_boxes(points)
    one, two, other = (
        FaceLandmarks(n_starts=1, random_state=seed).fit(images, points).predict(images, box)
        for seed in (3, 3, 4)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_odd_pictures_give_finite_points(model) -> None:
    for image in (
        np.zeros((1, 1), np.uint8),
        np.full((40, 3), 255, np.uint8),
        np.zeros((50, 50, 3), np.uint8),
    ):
        found = model.mark(image, [[-5, -5, 30, 30], [200, 200, 4, 9000]])
        assert found.shape == (2, 68, 2)
        assert np.isfinite(found).all()
    assert model.mark(image, []).shape == (0, 68, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "nets"}, "method must be one of 'descent', 'trees'. Got 'nets'"),
        ({"n_starts": 0}, "n_starts must be an integer >= 1. Got 0"),
        ({"shake": 1.0}, "shake must be below 1. Got 1.0"),
        ({"rotation": -1}, "rotation must be a number >= 0. Got -1"),
    ],
)
def test_bad_parameters(change, message, make_faces) -> None:
    with pytest.raises(ParameterError, match=message.replace("(", r"\(")):
        FaceLandmarks(**change).fit(*make_faces(10))


def test_bad_points(make_faces) -> None:
    images, points = make_faces(10)
    fit = FaceLandmarks(n_starts=1).fit
    with pytest.raises(DataError, match=r"at least 10 faces\. Got 3"):
        fit(images[:3], points[:3])
    with pytest.raises(DataError, match=r"points must have the shape \(10, 68, 2\)"):
        fit(images, points[:, :60])
    odd = points.copy()
    odd[4, 7, 0] = np.nan
    with pytest.raises(DataError, match="face 4: a point is not finite"):
        fit(images, odd)
    odd[4] = points[4] + 500
    with pytest.raises(DataError, match=r"face 4: point \d+ .* far outside the image"):
        fit(images, odd)
    odd[4] = 3.0
    with pytest.raises(DataError, match="face 4: the points span less than 4 pixels"):
        fit(images, odd)
    with pytest.raises(DataError, match=r"boxes must have the shape \(10, 4\)"):
        fit(images, points, [[1, 2, 3, 4]])


def test_blank_pictures_are_refused(make_faces) -> None:
    _, points = make_faces(10)
    blank = np.zeros((10, 128, 128), np.uint8)
    with pytest.raises(DataError, match="blank around all points"):
        FaceLandmarks(n_starts=1).fit(blank, points)
