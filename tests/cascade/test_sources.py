"""Objects and scenes from files, and how well boxes are found."""

import json

import numpy as np
import pytest

from cvclassic.cascade import (
    CascadeDetections,
    cut_boxes,
    explain_window,
    judge_crops,
    load_pictures,
    read_boxes,
    score_detections,
)
from cvclassic.errors import DataError
from cvclassic.images import write_image

from .conftest import targets


def test_a_folder_with_a_broken_picture(tmp_path) -> None:
    write_image(tmp_path / "a.png", np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    loaded = load_pictures(tmp_path)
    assert [p.shape for p in loaded.pictures] == [(9, 9)]
    assert [path for path, _, _ in loaded.failures] == [str(tmp_path / "b.jpg")]


def test_an_array_file(tmp_path) -> None:
    np.savez(tmp_path / "a.npz", crops=np.stack(targets(4)), names=np.arange(4))
    assert len(load_pictures(tmp_path / "a.npz").pictures) == 4
    np.save(tmp_path / "a.npy", np.zeros((3, 5, 6, 3), np.uint8))
    assert load_pictures(tmp_path / "a.npy").pictures[0].shape == (5, 6)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"none"])
def test_no_array_file(content, tmp_path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz"):
        load_pictures(path)


def test_objects_in_an_array_are_not_unpickled(tmp_path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="Python objects"):
        load_pictures(tmp_path / "a.npz")


def test_boxes(tmp_path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps({"a.png": [[10, 20, 30, 50]], "b.png": []}))
    boxes = read_boxes(path)
    assert boxes["a.png"].tolist() == [[10, 20, 20, 30]]
    assert boxes["b.png"].shape == (0, 4)
    assert read_boxes(path, "xywh")["a.png"].tolist() == [[10, 20, 30, 50]]
    image = np.zeros((60, 40), np.uint8)
    image[20:50, 10:30] = 200
    write_image(tmp_path / "a.png", image)
    cut = cut_boxes(boxes, tmp_path)
    assert cut.pictures[0].shape == (42, 28)
    assert (cut.pictures[0][6:36, 4:24] == 200).all()
    assert [code for _, code, _ in cut.failures] == ["not_found"]


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"a": 3}', '{"a": [[1, 2]]}', '{"a": [["x", 1, 2, 3]]}']
)
def test_no_boxes(text, tmp_path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"boxes\.json"):
        read_boxes(path)


def test_boxes_the_other_way_round(tmp_path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text('{"a": [[30, 30, 9, 9]]}')
    with pytest.raises(DataError, match="are they x, y, width, height"):
        read_boxes(path)


def test_scores() -> None:
    found = CascadeDetections.grouped(
        np.array([[0, 0, 10, 10], [50, 50, 10, 10]]), np.array([4, 2]), np.array([9.0, 3.0])
    )
    scores = score_detections([(found, np.array([[1, 0, 10, 10], [80, 80, 5, 5.0]]))])
    assert (scores.n_truth, scores.n_found, scores.n_hits) == (2, 2, 1)
    assert scores.at(5) == (1.0, 0.5)
    assert scores.at(0) == (0.5, 0.5)
    assert scores.at(10) == (1.0, 0.0)
    assert scores.recall_at(0.9) == 0.5
    assert scores.average_precision == 0.5


def test_an_explanation_adds_up(trained) -> None:
    rng = np.random.default_rng(4)
    crops = np.concatenate([np.stack(targets(10, seed=7)), rng.integers(0, 256, (10, 12, 12))])
    crops = crops.astype(np.uint8)
    verdicts = judge_crops(trained, crops)
    for crop, stage, total in zip(crops, verdicts.stage, verdicts.total, strict=True):
        stages = explain_window(trained, crop)
        assert stages[-1].total == total
        assert all(one.passed for one in stages[:-1])
        assert stages[-1].passed == (stage == len(trained.stages))
        for one in stages:
            assert one.total == pytest.approx(sum(vote.value for vote in one.votes))
            assert one.worst.loss >= 0
