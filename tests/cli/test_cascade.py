"""``cvclassic cascade`` as people call it."""

import json
import signal
import subprocess

import cv2
import numpy as np
import pytest

from cvclassic.images import write_image
from tests.cascade.conftest import clutter, targets
from tests.cli.conftest import one_line
from tests.command_line import command

SMALL = ["--window", "12x12", "--stages", "3", "--hit-rate", "0.99"]
SMALL += ["--num-positives", "120", "--num-negatives", "150"]


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Objects, scenes, and images with objects in them."""
    folder = tmp_path_factory.mktemp("material")
    np.savez(folder / "crosses.npz", crosses=np.stack(targets(60)))
    (folder / "scenes").mkdir()
    for i, scene in enumerate(clutter()):
        write_image(folder / "scenes" / f"{i}.png", scene)
    (folder / "test").mkdir()
    boxes = {}
    for i, scene in enumerate(clutter(3, seed=20)):
        scene[30:54, 50:74] = cv2.resize(targets(1, seed=30 + i)[0], (24, 24))
        write_image(folder / "test" / f"{i}.png", scene)
        boxes[f"{i}.png"] = [[50, 30, 74, 54]]
    (folder / "boxes.json").write_text(json.dumps(boxes))
    return folder


def call(material, output, *more) -> list:
    """Arguments of a training."""
    where = ["--positives", material / "crosses.npz", "--negatives", material / "scenes"]
    return ["cascade", "train", *where, "-o", output, *SMALL, *more]


@pytest.fixture(scope="module")
def trained(cvclassic, material):
    path = material / "cross.xml"
    done = cvclassic(*call(material, path))
    assert done.returncode == 0, done.stderr
    assert "3 stages" in done.stdout
    assert done.stderr.count("hit rate") == 3
    return path


def test_train_evaluate_show(cvclassic, trained, material, tmp_path) -> None:
    assert not cv2.CascadeClassifier(str(trained)).empty()
    where = ["--images", material / "test", "--boxes", material / "boxes.json"]
    curve = tmp_path / "curve.png"
    done = cvclassic(
        "cascade", "evaluate", trained, *where, "--min-neighbors", "1", "-o", curve, "--json", "-"
    )
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    assert numbers["true_boxes"] == 3
    assert numbers["recall"] == 1
    assert curve.stat().st_size > 5000
    drawing = tmp_path / "why.png"
    done = cvclassic("cascade", "show", trained, material / "test" / "0.png", "-o", drawing)
    assert done.returncode == 0, done.stderr
    assert "passes all 3 stages" in done.stdout
    done = cvclassic(
        "cascade", "show", trained, material / "test" / "0.png", "--at", "0,0,20,20", "-o", drawing
    )
    assert "rejected by stage" in done.stdout
    assert "feature at" in done.stdout


def test_quiet(cvclassic, material, tmp_path) -> None:
    done = cvclassic(*call(material, tmp_path / "a.xml", "--stages", "1", "-q"))
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.slow
def test_interrupted_it_goes_on(cvclassic, trained, material, tmp_path) -> None:
    path = tmp_path / "a.xml"
    words = [str(word) for word in call(material, path)]
    process = subprocess.Popen([*command(), *words], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("stage"):  # the first stage is written
            break
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    if process.returncode:  # it may have been done already
        assert process.returncode == 130
        assert "Interrupted. Run the same command again to resume after stage " in said
    assert cvclassic(*words).returncode == 0
    assert path.read_bytes() == trained.read_bytes()


def test_boxes_in_pictures(cvclassic, material, tmp_path) -> None:
    """Objects cut out of images by their boxes."""
    scenes = clutter(8, seed=40)
    boxes = {}
    for i, scene in enumerate(scenes):
        boxes[f"{i}.png"] = []
        for x in (10, 40, 70):
            scene[30:42, x : x + 12] = targets(1, seed=90 + 3 * i + x)[0]
            boxes[f"{i}.png"].append([x, 30, 12, 12])
        write_image(tmp_path / f"{i}.png", scene)
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    where = ["--boxes", tmp_path / "boxes.json", "--images", tmp_path, "--box-format", "xywh"]
    done = cvclassic(
        "cascade", "train", *where, "--negatives", material / "scenes", "-o", tmp_path / "a.xml",
        *SMALL, "--stages", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "24 objects" in done.stderr


def test_unreadable_pictures_are_said(cvclassic, material, tmp_path) -> None:
    for i, scene in enumerate(clutter()):
        write_image(tmp_path / f"{i}.png", scene)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    where = ["--positives", material / "crosses.npz", "--negatives", tmp_path]
    done = cvclassic("cascade", "train", *where, "-o", tmp_path / "a.xml", *SMALL, "--stages", "1")
    assert done.returncode == 1
    assert "broken.png" in done.stderr


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--window", "24"], "expected a size such as 24x24"),
        (["--window", "3x900"], "window must be"),
        (["--boxes", "x.json"], "either --positives or --boxes"),
        (["--images", "x"], "go together"),
        (["--hit-rate", "2"], "hit-rate"),
        (["--false-alarm", "0.6,much"], "false-alarm"),
        (["--false-alarm", "0.6,nan"], "between 0 and 1"),
        (["--positives", "nowhere"], "no such file"),
        (["--negatives", "nowhere"], "no such file"),
        (["-o", "no/such/folder/a.xml"], "No such file"),
    ],
)
def test_mistakes(in_process, material, tmp_path, more, message) -> None:
    done = in_process(*call(material, tmp_path / "a.xml", *more))
    assert done.returncode in (2, 3)
    assert message in done.stderr
    assert not (tmp_path / "a.xml").exists()


def test_another_training_is_not_overwritten(in_process, trained, material) -> None:
    before = trained.read_bytes()
    done = in_process(*call(material, trained, "--seed", "5"))
    assert done.returncode == 2
    assert "--restart" in done.stderr
    assert trained.read_bytes() == before


@pytest.mark.parametrize("at", ["1,2,3", "0,0,999,9", "a,b,c,d", "-1,0,9,9"])
def test_windows_outside(in_process, trained, material, tmp_path, at) -> None:
    done = in_process(
        "cascade", "show", trained, material / "test" / "0.png", "--at", at,
        "-o", tmp_path / "a.png",
    )  # fmt: skip
    assert done.returncode == 2
    assert "--at" in done.stderr


def test_no_cascade(in_process, material, tmp_path) -> None:
    where = ["--images", material / "test", "--boxes", material / "boxes.json"]
    done = in_process("cascade", "evaluate", material / "boxes.json", *where)
    assert "not a cascade file" in one_line(done, 2)


def test_defaults_are_those_of_the_library() -> None:
    from cvclassic.cascade import Settings
    from cvclassic_cli.commands.cascade.train import train

    words = ["--positives", "signs", "--negatives", "scenes", "-o", "sign.xml"]
    defaults = train.make_context("train", words).params
    names = {"n_stages": "stages", "num_positives": "n_positives", "num_negatives": "n_negatives"}
    settings = Settings()
    for name, value in defaults.items():
        name = names.get(name, name)
        owner = settings if hasattr(settings, name) else settings.jitter
        if hasattr(owner, name):
            assert getattr(owner, name) == value, name
    assert {"hit_rate", "false_alarm", "blur", "noise", "shift"} <= defaults.keys()
