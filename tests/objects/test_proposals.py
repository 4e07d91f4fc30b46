"""Regions that may hold an object: inside the image, best first, whatever the image is like."""

from __future__ import annotations

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.objects import iou, proposal_recall, propose_regions
from cvclassic.objects.edge_boxes import contour_groups
from tests.objects.scenes import scene


@pytest.mark.parametrize("method", ["edges", "selective"])
def test_objects_are_among_the_proposals(method):
    image, boxes, _ = scene(3)
    found = propose_regions(image, 300, method=method)
    assert 0 < len(found) <= 300
    assert proposal_recall([found], [boxes], (300,))[0] == 1
    assert (found[:, 2:] > 0).all()
    assert (found >= 0).all()
    assert (found[:, 0] + found[:, 2] <= image.shape[1] + 1e-3).all()
    assert (found[:, 1] + found[:, 3] <= image.shape[0] + 1e-3).all()
    assert np.array_equal(found, propose_regions(image, 300, method=method))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["edges", "selective"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (300, 7), (40, 40), (40, 100)])
def test_no_shape_of_image_is_too_much(method, shape):
    rng = np.random.default_rng(0)
    for image in (rng.integers(0, 255, shape, np.uint8), np.full(shape, 9, np.uint8)):
        found = propose_regions(image, 20, method=method)
        assert found.shape[1] == 4
        assert len(found) <= 20


def test_a_frame_is_found_rather_than_its_inside():
    image = np.full((120, 160), 60, np.uint8)
    image[30:90, 50:110] = 200
    best = propose_regions(image, 5)
    overlaps = iou(best, [[50, 30, 60, 60]])[:, 0]
    assert overlaps[0] > 0.5


def test_contours_of_one_direction_are_one_group():
    strength = np.zeros((40, 40), np.float32)
    strength[20, 5:35] = 1
    extents, sizes, affinity = contour_groups(strength)
    k = sizes.argmax()
    assert extents[k].tolist()[1::2] == [20, 20]
    assert sizes[k] > 20
    assert np.array_equal(affinity, affinity.T)


def test_recall_rises_with_the_number():
    image, boxes, _ = scene(4)
    recall = proposal_recall([propose_regions(image, 500)], [boxes], (1, 10, 100, 500))
    assert (np.diff(recall) >= 0).all()
    assert np.isnan(proposal_recall([[]], [[]], (1,))).all()


def test_impossible_parameters():
    image = np.zeros((20, 20), np.uint8)
    with pytest.raises(ParameterError, match="method"):
        propose_regions(image, method="magic")
    with pytest.raises(ParameterError, match="n must be"):
        propose_regions(image, 0)
