"""Every format reads what it writes, and reads what other tools write."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cvclassic.errors import DataError, ParameterError
from cvclassic.images import write_image
from cvclassic.images.labels import (
    WRITTEN_FORMATS,
    LabeledImage,
    LabeledObject,
    LabelSet,
    locate_images,
    read_labels,
    upright_box,
    write_labels,
)

PLAIN = LabelSet(
    (
        LabeledImage(
            "a.png",
            40,
            30,
            (
                LabeledObject("fox & <owl>", (1.0, 2.0, 10.0, 20.0)),
                LabeledObject("fox", (5.0, 6.0, 7.0, 8.0)),
            ),
        ),
        LabeledImage("b.png", 50, 20, (LabeledObject("fox", (0.0, 0.0, 50.0, 20.0)),)),
        LabeledImage("none.png", 20, 20, ()),
    ),
    ("fox", "fox & <owl>"),
)


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for image in PLAIN.images:
        write_image(folder / image.name, np.zeros((image.height, image.width), np.uint8))
    return folder


@pytest.mark.parametrize("kind", WRITTEN_FORMATS)
def test_round_trip(kind, tmp_path, images):
    target = tmp_path / "out"
    if kind not in ("voc", "yolo", "labelme"):
        target = tmp_path / {"coco": "o.json", "boxes": "o.json"}.get(kind, f"o.{kind}")
    write_labels(target, PLAIN, kind)
    again = read_labels(target, images)
    assert again.format == kind
    assert not again.problems
    assert [i.name for i in again.images] == [i.name for i in PLAIN.images]
    for new, old in zip(again.images, PLAIN.images, strict=True):
        assert np.allclose(new.boxes(), old.boxes(), atol=1e-5)
        if kind != "boxes":
            assert new.labels() == old.labels()
    if kind != "boxes":
        assert set(again.classes) == set(PLAIN.classes)


@pytest.mark.parametrize("kind", ["coco", "cvat", "via", "labelme", "yolo"])
def test_polygons_are_kept(kind, tmp_path, images):
    polygon = (1.0, 1.0, 9.0, 1.0, 9.0, 8.0)
    one = LabeledObject("fox", (1.0, 1.0, 8.0, 7.0), (polygon,))
    labels = LabelSet((LabeledImage("a.png", 40, 30, (one,)),), ("fox",))
    write_labels(tmp_path / "o", labels, kind)
    again = read_labels(tmp_path / "o", images)
    (first,) = (i for i in again.images if i.name == "a.png")
    assert np.allclose(first.objects[0].polygons[0], polygon)
    assert np.allclose(first.objects[0].box, one.box)


def test_ignored_objects_are_kept(tmp_path):
    one = LabeledObject("fox", (1.0, 1.0, 8.0, 7.0), ignore=True)
    labels = LabelSet((LabeledImage("a.png", 40, 30, (one,)),), ("fox",))
    for kind in ("coco", "voc", "imglab"):
        write_labels(tmp_path / kind, labels, kind)
        assert read_labels(tmp_path / kind).images[0].objects[0].ignore


def test_what_other_tools_write(tmp_path):
    texts = {
        "a.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\nx.jpg,9,9,fox,1,2,4,6\n",
        "b.json": json.dumps({"x.jpg": [[1, 2, 4, 6]]}),
        "c.json": json.dumps(
            {
                "x.jpg12": {
                    "filename": "x.jpg",
                    "size": 12,
                    "regions": [
                        {
                            "shape_attributes": {
                                "name": "rect", "x": 1, "y": 2, "width": 3, "height": 4,
                            },
                            "region_attributes": {"type": "fox"},
                        }
                    ],
                }
            }
        ),
        "d.xml": "<dataset><images><image file='x.jpg'><box top='2' left='1' width='3' height='4'/>"
        "</image></images></dataset>",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (image,) = read_labels(tmp_path / name).images
        assert image.name == "x.jpg"
        assert image.boxes().tolist() == [[1, 2, 3, 4]]


def test_faults_are_named_and_the_rest_is_read(tmp_path):
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"file_name": "no id"}],
        "categories": [{"id": 1, "name": "fox"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
            {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3]},
            {"id": 3, "image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4]},
            {"id": 4, "image_id": 1, "category_id": 5, "bbox": [1, 2, 3, 4]},
            {"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 2, float("nan"), 4]},
        ],
    }
    (tmp_path / "c.json").write_text(json.dumps(content))
    labels = read_labels(tmp_path / "c.json")
    assert labels.n_objects == 2
    assert len(labels.problems) == 5
    assert labels.classes == ("fox", "5")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}x",
        "<a>",
        "<other/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><annotation/>',
        '{"a": 1}',
        "a,b\n1,2\n",
    ],
)
def test_no_labels_is_one_line(text, tmp_path):
    for name in ("o.json", "o.xml", "o.csv"):
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError) as caught:
            read_labels(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_parameters_are_checked(tmp_path):
    with pytest.raises(ParameterError, match="format must be one of"):
        write_labels(tmp_path / "o", PLAIN, "csvx")
    with pytest.raises(DataError, match="no such file"):
        read_labels(tmp_path / "nothing")
    with pytest.raises(DataError, match="no labels"):
        read_labels(tmp_path)


def test_yolo_needs_images(tmp_path):
    (tmp_path / "a.txt").write_text("0 .5 .5 1 1\n")
    with pytest.raises(DataError, match="--images"):
        read_labels(tmp_path)


def test_images_are_found_by_name_wherever_they_lie(tmp_path, images):
    located = locate_images(PLAIN, tmp_path / "labels.json")
    assert all(located.paths)
    moved = LabelSet((LabeledImage("C:\\x\\a.jpg", None, None),), ())
    assert locate_images(moved, tmp_path, images).paths[0].endswith("a.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_pixels_do(orientation):
    from cvclassic.images.formats.pixels import turn_upright

    stored = np.zeros((20, 30), np.uint8)
    stored[3:8, 10:22] = 255
    turned = turn_upright(stored, orientation)
    x, y, w, h = upright_box((10, 3, 12, 5), orientation, 30, 20)
    inside = np.zeros_like(turned)
    inside[y : y + h, x : x + w] = 255
    assert np.array_equal(turned, inside)


@pytest.mark.parametrize("text", ["Buy milk\nand eggs\n", "3 eggs\n", "1 2 3\n4 5 6\n", "\0\xff"])
def test_a_note_is_no_label_file(text, tmp_path) -> None:
    note = tmp_path / "notes.txt"
    note.write_text(text)
    write_image(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match=r"notes\.txt: this text file holds no labels"):
        read_labels(note)
    with pytest.raises(DataError, match="there are no labels"):
        read_labels(tmp_path)
    (tmp_path / "a.txt").write_text("\n0 0.5 0.5 0.5 0.5\n")
    assert read_labels(tmp_path).n_objects == read_labels(tmp_path / "a.txt").n_objects == 1
