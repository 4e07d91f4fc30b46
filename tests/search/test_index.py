"""The estimator: what is indexed is found again."""

import pickle

import cv2
import numpy as np
import pytest
from sklearn.base import clone

from cvclassic.errors import IndexFileError, ParameterError
from cvclassic.search import ImageIndex, find_duplicates
from tests.search.conftest import textured


@pytest.fixture(scope="module")
def index(images):
    return ImageIndex(n_words=60).fit(images)


def changed(image: np.ndarray) -> np.ndarray:
    """Turned, smaller and darker."""
    side = image.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), 25, 0.8)
    return (cv2.warpAffine(image, turn, (side, side)) * 0.8).astype(np.uint8)


@pytest.mark.slow
def test_changed_images_are_found(index, images):
    distances, found = index.kneighbors([changed(image) for image in images], n_neighbors=3)
    assert (found[:, 0] == np.arange(12)).all()
    assert (np.diff(distances, axis=1) >= 0).all()


def test_regions_are_found(index, images):
    hits = index.query(images[5], top=2, box=(20, 20, 110, 110))
    assert hits[0].index == 5
    assert hits[0].n_inliers > 6
    assert hits[0].verified


def test_several_images_of_one_thing(index, images):
    hits = index.query([changed(images[3]), images[3][30:]], top=1)
    assert hits[0].index == 3


def test_hits_are_explained_in_pixels(index, images):
    hit = index.query(images[2], top=1)[0]
    assert np.abs(hit.xy_query - hit.xy_image).max() < 8  # the same image


def test_expansion_keeps_what_was_found(index, images):
    assert index.query(changed(images[7]), top=1, expand=True)[0].index == 7


def test_own_neighbors_leave_the_image_out(index):
    found = index.kneighbors(n_neighbors=2, return_distance=False)
    assert found.shape == (12, 2)
    assert not (found == np.arange(12)[:, None]).any()


def test_the_same_on_disk(index, images, tmp_path):
    index.save(tmp_path / "a.index")
    again = ImageIndex.open(tmp_path / "a.index")
    one, other = index.kneighbors(images[:3]), again.kneighbors(images[:3])
    assert np.array_equal(one[1], other[1])
    assert np.allclose(one[0], other[0])
    with pytest.raises(IndexFileError, match="not empty"):
        index.save(tmp_path / "a.index")


def test_large_indexes_are_read_and_can_be_pickled(index, images, tmp_path, monkeypatch):
    monkeypatch.setattr("cvclassic.search.store._MAPPED", 0)
    index.save(tmp_path / "a.index")
    opened = ImageIndex.open(tmp_path / "a.index")
    expected = index.kneighbors(images[:2])
    for one in (opened, pickle.loads(pickle.dumps(opened))):
        found = one.kneighbors(images[:2])
        assert np.array_equal(expected[1], found[1])
        assert np.allclose(expected[0], found[0])
    assert np.array_equal(index.kneighbors(n_neighbors=3)[1], opened.kneighbors(n_neighbors=3)[1])


def test_it_is_an_estimator(index):
    copy = clone(index)
    assert not hasattr(copy, "coder_")
    assert pickle.loads(pickle.dumps(index)).n_images_ == 12
    with pytest.raises(ParameterError, match="n_neighbors must be at most 11"):
        index.kneighbors(n_neighbors=12)
    with pytest.raises(ParameterError, match="box must overlap"):
        index.query(textured(1), box=(999, 0, 5, 5))


def test_blank_images_are_no_error(index):
    hits = index.query(np.full((80, 80, 3), 127, np.uint8), top=3)
    assert len(hits) == 3
    assert hits[0].n_inliers == 0


@pytest.mark.slow
def test_copies_are_found(images):
    big = textured(99, 240)
    copies = [
        *images[:6],
        big,
        cv2.resize(big, (180, 180), interpolation=cv2.INTER_AREA),
        big[30:200, 40:220],
        (big[:, :, ::-1] * 0.7).astype(np.uint8),
        images[0],
    ]
    found = find_duplicates(ImageIndex(n_words=150).fit(copies))
    assert found.clusters == [[0, 10], [6, 7, 8, 9]]
    kinds = {(pair.first, pair.second): pair.kind for pair in found.pairs}
    assert kinds[0, 10] == "identical"
    assert kinds[6, 7] == "resized or recolored"
    assert kinds[6, 8] == "cropped"
