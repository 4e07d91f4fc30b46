"""cvclassic learning-curve as a user runs it."""

import json
import shutil

import pytest

from cvclassic.images import read_image
from tests.cli.conftest import one_line


@pytest.mark.slow
def test_curve(cvclassic, in_process, toy_folder, tmp_path) -> None:
    model = tmp_path / "m.cvmodel"
    words = ["--recipe", "hog", "--head", "ridge", "--jobs", 1, "--quiet"]
    assert in_process("train", toy_folder, "-o", model, *words).returncode == 0
    train = tmp_path / "train"
    shutil.copytree(toy_folder, train)
    (train / "fine" / "zz.png").write_bytes(b"")
    done = cvclassic(
        "learning-curve", model, train, toy_folder, "-o", tmp_path / "c.png",
        "--json", tmp_path / "c.json", "--sizes", "1,2,9", "--repeats", 2, "--quiet", "--refit",
    )  # fmt: skip
    assert done.returncode == 1
    assert "zz.png: empty" in done.stderr
    found = json.loads((tmp_path / "c.json").read_text())
    assert found["sizes"] == [1, 2, 4]
    assert found["n_failed"] == 1
    assert found["accuracy"][-1] == [1.0, 1.0]
    assert read_image(tmp_path / "c.png").shape[2] == 3
    assert "100.0% ± 0.0%" in done.stdout
    page = tmp_path / "page.html"
    shown = ("evaluate", model, toy_folder, "--report", page, "--learning-curve")
    assert in_process(*shown, tmp_path / "c.json").returncode == 0
    assert "Learning curve" in page.read_text(encoding="utf-8")
    assert "JSON file of a learning curve" in one_line(in_process(*shown, model), 2)
    for args, message in [
        ((model, train), "Give a TRAIN_FOLDER and a TEST_FOLDER"),
        ((model, train, toy_folder, "--sizes", "0"), "--sizes must be numbers"),
        ((model, train, toy_folder, "-o", tmp_path / "c.txt"), "must end in .png, .svg or .pdf"),
        ((model,), "Give one of"),
    ]:
        assert message in one_line(in_process("learning-curve", *args), 2)
