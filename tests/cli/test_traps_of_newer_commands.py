"""Real folders and files, as users of `objects`, `segment`, `search` and `video` have them."""

import unicodedata

import cv2
import numpy as np
import pytest

from cvclassic.images.labels import read_labels
from cvclassic.segment import pair_folders


def write_png(path, value: int = 7) -> None:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8), value, np.uint8))


def test_masks_are_paired_in_every_spelling(tmp_path) -> None:
    """A Mac writes é as two characters, and Windows makes little of capitals."""
    for image, mask in (
        (unicodedata.normalize("NFC", "é.png"), unicodedata.normalize("NFD", "é.png")),
        ("Cell1.PNG", "cell1.png"),
        ("b.png", "B_mask.png"),
        ("x.png", "x.png"),
    ):
        write_png(tmp_path / "images" / image)
        write_png(tmp_path / "masks" / mask)
    pairs = pair_folders(tmp_path / "images", tmp_path / "masks")
    assert len({pair.mask for pair in pairs}) == 4


def test_capitals_are_told_apart_where_there_are_both(tmp_path) -> None:
    for name in ("a.png", "A.png"):
        write_png(tmp_path / "images" / name)
        write_png(tmp_path / "masks" / name)
    if len(list((tmp_path / "images").iterdir())) < 2:
        pytest.skip("this file system knows no capitals")
    for pair in pair_folders(tmp_path / "images", tmp_path / "masks"):
        assert pair.image.rpartition("images")[2] == pair.mask.rpartition("masks")[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_boxes_from_windows(encoding, separator, tmp_path) -> None:
    rows = [["Filename", "XMin", "ymin", "xmax", "ymax", "Class"], ["é.jpg", 1, 2, 31, 42, "cup"]]
    text = "\r\n".join(separator.join(map(str, row)) for row in rows) + "\r\n"
    (tmp_path / "boxes.csv").write_bytes(text.encode(encoding))
    found = read_labels(tmp_path / "boxes.csv")
    (image,) = found.images
    assert image.name == "é.jpg"
    assert (image.objects[0].label, image.objects[0].box) == ("cup", (1, 2, 30, 40))


def test_an_index_of_nothing_readable_says_why(in_process, tmp_path) -> None:
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    done = in_process("search", "index", tmp_path / "a.heic", "-o", tmp_path / "i", "-j", 1)
    assert done.returncode == 2
    assert "None of the images can be read. The first failure:" in done.stderr
    assert "HEIC" in done.stderr
    assert not (tmp_path / "i").exists()


def test_a_missing_clip_is_one_failure(in_process, tmp_path) -> None:
    pytest.importorskip("av", reason="PyAV is not installed (extra video)")
    done = in_process("video", "motion", tmp_path / "none.mp4", "-o", tmp_path / "o.mp4", "-q")
    assert done.returncode == 1
    assert "not_found" in done.stderr
    assert ".partial" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_converted_labels_replace_no_image(in_process, tmp_path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0")
    done = in_process("objects", "convert", "x.json", "--to", "coco", "-o", photo)
    assert done.returncode == 2
    assert photo.read_bytes() == b"\xff\xd8\xff\xe0"
