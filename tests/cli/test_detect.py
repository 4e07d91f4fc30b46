"""``cvclassic detect``."""

import json
import os

import cv2
import numpy as np
import pytest

from cvclassic.images import read_image, write_image


@pytest.fixture
def picture(tmp_path):
    """A small image with something of everything on it."""
    rng = np.random.default_rng(3)
    image = np.full((120, 160, 3), 90, np.uint8)
    cv2.circle(image, (40, 40), 15, (230, 200, 40), -1, cv2.LINE_AA)
    cv2.rectangle(image, (80, 30), (140, 100), (30, 40, 160), -1)
    image[60:110, 10:60] = np.kron(rng.integers(0, 256, (10, 10, 3)), np.ones((5, 5, 1)))
    path = tmp_path / "some picture.png"
    write_image(path, image)
    return path


@pytest.mark.parametrize("what", ["edges", "blobs", "corners", "lines", "keypoints"])
def test_draws_and_counts(in_process, tmp_path, picture, what):
    done = in_process(
        "detect", what, picture, "-o", tmp_path / "out", "--json", tmp_path / "f.json"
    )
    assert done.returncode == 0, done.stderr
    (record,) = json.loads((tmp_path / "f.json").read_text())
    assert record["path"] == str(picture)
    assert (record["status"], record["width"], record["height"]) == ("ok", 160, 120)
    (result,) = record["results"]
    assert result.get("n", result.get("n_pixels")) > 0
    assert len(result.get("found", [])) == result.get("n", 0)
    drawn = read_image(record["drawing"])
    assert drawn.shape[1] % 160 == 0
    assert what in done.stdout


def test_one_image_gives_the_file_that_is_named(in_process, tmp_path, picture):
    done = in_process("detect", "corners", picture, "-o", tmp_path / "c.png")
    assert done.returncode == 0, done.stderr
    assert read_image(tmp_path / "c.png").shape[1] % 160 == 0
    for sources, name, text in (
        ((picture, picture), "d.png", "need a folder"),
        ((picture,), "d.xyz", "xyz"),
    ):
        done = in_process("detect", "corners", *sources, "-o", tmp_path / name)
        assert done.returncode == 2, done.stderr
        assert text in done.stderr
        assert not (tmp_path / name).exists()


@pytest.mark.slow
@pytest.mark.parametrize("what", ["edges", "blobs", "corners", "lines", "keypoints"])
def test_compares_all_methods(in_process, tmp_path, picture, what):
    from cvclassic_cli.commands.detect import METHODS

    done = in_process(
        "detect", what, picture, "--compare", "-o", tmp_path, "--json", tmp_path / "f.json"
    )
    assert done.returncode == 0, done.stderr
    (record,) = json.loads((tmp_path / "f.json").read_text())
    assert [result["method"] for result in record["results"]] == list(METHODS[what])
    assert read_image(record["drawing"]).shape[1] > 160


@pytest.mark.slow
def test_one_record_for_each_input(in_process, tmp_path, picture):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no")
    (tmp_path / "empty.png").write_bytes(b"")
    strange = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    os.link(picture, strange)
    twin = tmp_path / "twin"
    twin.mkdir()
    os.link(picture, twin / picture.name)
    paths = [picture, tmp_path / "broken.jpg", tmp_path / "empty.png", tmp_path / "no.png"]
    paths += [strange, twin, picture]
    done = in_process(
        "detect", "corners", *paths, "-o", tmp_path / "out", "--json", tmp_path / "f.json"
    )
    assert done.returncode == 1
    records = json.loads((tmp_path / "f.json").read_text())
    codes = [record["code"] for record in records]
    assert codes[1:4] == ["truncated", "empty", "not_found"] or codes[2:4] == ["empty", "not_found"]
    assert [r["status"] for r in records] == ["ok", "error", "error", "error", "ok", "ok", "ok"]
    assert records[4]["path"] == strange
    assert done.stderr.count("\n") == 5  # one line each, the summary, and the file
    assert "7 inputs: 4 ok, 3 failed" in done.stderr
    drawings = [r["drawing"] for r in records if r["drawing"]]
    assert len(set(drawings)) == 4
    assert all(os.path.isfile(path) for path in drawings)


def test_positions_are_those_of_the_file(in_process, tmp_path):
    image = np.zeros((400, 600), np.uint8)
    cv2.circle(image, (420, 260), 40, 255, -1, cv2.LINE_AA)
    write_image(tmp_path / "a.png", image)
    done = in_process(
        "detect", "blobs", tmp_path / "a.png", "--max-side", 150, "--json", tmp_path / "f.json"
    )
    assert done.returncode == 0
    (record,) = json.loads((tmp_path / "f.json").read_text())
    best = record["results"][0]["found"][0]
    np.testing.assert_allclose(best["xy"], [420, 260], atol=6)
    assert best["radius"] == pytest.approx(40, rel=0.35)


def test_json_on_stdout_is_nothing_but_json(in_process, picture):
    done = in_process("detect", "lines", picture, "--json", "-")
    assert len(json.loads(done.stdout)) == 1


@pytest.mark.slow
def test_stages(in_process, tmp_path, picture):
    done = in_process("detect", "keypoints", picture, "--stages", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_image(tmp_path / "some picture.stages.png").shape[0] > 240


def test_parameters_reach_the_method(in_process, tmp_path, picture):
    few = in_process("detect", "keypoints", picture, "--param", "max_keypoints=3", "--json", "-")
    assert json.loads(few.stdout)[0]["results"][0]["n"] == 3


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (["edges", "--param", "foo=1", "x.png"], "takes low, high"),
        (["edges", "--param", "sigma", "x.png"], "NAME=VALUE"),
        (["edges", "--method", "roberts", "x.png"], "'roberts' is not one of"),
        (["blobs", "--method", "log", "--method", "dog", "x.png"], "need --compare"),
        (["keypoints", "--stages", "x.png"], "needs -o"),
        (
            ["keypoints", "--stages", "--method", "orb", "-o", "d", "x.png"],
            "only applies to the method sift",
        ),
        (["corners"], "Give PATHS"),
        (["corners", "--max-side", "3", "x.png"], "x>=16"),
    ],
)
def test_mistakes(in_process, words, fragment):
    done = in_process("detect", *words)
    assert done.returncode == 2
    assert fragment in done.stderr


def test_bad_values_are_one_line(in_process, picture):
    done = in_process("detect", "edges", picture, "--param", "sigma=-2")
    assert done.returncode == 2
    assert done.stderr == "Error: sigma must be a number >= 0. Got -2 instead.\n"


def test_output_that_cannot_be_written(in_process, tmp_path, picture):
    (tmp_path / "file").write_text("")
    done = in_process("detect", "edges", picture, "-o", tmp_path / "file")
    assert done.returncode == 3
    done = in_process("detect", "edges", picture, "--json", tmp_path / "no" / "f.json")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1


def test_as_a_process(cvclassic, tmp_path, picture):
    done = cvclassic("detect", "edges", picture, tmp_path / "no.png", "-o", tmp_path)
    assert done.returncode == 1
    assert "not_found" in done.stderr
