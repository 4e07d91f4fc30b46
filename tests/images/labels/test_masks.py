"""Masks agree with pycocotools, and outlines give their masks back."""

from __future__ import annotations

import numpy as np
import pytest

from cvclassic.errors import DataError
from cvclassic.images.labels import (
    LabeledImage,
    LabeledObject,
    decode_rle,
    encode_rle,
    label_picture,
    mask_box,
    mask_polygons,
    object_mask,
    polygon_mask,
)


def blobs(seed, height=37, width=53):
    import cv2

    noise = np.random.default_rng(seed).normal(size=(height, width))
    return cv2.GaussianBlur(noise, (0, 0), 3) > 0.02


@pytest.mark.parametrize("seed", range(4))
def test_run_lengths_are_those_of_pycocotools(seed):
    coco = pytest.importorskip("pycocotools.mask")
    mask = blobs(seed)
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert encode_rle(mask) == (*theirs["size"], theirs["counts"].decode())
    assert np.array_equal(decode_rle(encode_rle(mask)), mask)


@pytest.mark.parametrize("mask", [np.zeros((3, 4)), np.ones((3, 4)), np.eye(5)])
def test_run_lengths_of_simple_masks(mask):
    assert np.array_equal(decode_rle(encode_rle(mask)), mask.astype(bool))


@pytest.mark.parametrize("counts", ["zzzzzzzzzzzzzzzzz", "0", [1, -1, 4], [3, 2]])
def test_damaged_run_lengths_are_refused(counts):
    with pytest.raises(DataError):
        decode_rle((2, 2, counts))


@pytest.mark.parametrize("seed", range(4))
def test_outlines_give_masks_without_holes_back(seed):
    import cv2

    filled = np.zeros((37, 53), np.uint8)
    contours, _ = cv2.findContours(
        blobs(seed).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    again = polygon_mask(mask_polygons(filled, 0.3), *filled.shape)
    assert (again == filled.astype(bool)).mean() > 0.97


def test_polygons_fill_like_pycocotools():
    coco = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for _ in range(5):
        polygon = (rng.uniform(0, 50, 10)).tolist()
        theirs = coco.decode(coco.frPyObjects([polygon], 50, 50))[..., 0].astype(bool)
        ours = polygon_mask([polygon], 50, 50)
        assert (theirs ^ ours).sum() <= 0.25 * max(theirs.sum(), 200)


def test_box_of_a_mask():
    mask = np.zeros((9, 9), bool)
    assert mask_box(mask) == (0, 0, 0, 0)
    mask[2:5, 3:8] = True
    assert mask_box(mask) == (3, 2, 5, 3)
    assert np.array_equal(polygon_mask([(3, 2, 8, 2, 8, 5, 3, 5)], 9, 9), mask)


def test_label_picture_of_boxes_polygons_and_run_lengths():
    mask = np.zeros((9, 9), bool)
    mask[6:, 6:] = True
    objects = (
        LabeledObject("a", (0, 0, 4, 4)),
        LabeledObject("b", (0, 0, 0, 0), ((2, 2, 6, 2, 6, 6, 2, 6),)),
        LabeledObject("a", (0, 0, 0, 0), (), encode_rle(mask)),
        LabeledObject("unknown", (0, 0, 9, 9)),
    )
    picture = label_picture(LabeledImage("x", 9, 9, objects), ["a", "b"], 9, 9)
    assert picture.dtype == np.uint16
    assert [picture[0, 0], picture[3, 3], picture[8, 8], picture[0, 8]] == [1, 2, 1, 0]
    with pytest.raises(DataError, match="does not fit"):
        object_mask(objects[2], 4, 4)
