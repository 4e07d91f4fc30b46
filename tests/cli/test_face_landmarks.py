"""``cvclassic faces train-landmarks`` and ``landmarks``."""

import csv
import io
import json

import numpy as np
import pytest

from cvclassic.faces import load_landmarks
from cvclassic.images import read_image, write_image
from tests.cli.conftest import one_line
from tests.faces.conftest import make_faces  # noqa: F401


@pytest.fixture(scope="module")
def marked(make_faces, tmp_path_factory):  # noqa: F811
    """A folder of twelve marked faces, and the file of their points."""
    folder = tmp_path_factory.mktemp("marked")
    images, points = make_faces(12)
    for i, image in enumerate(images):
        write_image(folder / f"{i}.png", image)
    content = {f"{i}.png": shape.tolist() for i, shape in enumerate(points)}
    (folder / "points.json").write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def trained(cvclassic, marked, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "faces.cvlandmarks"
    done = cvclassic(
        *("faces", "train-landmarks", marked, "--points", marked / "points.json"),
        *("-o", path, "--starts", "1"),
    )
    assert done.returncode == 0, done.stderr
    assert "12," in done.stdout
    assert "held-out error" in done.stdout
    return path


def test_points_are_found_drawn_and_written(cvclassic, marked, trained, tmp_path) -> None:
    known = json.loads((marked / "points.json").read_text())
    shape = np.array(known["3.png"])
    # the box as this detector would have drawn it, had it found the cartoon
    (x, y, factor), size = load_landmarks(trained)[0].box_change_, np.ptp(shape, axis=0)
    side = np.sqrt(size.prod()) / factor
    center = (shape.min(axis=0) + shape.max(axis=0)) / 2 - np.array([x, y]) * side
    box = [*(center - side / 2), side, side]
    done = cvclassic(
        *("faces", "landmarks", marked / "3.png", "-m", trained, "-o", tmp_path / "drawn"),
        *("--json", tmp_path / "a.json", "--csv", tmp_path / "a.csv", "--box", *box),
        *("--points", marked / "points.json"),
    )
    assert done.returncode == 0, done.stderr
    assert "1 face, " in done.stdout
    assert "mean error" in done.stdout
    (record,) = json.loads((tmp_path / "a.json").read_text())
    points = np.array(record["faces"][0]["points"])
    eyes = np.linalg.norm(shape[36] - shape[45])
    error = np.linalg.norm(points - shape, axis=1).mean() / eyes
    assert error == pytest.approx(record["error"], abs=1e-3)
    assert error < 0.03
    (row,) = csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text()))
    assert [float(row["x5"]), float(row["y5"])] == points[5].tolist()
    assert read_image(record["drawing"]).shape[0] >= 128


def test_every_picture_has_its_record(in_process, marked, trained, tmp_path) -> None:
    write_image(tmp_path / "gray.png", np.full((60, 60), 90, np.uint8))
    write_image(tmp_path / "tiny.png", np.zeros((1, 1, 3), np.uint8))
    (tmp_path / "broken.png").write_bytes(b"no image")
    names = [tmp_path / name for name in ("gray.png", "tiny.png", "broken.png", "gone.png")]
    done = in_process("faces", "landmarks", *names, "-m", trained, "--json", "-")
    assert done.returncode == 1
    records = json.loads(done.stdout)
    assert [record["status"] for record in records] == ["ok", "ok", "error", "error"]
    assert [record.get("faces") for record in records] == [[], [], None, None]
    done = in_process("faces", "landmarks", *names, "-m", trained, "--csv", "-")
    assert len(list(csv.DictReader(io.StringIO(done.stdout)))) == 4


def test_faces_that_cannot_be_used_are_listed(in_process, marked, tmp_path) -> None:
    content = json.loads((marked / "points.json").read_text())
    content["gone.png"] = content["0.png"]
    content["1.png"] = content["1.png"][:60]
    (tmp_path / "points.json").write_text(json.dumps(content))
    done = in_process(
        *("faces", "train-landmarks", marked, "--points", tmp_path / "points.json"),
        *("-o", tmp_path / "model", "--starts", 1),
    )
    assert done.returncode == 1
    assert "2 faces cannot be used" in done.stderr
    assert "gone.png: not_found" in done.stderr
    assert "1.png: bad_points: expected 68 points (x, y). Got 60 points" in done.stderr
    assert (tmp_path / "model").is_file()


def test_mistakes_end_in_a_line(in_process, marked, trained, tmp_path) -> None:
    points = marked / "points.json"
    few = tmp_path / "few.json"
    few.write_text(json.dumps(dict(list(json.loads(points.read_text()).items())[:3])))
    train = ("faces", "train-landmarks", "-o", tmp_path / "model")
    line = one_line(in_process(*train, marked, "--points", few), 2)
    assert line == "Error: expected at least 10 faces. Got 3."
    line = one_line(in_process(*train, tmp_path / "no", "--points", points), 2)
    assert "there is no such folder" in line
    line = one_line(in_process(*train, marked, "--points", marked / "0.png"), 2)
    assert "is not valid JSON" in line
    assert not (tmp_path / "model").exists()
    missing = tmp_path / "no" / "model"
    train = ("faces", "train-landmarks", "-o", missing, marked, "--points", points)
    one_line(in_process(*train), 3)
    mark = ("faces", "landmarks", marked / "0.png", "-m")
    assert "is not a cvclassic-landmarks file" in one_line(in_process(*mark, points), 2)
    line = one_line(in_process(*mark, trained, "--box", 0, 0, 0, 9), 2)
    assert "box 0 must be finite, with sides of at least a pixel" in line
