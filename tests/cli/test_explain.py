"""``cvclassic explain``, ``words`` and ``classify --pictures``."""

import json
import os

import numpy as np
import pytest

from cvclassic.classify import make_recipe, make_table_recipe
from cvclassic.images import read_image, write_image
from cvclassic.models import save_model

from .conftest import one_line


@pytest.fixture(scope="session")
def other_models(tmp_path_factory, root):
    """Models of whole images, of a table, of numbers, of patches."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (12, 28, 28), np.uint8)
    labels = [str(i % 3) for i in range(12)]
    rows = rng.normal(size=(12, 2))
    patches = make_recipe("patches", "ridge", n_words=12, n_patches=2000)
    models = {
        "pixels": make_recipe("pixels", "ridge").fit(images, labels),
        "patches": patches.fit(images, labels),
        "numbers": make_recipe("pixels", "mlp-regressor", max_iter=2).fit(images, range(12)),
        "table": make_table_recipe(["a", "b"], "ridge").fit(rows, labels),
    }
    for name, model in models.items():
        save_model(folder / name, model)
    return folder


def test_explains_one_picture(cvclassic, toy_model_file, toy_folder, tmp_path):
    picture = toy_folder / "fine" / "0.png"
    out, numbers = tmp_path / "why.png", tmp_path / "why.json"
    done = cvclassic("explain", toy_model_file, picture, "-o", out, "--json", numbers, "--flip")
    assert done.returncode == 0, done.stderr
    assert "runner-up" in done.stdout
    assert "keypoints are removed" in done.stdout
    assert read_image(out).shape[1] > 1800
    (record,) = json.loads(numbers.read_text())
    shares = sum(point["share"] for point in record["keypoints"])
    assert record["exact"] is True
    assert record["sum_property"] == "bias + sum_of_shares = decision"
    assert record["bias"] + shares == pytest.approx(record["decision"], rel=1e-6)
    assert 0 < len(record["flip"]["keypoints"]) < len(record["keypoints"])
    assert record["flip"]["label_after"] != record["label"]


@pytest.mark.slow
def test_several_pictures_and_odd_ones(in_process, toy_model_file, toy_folder, tmp_path):
    strange = os.fsdecode(os.fsencode(tmp_path) + b"/a\n\x1b[2Jb\xff.png")
    picture = toy_folder / "fine" / "0.png"
    os.link(picture, strange)
    (tmp_path / "broken.png").write_bytes(picture.read_bytes()[:200])
    write_image(tmp_path / "blank.png", np.full((64, 64), 80, np.uint8))
    paths = [picture, strange, tmp_path / "broken.png", tmp_path / "blank.png", tmp_path / "no"]
    done = in_process(
        "explain", toy_model_file, *paths, "-o", tmp_path / "out", "--json", tmp_path / "f.json"
    )
    assert done.returncode == 1
    records = json.loads((tmp_path / "f.json").read_text())
    assert [r["status"] for r in records] == ["ok", "ok", "error", "warn", "error"]
    assert records[3]["code"] == "no_features"
    assert records[1]["path"] == strange
    assert "\x1b" not in done.stdout + done.stderr
    assert len(os.listdir(tmp_path / "out")) == 2


@pytest.mark.slow
def test_against_and_train(in_process, toy_model_file, toy_folder, tmp_path):
    picture = toy_folder / "fine" / "0.png"
    done = in_process(
        "explain", toy_model_file, picture, "-o", tmp_path / "a.png", "--json", tmp_path / "a.json",
        "--label", "coarse", "--against", "middle", "--train", toy_folder, "--nearest", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (record,) = json.loads((tmp_path / "a.json").read_text())
    assert (record["label"], record["against"]) == ("coarse", "middle")
    assert record["nearest"][0]["path"] == str(picture)
    assert len(record["nearest"]) == 2
    assert read_image(tmp_path / "a.png").shape[0] > 1200


def test_positions_are_those_of_the_file(in_process, toy_model_file, tmp_path):
    rng = np.random.default_rng(0)
    image = np.full((1600, 3000), 90, np.uint8)
    image[800:, 2200:] = np.kron(rng.integers(0, 255, (40, 40)), np.ones((20, 20)))
    write_image(tmp_path / "a.png", image)
    done = in_process("explain", toy_model_file, tmp_path / "a.png", "--json", "-")
    (record,) = json.loads(done.stdout)
    xy = np.array([point["xy"] for point in record["keypoints"]])
    assert xy[:, 0].max() > 2600
    assert (xy[:, 0] > 2100).all()
    assert (xy[:, 1] > 700).all()


def test_whole_pictures(in_process, other_models, tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)
    write_image(tmp_path / "a.png", image)
    done = in_process(
        "explain", other_models / "pixels", tmp_path / "a.png", "-o", tmp_path / "b.png",
        "--json", tmp_path / "b.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (record,) = json.loads((tmp_path / "b.json").read_text())
    assert record["exact"] is False
    assert record["sum_property"] is None


@pytest.mark.parametrize(
    ("model", "words", "fragment"),
    [
        (None, ["a.png"], "Give -o DRAWING or --json FILE"),
        (None, ["a.png", "b.png", "-o", "c.png"], "need a folder"),
        (None, ["a.png", "--json", "-", "--split", "x"], "--split needs"),
        (None, ["a.png", "--json", "-", "--label", "Fine"], "such as 'fine'"),
        (None, ["a.png", "--json", "-", "--train", "no-such-folder"], "no such folder"),
        ("table", ["a.png", "--json", "-"], "rows of a table"),
        ("numbers", ["a.png", "--json", "-"], "this one gives numbers"),
        ("pixels", ["a.png", "--json", "-", "--flip"], "uses the whole image"),
        ("missing", ["a.png", "--json", "-"], "missing"),
    ],
)
def test_mistakes(in_process, toy_model_file, other_models, model, words, fragment):
    path = toy_model_file if model is None else other_models / model
    assert fragment in one_line(in_process("explain", path, *words), 2)


def test_output_that_cannot_be_written(in_process, toy_model_file, toy_folder, tmp_path):
    picture = toy_folder / "fine" / "0.png"
    done = in_process("explain", toy_model_file, picture, "-o", tmp_path / "no" / "a.png")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["png", "html"])
def test_words(in_process, toy_model_file, toy_folder, tmp_path, kind):
    out = tmp_path / f"words.{kind}"
    done = in_process("words", toy_model_file, toy_folder, "-o", out, "--words", 5)
    assert done.returncode == 0, done.stderr
    assert "5 visual words from 12 images" in done.stderr
    if kind == "html":
        assert out.read_text(encoding="utf-8").count("<article") == 5
    else:
        assert read_image(out).shape[0] > 300


def test_words_of_other_models(in_process, other_models, toy_folder, tmp_path):
    done = in_process("words", other_models / "patches", "-o", tmp_path / "a.png")
    assert done.returncode == 0
    assert read_image(tmp_path / "a.png").shape[0] > 90
    for model, fragment in (
        ("pixels", "no visual words"),
        ("table", "rows of a table"),
        ("numbers", "this one gives numbers"),
    ):
        done = in_process("words", other_models / model, toy_folder, "-o", tmp_path / "b.png")
        assert fragment in one_line(done, 2)
    done = in_process("words", other_models / "pixels", toy_folder, "-o", tmp_path / "b.txt")
    assert "must end in" in one_line(done, 2)


@pytest.mark.slow
def test_pictures_of_predictions(cvclassic, toy_model_file, toy_folder, tmp_path):
    paths = [toy_folder, toy_folder / "fine" / "0.png", tmp_path / "missing.png"]
    done = cvclassic(
        "classify", toy_model_file, *paths, "-o", tmp_path / "a.csv", "--pictures", tmp_path / "p"
    )
    assert done.returncode == 1
    names = sorted(os.listdir(tmp_path / "p"))
    assert len(names) == 13
    assert {"0.label.png", "0-2.label.png"} < set(names)
    assert read_image(tmp_path / "p" / "0.label.png").shape[1] == 828
    plain = cvclassic("classify", toy_model_file, *paths, "-o", tmp_path / "b.csv")
    assert plain.returncode == 1
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.slow
def test_names_of_pictures_are_safe(in_process, toy_model_file, toy_folder, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    source = toy_folder / "fine" / "0.png"
    for name in (b"a\n\x1bb.png", b"A.png", b"a.png", b"\xff.png", b"x" * 251 + b".png", b"...png"):
        os.link(source, os.path.join(os.fsencode(folder), name))
    paths = [os.path.join(os.fsencode(folder), name) for name in os.listdir(os.fsencode(folder))]
    done = in_process(
        "classify", toy_model_file, *map(os.fsdecode, paths), "--pictures", tmp_path / "p",
        "-o", tmp_path / "a.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = os.listdir(os.fsencode(tmp_path / "p"))
    assert len({name.lower() for name in names}) == 6
    assert not any(b"\n" in name or name.startswith(b".") for name in names)


@pytest.mark.slow
def test_pictures_that_cannot_be_written(in_process, toy_model_file, toy_folder, tmp_path):
    target = tmp_path / "p"
    (target / "0.label.png").mkdir(parents=True)
    done = in_process(
        "classify", toy_model_file, toy_folder, "-o", tmp_path / "a.csv", "--pictures", target
    )
    assert done.returncode == 3
    assert "1 image could not be written" in done.stderr
    assert (tmp_path / "a.csv").read_text().count(",ok,") == 11
    assert ",warn,not_written," in (tmp_path / "a.csv").read_text()
    assert len(os.listdir(target)) == 12
    (tmp_path / "file").write_text("")
    done = in_process("classify", toy_model_file, toy_folder, "--pictures", tmp_path / "file")
    assert done.returncode == 2
    assert "is a file" in done.stderr


def test_pictures_need_pictures(in_process, other_models, tmp_path):
    for model in ("table", "numbers"):
        done = in_process("classify", other_models / model, "x", "--pictures", tmp_path / "p")
        assert "needs a model that gives labels" in one_line(done, 2)
