"""``cvclassic faces``: found, blurred, cut out, known again."""

import csv
import json
import os
import shutil
import signal
import subprocess
import time

import cv2
import numpy as np
import pytest

from cvclassic.images import read_image, write_image
from tests.cli.conftest import one_line
from tests.command_line import command


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """A woman's face of about 100 pixels in 300 x 300, RGB."""
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:300, 80:380])


@pytest.fixture
def photos(tmp_path, portrait):
    """A photo, a gray one, a wall, a tiny and a broken image."""
    folder = tmp_path / "photos"
    folder.mkdir()
    write_image(folder / "a.jpg", portrait)
    write_image(folder / "b.png", cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY))
    write_image(folder / "c wall.png", np.full((60, 80, 3), 90, np.uint8))
    write_image(folder / "d.png", np.full((3, 2), 9, np.uint8))
    (folder / "e.jpg").write_bytes(b"\xff\xd8 no")
    return folder


FAST = ("--fast", "-j", "1", "--min-size", "0.2")


def rows_of(path) -> list[dict]:
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        return [row | {"faces": json.loads(row["faces"] or "null")} for row in csv.DictReader(file)]


def test_one_record_for_each_picture(cvclassic, photos, tmp_path, portrait):
    done = cvclassic("faces", "detect", photos, "-o", tmp_path / "out", "--blur", *FAST)
    assert done.returncode == 1, done.stderr  # one is broken
    rows = rows_of(tmp_path / "out" / "faces.csv")
    assert [os.path.basename(row["path"]) for row in rows] == sorted(os.listdir(photos))
    assert [row["status"] for row in rows] == ["ok", "ok", "ok", "ok", "error"]
    assert [row["n_faces"] for row in rows] == ["1", "1", "0", "0", ""]
    assert [row["code"] for row in rows[2:4]] == ["no_faces"] * 2
    (face,) = rows[0]["faces"]
    assert 60 < face["x"] < 120
    assert face["score"] > 0.5
    written = sorted(name for name in os.listdir(tmp_path / "out"))
    # those without a face as well: a folder that is published should be whole
    assert written == ["a.jpg", "b.png", "c wall.png", "d.png", "faces.csv"]
    hidden = read_image(tmp_path / "out" / "a.jpg")
    box = np.s_[face["y"] : face["y"] + face["height"], face["x"] : face["x"] + face["width"]]
    assert cv2.Laplacian(hidden[box], cv2.CV_64F).std() < (
        cv2.Laplacian(portrait[box], cv2.CV_64F).std() / 4
    )


def test_json_crops_and_parts(cvclassic, photos, tmp_path):
    for name in ("d.png", "e.jpg"):
        (photos / name).unlink()
    out = tmp_path / "out"
    done = cvclassic("faces", "detect", photos, "-o", out, "--crop", "--parts", "--json", *FAST)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in (out / "faces.jsonl").read_text().splitlines()]
    assert [len(record["faces"]) for record in records] == [1, 1, 0]
    assert len(records[0]["faces"][0]["eyes"]) == 2
    crop = read_image(out / "a.face-1.png")
    assert crop.shape[0] > records[0]["faces"][0]["width"]
    assert {"a.face-1.png", "b.face-1.png"} == {n for n in os.listdir(out) if n.endswith("png")}


@pytest.mark.slow
def test_boxes_are_those_of_the_file_whatever_is_written(cvclassic, photos, tmp_path, portrait):
    large = cv2.resize(portrait, None, fx=7, fy=7)
    write_image(tmp_path / "large.jpg", large)
    for i, extra in enumerate(((), ("--draw",))):
        cvclassic("faces", "detect", tmp_path / "large.jpg", "-o", tmp_path / f"{i}", *FAST, *extra)
        (row,) = rows_of(tmp_path / f"{i}" / "faces.csv")
        assert (row["width"], row["height"]) == ("2100", "2100")
        assert abs(row["faces"][0]["x"] - 7 * 95) < 80
    drawn = read_image(tmp_path / "1" / "large.faces.png")
    assert drawn.shape[:2] == (2100, 2100)


@pytest.mark.slow
def test_goes_on_where_it_stopped(cvclassic, tmp_path, portrait):
    folder = tmp_path / "many"
    folder.mkdir()
    small = cv2.resize(portrait, (140, 140), interpolation=cv2.INTER_AREA)
    for i in range(48):
        write_image(folder / f"{i:02}.png", np.roll(small, 3 * i, axis=1))
    whole = cvclassic("faces", "detect", folder, "-o", tmp_path / "whole", "--crop", *FAST)
    assert whole.returncode == 0
    words = ["faces", "detect", str(folder), "-o", str(tmp_path / "cut"), "--crop", *FAST]
    process = subprocess.Popen([*command(), *words], stderr=subprocess.PIPE, text=True)
    partial = tmp_path / "cut" / ".faces.csv.partial"
    limit = time.monotonic() + 60
    # two lines about the run, then one for each record
    while time.monotonic() < limit and not (
        partial.exists() and partial.read_bytes().count(b"\n") > 5
    ):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 143, said
    assert "kept" in said
    assert not (tmp_path / "cut" / "faces.csv").exists()
    again = cvclassic(*words)
    assert again.returncode == 0
    assert "resuming" in again.stderr
    for name in os.listdir(tmp_path / "whole"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--angles", "x"], "--angles"),
        (["--angles", "80"], "angles"),
        (["--cascade", "no.xml"], "no.xml"),
        (["--yunet", "no.onnx"], "no.onnx"),
        (["--cascade", "a", "--yunet", "b"], "not both"),
        (["--cascade", "a", "--thorough"], "--thorough"),
    ],
)
def test_wrong_options_of_detect(in_process, photos, tmp_path, extra, said):
    done = in_process("faces", "detect", photos, "-o", tmp_path / "out", *extra)
    assert said in one_line(done, 2)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_output_among_the_inputs_is_no_input(in_process, photos):
    (photos / "e.jpg").unlink()
    for _ in range(2):  # the second run meets what the first has written
        done = in_process("faces", "detect", photos, "-o", photos / "out", "--draw", *FAST)
        assert done.returncode == 0, done.stderr
        assert len(rows_of(photos / "out" / "faces.csv")) == 4
    done = in_process("faces", "detect", photos, "-o", photos, "--blur")
    assert "choose another folder" in one_line(done, 2)
    done = in_process("faces", "detect", photos / "a.jpg", "-o", photos, "--blur", *FAST)
    assert done.returncode == 3
    assert "would overwrite its own input" in done.stderr


# ---------------------------------------------------------------------------------- recognition


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """Folders of six people with three faces each, of 60 x 60 pixels."""
    from skimage.data import lfw_subset

    folder = tmp_path_factory.mktemp("team")
    random = np.random.default_rng(0)
    for i, face in enumerate(lfw_subset()[:6]):
        (folder / f"p{i}").mkdir()
        for j in range(3):
            noisy = cv2.resize(face * 255, (60, 60)) * random.uniform(0.7, 1) + random.normal(
                0, 4, (60, 60)
            )
            write_image(folder / f"p{i}" / f"{j}.png", np.clip(noisy, 0, 255).astype(np.uint8))
    return folder


def test_enroll_identify_verify_remove(in_process, team, tmp_path):
    gallery = tmp_path / "people.faces"
    for i in range(3):
        done = in_process("faces", "enroll", gallery, f"p{i}", team / f"p{i}" / "0.png", "--whole")
        assert done.returncode == 0, done.stderr
        assert f"Added 1 image of p{i} (1 in total)" in done.stdout
        if i == 1:
            before = gallery.read_bytes()
    who = in_process(
        "faces", "identify", gallery, *(team / f"p{i}" / "1.png" for i in range(4)), "--json", "-"
    )
    assert who.returncode == 0, who.stderr
    faces = [record["faces"][0] for record in json.loads(who.stdout)]
    assert [face["nearest"] for face in faces[:3]] == ["p0", "p1", "p2"]
    assert faces[3]["name"] == "unknown"
    lines = in_process("faces", "identify", gallery, team / "p0" / "1.png").stdout
    assert "1.png: p0 (distance" in lines
    assert in_process("faces", "verify", gallery, "p0", team / "p0" / "2.png").returncode == 0
    no = in_process("faces", "verify", gallery, "p0", team / "p4" / "2.png")
    assert no.returncode == 1
    assert no.stdout.startswith("no: distance")
    assert in_process("faces", "remove", gallery, "p2").returncode == 0
    assert gallery.read_bytes() == before
    listed = in_process("faces", "list", gallery).stdout
    assert "p0" in listed
    assert "p2" not in listed
    assert "whole images" in listed


def test_what_is_enrolled_already_is_not_added_again(in_process, team, tmp_path):
    """So a run that was stopped can be repeated; what a stopped one had finished is saved."""
    gallery = tmp_path / "people.faces"
    folder = shutil.copytree(team, tmp_path / "team")
    enroll = ("faces", "enroll", gallery, "--folder", folder, "--whole")
    shutil.move(folder / "p3", tmp_path / "p3")
    assert in_process(*enroll).returncode == 0
    shutil.move(tmp_path / "p3", folder / "p3")
    done = in_process(*enroll)
    assert done.returncode == 0, done.stderr
    assert "Added 0 images of p0 (3 in total); 3 images already there" in done.stdout
    assert "Added 3 images of p3 (3 in total)\n" in done.stdout
    whole = tmp_path / "whole.faces"
    assert in_process("faces", "enroll", whole, *enroll[3:]).returncode == 0
    assert gallery.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_threshold_and_metric_are_learned(in_process, team, tmp_path):
    metric, gallery = tmp_path / "m.metric", tmp_path / "g.faces"
    done = in_process("faces", "train-metric", team, "-o", metric, "--whole", "--feature", "hog")
    assert done.returncode == 0, done.stderr
    assert "18 images of 6 people" in done.stdout
    enrolled = in_process(
        "faces", "enroll", gallery, "--folder", team, "--whole", "--metric", metric
    )
    assert enrolled.returncode == 0, enrolled.stderr
    done = in_process("faces", "threshold", gallery, team, "--roc", tmp_path / "roc.png")
    assert done.returncode == 0, done.stderr
    assert "18 genuine and 90 impostor" in done.stdout
    assert read_image(tmp_path / "roc.png").shape[1] > 400
    assert "FAR" in in_process("faces", "list", gallery).stdout


def test_what_cannot_be_enrolled_is_said_and_the_rest_is(in_process, team, photos, tmp_path):
    gallery = tmp_path / "g.faces"
    good = team / "p0" / "0.png"
    done = in_process(
        "faces", "enroll", gallery, "Ann", good, photos / "d.png", photos / "e.jpg", "--whole"
    )
    assert done.returncode == 1
    assert "24 pixels" in done.stderr
    assert "e.jpg" in done.stderr
    assert "Added 1 image of Ann (1 in total)" in done.stdout
    wall = in_process("faces", "enroll", tmp_path / "other", "Bob", photos / "c wall.png")
    assert wall.returncode == 1
    assert "no face was found" in wall.stderr
    assert not (tmp_path / "other").exists()


def test_damaged_galleries_stay_as_they_are(in_process, team, tmp_path):
    gallery = tmp_path / "g.faces"
    gallery.write_bytes(b"nothing good")
    picture = team / "p0" / "0.png"
    for words in (
        ("enroll", gallery, "Ann", picture),
        ("identify", gallery, picture),
        ("verify", gallery, "Ann", picture),
        ("remove", gallery, "Ann"),
        ("list", gallery),
        ("threshold", gallery, team),
    ):
        assert "not a face gallery" in one_line(in_process("faces", *words), 2)
    assert gallery.read_bytes() == b"nothing good"
    assert "there is no such" in one_line(in_process("faces", "list", tmp_path / "gone"), 2)


def test_wrong_calls_of_recognition(in_process, team, tmp_path):
    gallery = tmp_path / "g.faces"
    picture = team / "p0" / "0.png"
    assert "NAME" in one_line(in_process("faces", "enroll", gallery), 2)
    assert "images" in one_line(in_process("faces", "enroll", gallery, "Ann"), 2)
    assert "unknown" in one_line(in_process("faces", "enroll", gallery, "unknown", picture), 2)
    in_process("faces", "enroll", gallery, "Ann", picture, "--whole")
    again = in_process("faces", "enroll", gallery, "Bob", picture, "--feature", "pixels")
    assert "set when a gallery is created" in one_line(again, 2)
    before = gallery.read_bytes()
    nobody = in_process("faces", "remove", gallery, "Ann", "Bob")
    assert "no one is named 'Bob'" in one_line(nobody, 2)
    assert gallery.read_bytes() == before
    verified = in_process("faces", "verify", gallery, "Bob", picture)
    assert "no one is named 'Bob'" in one_line(verified, 2)
    gone = in_process("faces", "verify", gallery, "Ann", tmp_path / "gone.png")
    assert "gone.png" in one_line(gone, 2)
