"""Cascade files: what is sound comes back as it was, what is not never reaches OpenCV."""

import cv2
import numpy as np
import pytest

from cvclassic.cascade import CascadeDetector, parse_cascade, read_cascade, write_cascade
from cvclassic.cascade.files import format_cascade
from cvclassic.errors import ModelFileError


def test_round_trip(trained, tmp_path) -> None:
    path = tmp_path / "own.xml"
    write_cascade(path, trained)
    again = read_cascade(path)
    assert format_cascade(again) == format_cascade(trained) == path.read_text(encoding="utf-8")
    assert again.notes == dict(trained.notes)
    classifier = cv2.CascadeClassifier(str(path))
    assert not classifier.empty()
    assert classifier.getOriginalWindowSize() == (12, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["frontalface_default", "frontalface_alt2", "smile"])
def test_opencvs_files_mean_the_same_when_written_anew(name, portrait) -> None:
    path = cv2.data.haarcascades + f"haarcascade_{name}.xml"
    found = CascadeDetector(path).windows(portrait)[0]
    theirs = cv2.CascadeClassifier(path).detectMultiScale(portrait, minNeighbors=0)
    assert sorted(found.tolist()) == sorted(np.asarray(theirs).reshape(-1, 4).tolist())


def crafted(trained) -> dict[str, tuple[str, str]]:
    """What to replace in a sound file by what."""
    text = format_cascade(trained)
    nodes = text.partition("<internalNodes>")[2].partition("<")[0]
    words = nodes.split()
    rect = text.partition("<features>")[2].partition("</_>")[0].split("<_>")[-1]
    rect = rect.replace("<rect>", "").replace("</rect>", "").replace("<rects>", "")
    leaves = text.partition("<leafValues>")[2].partition("<")[0]
    return {
        "feature": (nodes, " ".join([*words[:2], "99999", *words[3:]])),
        "negative feature": (nodes, " ".join([*words[:2], "-7", *words[3:]])),
        "left": (nodes, " ".join(["5", *words[1:]])),
        "right": (nodes, " ".join([words[0], "-900", *words[2:]])),
        "huge": (nodes, " ".join([*words[:2], "1e300", *words[3:]])),
        "short": (nodes, " ".join(words[:-1])),
        "rectangle": (rect, rect.replace(rect.split()[0], "900", 1)),
        "negative rectangle": (rect, rect.replace(rect.split()[0], "-3", 1)),
        "leaf": (leaves, "nan 1"),
        "one leaf": (leaves, "1"),
        "threshold": ("<stageThreshold>", "<stageThreshold>inf"),
        "width": ("<width>12<", "<width>-12<"),
        "wide": ("<width>12<", "<width>5<"),
        "categories": ("<maxCatCount>", "<maxCatCount>9"),
        "kind": ("<stageType>BOOST", "<stageType>TREE"),
        "entity": ("<opencv_storage>", '<!DOCTYPE a [<!ENTITY b "c">]><opencv_storage>'),
        "cut": ("</opencv_storage>", ""),
        "no stages": ("<stages>", "<stags>"),
    }


def test_crafted_files_are_refused(trained) -> None:
    text = format_cascade(trained)
    for what, (old, new) in crafted(trained).items():
        assert old in text, what
        with pytest.raises(ModelFileError, match=r"\w"):
            parse_cascade(text.replace(old, new, 1).encode())


def test_damaged_files_never_crash(trained, rng) -> None:
    """Whatever is taken after a change of some bytes can be run."""
    data = np.frombuffer(format_cascade(trained).encode(), np.uint8)
    picture = rng.integers(0, 256, (40, 40), dtype=np.uint8)
    taken = 0
    for _ in range(150):
        changed = data.copy()
        where = rng.integers(0, len(data), rng.integers(1, 4))
        changed[where] = rng.choice(np.frombuffer(b"0123456789-<>. e", np.uint8), len(where))
        try:
            cascade = parse_cascade(changed.tobytes())
        except ModelFileError:
            continue
        CascadeDetector(cascade).detect(picture)
        taken += 1
    assert taken


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"<a/>", b"<opencv_storage/>", b"{}"])
def test_other_files_are_refused(data, tmp_path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"x\.xml"):
        read_cascade(path)


def test_the_old_kind_is_named() -> None:
    path = cv2.data.haarcascades + "haarcascade_license_plate_rus_16stages.xml"
    with pytest.raises(ModelFileError, match="old-format"):
        read_cascade(path)


def test_a_flipped_bit_is_noticed(trained) -> None:
    """Whatever it does to a number: the checksum at the end does not match."""
    data = format_cascade(trained).encode()
    for at in range(0, data.index(b"<!-- checksum"), 97):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(ModelFileError):
            parse_cascade(bytes(changed))
