"""Superpixels, thresholds, watershed, GrabCut, regions, properties."""

import cv2
import numpy as np
import pytest

from cvclassic.draw import draw_mask_errors, draw_regions, region_colors
from cvclassic.errors import ParameterError
from cvclassic.segment import (
    grabcut_mask,
    masks_in_boxes,
    refine_contour,
    region_table,
    region_tree,
    superpixel_labels,
    threshold_image,
    watershed_objects,
)


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Four fields of different colors, with noise."""
    rng = np.random.default_rng(0)
    image = np.zeros((96, 128, 3), np.float64)
    image[:48, :64], image[:48, 64:] = (200, 60, 40), (40, 160, 60)
    image[48:, :64], image[48:, 64:] = (60, 60, 180), (210, 200, 90)
    return np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)


def _fields() -> np.ndarray:
    y, x = np.mgrid[:96, :128]
    return 2 * (y >= 48) + (x >= 64)


@pytest.mark.parametrize("method", ["slic", "seeds", "felzenszwalb"])
@pytest.mark.parametrize("gray", [False, True])
def test_superpixels_keep_to_the_edges(scene, method: str, gray: bool) -> None:
    image = cv2.cvtColor(scene, cv2.COLOR_RGB2GRAY) if gray else scene
    labels = superpixel_labels(image, method=method, n_regions=60)
    assert labels.shape == (96, 128)
    assert labels.min() == 1
    assert 4 <= labels.max() <= 240
    if not gray:  # two fields are almost as light as each other
        fields = _fields()
        pure = sum(np.bincount(fields[labels == n]).max() for n in range(1, labels.max() + 1))
        assert pure / labels.size > 0.93
    for n in (1, int(labels.max())):
        assert cv2.connectedComponents((labels == n).astype(np.uint8), connectivity=4)[0] == 2


@pytest.mark.parametrize("method", ["otsu", "triangle", "li", "local"])
def test_thresholds(method: str) -> None:
    image = np.full((60, 60), 40, np.uint8)
    image[20:40, 20:40] = 200
    light, _ = threshold_image(image, method=method)
    dark, _ = threshold_image(255 - image, method=method, dark=True)
    assert light[30, 30] == dark[30, 30] == 1
    assert light[2, 2] == dark[2, 2] == 0


def test_several_limits() -> None:
    image = np.repeat(np.array([20, 120, 220], np.uint8), 400).reshape(30, 40)
    labels, limits = threshold_image(image, method="multi", n_classes=3)
    assert np.unique(labels).tolist() == [0, 1, 2]
    assert len(limits) == 2
    with pytest.raises(ParameterError, match="fewer than 4 gray levels"):
        threshold_image(image, method="multi", n_classes=4)


def test_touching_disks_are_separated() -> None:
    y, x = np.mgrid[:80, :140]
    image = np.zeros((80, 140), np.uint8)
    for cx, cy in ((30, 40), (62, 40), (110, 40)):
        image[(x - cx) ** 2 + (y - cy) ** 2 < 18**2] = 210
    labels = watershed_objects(image)
    assert labels.max() == 3
    assert len({int(labels[40, cx]) for cx in (30, 62, 110)}) == 3
    assert watershed_objects(255 - image, dark=True).max() == 3
    assert watershed_objects(image, depth=0).max() == 2
    assert watershed_objects(image, min_area=5000).max() == 0


def test_grabcut_from_box_and_scribbles(scene) -> None:
    truth = np.zeros((96, 128), bool)
    truth[:48, :64] = True
    box = np.zeros((120, 160, 3), np.uint8) + np.uint8(120)
    box[30:80, 40:100] = (220, 30, 30)
    found = grabcut_mask(box, (30, 20, 85, 75))
    assert found[30:80, 40:100].mean() > 0.98
    assert found.sum() < 1.03 * 50 * 60
    marks = np.zeros((96, 128), int)
    marks[20:24, 20:40], marks[70:74, 20:100], marks[20:24, 90:110] = 2, 1, 1
    assert (grabcut_mask(scene, scribbles=marks) == truth).mean() > 0.97
    with pytest.raises(ParameterError, match="neither"):
        grabcut_mask(scene)
    with pytest.raises(ParameterError, match="whole image"):
        grabcut_mask(scene, (0, 0, 128, 96))
    with pytest.raises(ParameterError, match="overlap"):
        grabcut_mask(scene, (500, 500, 10, 10))


def test_boxes_become_masks() -> None:
    image = np.full((100, 160, 3), 60, np.uint8)
    cv2.circle(image, (40, 50), 20, (220, 200, 40), -1)
    cv2.circle(image, (115, 50), 25, (220, 200, 40), -1)
    steps = np.where(image[..., 0] > 100, 200, 20).astype(np.uint8)
    found = masks_in_boxes(image, steps, [(15, 25, 50, 50), (85, 20, 60, 60), (900, 900, 5, 5)])
    assert (found[50, 40], found[50, 115]) == (1, 2)
    assert abs(int((found == 2).sum()) - np.pi * 25**2) < 200


@pytest.mark.parametrize("method", ["snake", "walker"])
def test_a_guess_is_moved_to_the_edge(method: str) -> None:
    image = np.full((80, 80), 40, np.uint8)
    cv2.circle(image, (40, 40), 22, 200, -1)
    image = cv2.GaussianBlur(image, (0, 0), 1)
    guess = np.zeros((80, 80), bool)
    guess[14:66, 14:66] = True
    truth = image > 120
    found = refine_contour(image, guess, method=method)
    assert (found ^ truth).sum() < 0.6 * (guess ^ truth).sum()


def test_regions_are_the_fields(scene) -> None:
    tree = region_tree(scene)
    labels = tree.n_labels(4)
    fields = _fields()
    pure = sum(np.bincount(fields[labels == n]).max() for n in range(1, 5))
    assert pure / labels.size > 0.97
    assert np.all(np.diff(tree.levels) >= 0)
    assert tree.n_labels(1).max() == 1
    assert tree.labels(0.0).max() >= tree.labels(0.1).max() >= tree.labels(10.0).max() == 1


def test_coarser_regions_are_unions_of_finer_ones(scene) -> None:
    tree = region_tree(scene)
    fine, coarse = tree.n_labels(20), tree.n_labels(7)
    for n in range(1, fine.max() + 1):
        assert len(np.unique(coarse[fine == n])) == 1
    contours = tree.contours()
    assert contours.shape == (96, 128)
    assert contours[46:50, 10].max() > contours[20, 20]


def test_a_flat_image_is_one_region() -> None:
    tree = region_tree(np.full((40, 40), 9, np.uint8))
    assert tree.labels(0.05).max() == 1


def test_properties_of_an_ellipse() -> None:
    labels = np.zeros((200, 200), np.uint8)
    cv2.ellipse(labels, (100, 90), (60, 20), 30, 0, 360, 1, -1)
    row = region_table(np.full((200, 200, 3), (10, 20, 30), np.uint8), labels, pixel_size=0.5)[0]
    assert row["area"] == pytest.approx(np.pi * 30 * 10, rel=0.05)
    assert row["major_axis"] == pytest.approx(60, rel=0.05)
    assert row["minor_axis"] == pytest.approx(20, rel=0.05)
    assert row["orientation"] == pytest.approx(30, abs=2)
    assert (row["x"], row["y"]) == (pytest.approx(100, abs=0.5), pytest.approx(90, abs=0.5))
    assert (row["red"], row["green"], row["blue"]) == (10, 20, 30)
    assert row["solidity"] > 0.95
    assert row["texture"] == 0


def test_neighbors_get_different_colors(rng) -> None:
    labels = np.kron(np.arange(36).reshape(6, 6), np.ones((5, 5), int))
    colors = region_colors(labels)
    for a, b in ((0, 1), (0, 6), (14, 15), (14, 20)):
        assert (colors[a] != colors[b]).any()


@pytest.mark.parametrize("style", ["overlay", "outline", "mean"])
def test_drawings(scene, style: str) -> None:
    drawn = draw_regions(scene, _fields(), style=style)
    assert drawn.shape == scene.shape
    assert drawn.dtype == np.uint8
    assert (drawn != scene).any()
    with pytest.raises(ParameterError):
        draw_regions(scene, _fields()[:5], style=style)


def test_errors_have_colors(scene) -> None:
    truth, found = np.zeros((2, 96, 128), int)
    truth[:10], found[5:15], truth[90:] = 1, 1, -1
    drawn = draw_mask_errors(scene, truth, found)
    assert len({tuple(drawn[y, 5]) for y in (2, 7, 12, 40, 93)}) == 5
