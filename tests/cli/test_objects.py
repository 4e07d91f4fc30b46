"""``cvclassic objects`` from labels to scores, and every kind of bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

from cvclassic.images import read_image, write_image
from cvclassic.images.labels import LabeledImage, LabeledObject, LabelSet, read_labels, write_labels
from cvclassic.models.bundles import load_bundle
from cvclassic.objects import load_detector
from cvclassic_cli.main import main
from tests.objects.scenes import scene


def run(*args, code=0):
    result = CliRunner().invoke(main, ["objects", *map(str, args)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def labeled(tmp_path_factory):
    """Twelve images with labels in COCO."""
    folder = tmp_path_factory.mktemp("objects")
    (folder / "images").mkdir()
    images = []
    for i in range(12):
        pixels, boxes, labels = scene(i)
        name = f"{i:02d}.png"
        write_image(folder / "images" / name, pixels)
        objects = tuple(
            LabeledObject(label, tuple(map(float, box)))
            for label, box in zip(labels, boxes, strict=True)
        )
        images.append(LabeledImage(name, pixels.shape[1], pixels.shape[0], objects))
    write_labels(folder / "boxes.json", LabelSet(tuple(images), ("disc", "square")), "coco")
    return folder


@pytest.fixture(scope="module")
def data(labeled):
    """The same folder with a model of them."""
    run("train", "--labels", labeled / "boxes.json", "--images", labeled / "images",
        "-o", labeled / "m.cvobjects", "--trees", 24, "--jobs", 1, "-q")  # fmt: skip
    return labeled


@pytest.mark.slow
def test_training_says_what_came_of_it(data):
    _, summary = load_detector(data / "m.cvobjects")
    assert summary["images"] == 12
    assert summary["cross_validated"]["ap50"] > 0.3
    assert not os.path.exists(data / "m.cvobjects.partial")


@pytest.mark.slow
def test_evaluate_has_the_keys(data, tmp_path):
    out, page = tmp_path / "s.json", tmp_path / "p.html"
    result = run("evaluate", data / "m.cvobjects", "--labels", data / "boxes.json", "--images",
                 data / "images", "--json", out, "--report", page, "--jobs", 1)  # fmt: skip
    scores = json.loads(out.read_text())
    assert {"ap50", "ap75", "ap", "log_average_miss_rate", "recall50", "classes"} <= set(scores)
    assert set(scores["classes"]) == {"disc", "square"}
    assert scores["ap50"] > 0.8
    assert "AP50" in result.output
    assert "False alarms" in page.read_text()


@pytest.mark.slow
def test_detect_coco_is_what_pycocotools_reads(data):
    result = CliRunner().invoke(
        main,
        ["objects", "detect", str(data / "m.cvobjects"), str(data / "images"), "--json", "coco",
         "-q"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert len(content["images"]) == 12
    assert {"image_id", "category_id", "bbox", "score"} <= set(content["annotations"][0])
    names = {c["id"]: c["name"] for c in content["categories"]}
    assert set(names.values()) == {"disc", "square"}
    coco = pytest.importorskip("pycocotools.coco")
    truth = coco.COCO(str(data / "boxes.json"))
    assert truth.loadRes(content["annotations"]).getAnnIds()


@pytest.mark.slow
def test_detect_writes_all_formats(data, tmp_path):
    model, images = data / "m.cvobjects", data / "images"
    run("detect", model, images, "-o", tmp_path / "a.csv")
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert rows[0] == "path,label,score,x,y,width,height"
    assert len(rows) > 10
    run("detect", model, images, "-o", tmp_path / "a.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert len(lines) == 12
    assert not list(tmp_path.glob("*.partial*"))
    for kind in ("voc", "yolo"):
        run("detect", model, images, "-o", tmp_path / kind, "--json", kind)
        labels = read_labels(tmp_path / kind, images)
        assert labels.format == kind
        assert labels.n_objects > 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "pattern"), [("--draw", "*.objects.png"), ("--crop", "*.object-1.png"), ("--blur", "*")]
)
def test_detect_writes_pictures(data, tmp_path, how, pattern):
    out = tmp_path / "out"
    run("detect", data / "m.cvobjects", data / "images" / "00.png", "-o", out, how)
    assert list(out.glob(pattern))
    assert json.loads((out / "objects.json").read_text())["images"]


@pytest.mark.slow
def test_detect_shows_a_table_and_reports_failures(data, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no image")
    result = run("detect", data / "m.cvobjects", data / "images" / "00.png",
                 tmp_path / "bad.png", code=1)  # fmt: skip
    assert "%" in result.output


@pytest.mark.slow
def test_show_explains_what_was_found_and_what_was_not(data, tmp_path):
    image = data / "images" / "00.png"
    result = run("show", data / "m.cvobjects", image, "-o", tmp_path / "w.png")
    assert "found" in result.output
    assert read_image(tmp_path / "w.png").std() > 10
    result = run("show", data / "m.cvobjects", image, "--at", "0,0,160,3", "--json", "-")
    told = json.loads(result.stdout)
    assert "no window of this shape" in told["verdict"]
    assert len(told["channels"]) == 14


def test_check_finds_faults(labeled, tmp_path):
    result = run("check", labeled / "boxes.json", "--images", labeled / "images")
    assert "No faults" in result.output or "fewer than 10" in result.output
    content = json.loads((labeled / "boxes.json").read_text())
    content["annotations"][0]["bbox"] = [150, 100, 60, 60]
    content["annotations"][1]["bbox"] = [5, 5, 0, 10]
    content["images"].append({"id": 99, "file_name": "gone.png", "width": 5, "height": 5})
    content["categories"].append({"id": 9, "name": "owl"})
    (tmp_path / "bad.json").write_text(json.dumps(content))
    out = tmp_path / "faults.json"
    result = run("check", tmp_path / "bad.json", "--images", labeled / "images", "--against",
                 labeled / "boxes.json", "--classes", "disc", "--json", out, code=1)  # fmt: skip
    kinds = {fault["kind"] for fault in json.loads(out.read_text())["faults"]}
    assert {"outside", "empty", "missing_image", "unused_class", "leak", "unknown_class"} <= kinds


def test_boxes_drawn_before_the_exif_turn_are_turned(labeled, tmp_path):
    from PIL import Image

    pixels = np.zeros((30, 50, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "t.jpg", exif=exif)
    content = {
        "images": [{"id": 1, "file_name": "t.jpg", "width": 50, "height": 30}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 20, 10]}],
    }
    (tmp_path / "t.json").write_text(json.dumps(content))
    result = run("check", tmp_path / "t.json", code=1)
    assert "EXIF" in result.output


def test_convert_there_and_back(labeled, tmp_path):
    run("convert", labeled / "boxes.json", "--to", "voc", "-o", tmp_path / "voc")
    run("convert", tmp_path / "voc", "--to", "coco", "-o", tmp_path / "again.json")
    old, new = read_labels(labeled / "boxes.json"), read_labels(tmp_path / "again.json")
    assert [i.boxes().tolist() for i in old.images] == [i.boxes().tolist() for i in new.images]


@pytest.mark.slow
def test_training_is_resumed_to_the_same_model(data, tmp_path, monkeypatch):
    from cvclassic.objects import training

    args = ["train", "--labels", data / "boxes.json", "--images", data / "images", "-o",
            tmp_path / "m.cvobjects", "--trees", 24, "--jobs", 1, "-q"]  # fmt: skip

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_verifier", killed)
        run(*args, code=130)
    assert list((tmp_path / "m.cvobjects.partial").glob("trees*.npz"))
    with monkeypatch.context() as patch:
        patch.setattr(training, "train_scanner", None)  # must not be needed again
        run(*args)
    first = load_detector(data / "m.cvobjects")[0].state_
    again = load_detector(tmp_path / "m.cvobjects")[0].state_
    assert np.array_equal(first.weights, again.weights)
    assert np.array_equal(first.trees.leaves, again.trees.leaves)


@pytest.mark.slow
@pytest.mark.parametrize("n_done", [0, 2, 5])
def test_killed_training_is_resumed_to_the_same_model(data, tmp_path, n_done):
    out = tmp_path / "m.cvobjects"
    args = [sys.executable, "-m", "cvclassic_cli", "objects", "train", "--labels",
            data / "boxes.json", "--images", data / "images", "-o", out, "--trees", "24",
            "--jobs", "2", "-q"]  # fmt: skip
    running = subprocess.Popen(list(map(str, args)), start_new_session=True)
    end = time.monotonic() + 120
    while len(list((tmp_path / "m.cvobjects.partial").glob("*.npz"))) < n_done:
        if running.poll() is not None or time.monotonic() > end:
            break
        time.sleep(0.02)
    time.sleep(0.3 if n_done == 0 else 0)
    os.killpg(running.pid, signal.SIGKILL)  # its workers too
    running.wait()
    subprocess.run(list(map(str, args)), check=True, timeout=240)
    first, _ = load_bundle(data / "m.cvobjects", "cvclassic-objects", 1, called="detector")
    again, _ = load_bundle(out, "cvclassic-objects", 1, called="detector")
    assert set(first) == set(again)
    assert all(np.array_equal(first[name], again[name]) for name in first)


@pytest.mark.slow
def test_compare_takes_predictions_of_any_program(data, tmp_path):
    model, labels, images = data / "m.cvobjects", data / "boxes.json", data / "images"
    rows = json.loads(labels.read_text())["annotations"]
    perfect = [
        {key: row[key] for key in ("image_id", "category_id", "bbox")} | {"score": 0.5}
        for row in rows
    ]
    (tmp_path / "net.json").write_text(json.dumps(perfect))
    out = tmp_path / "c.json"
    result = run("compare", model, "--predictions", f"network={tmp_path / 'net.json'}",
                 "--labels", labels, "--images", images, "--json", out, "--jobs", 1)  # fmt: skip
    assert "network finds more" in result.output
    best, other = json.loads(out.read_text())
    assert (best["name"], other["name"]) == ("network", "m")
    assert best["ap50"] == pytest.approx(1)
    assert other["ap50_interval"][0] <= other["ap50_difference"] <= other["ap50_interval"][1]
    run("compare", "--labels", labels, "--images", images, code=2)
    result = run("compare", "--predictions", labels, "--labels", labels, code=2)
    assert "score" in result.output


@pytest.mark.slow
def test_bad_input_is_one_line(data, tmp_path):
    model, labels, images = data / "m.cvobjects", data / "boxes.json", data / "images"
    (tmp_path / "empty.json").write_text('{"images": [], "annotations": [], "categories": []}')
    (tmp_path / "none.json").write_text(
        json.dumps({"images": [{"id": 1, "file_name": "00.png"}], "categories": []})
    )
    cases = [
        (["train", "--labels", tmp_path / "no.json", "-o", tmp_path / "m"], "no such file"),
        (["train", "--labels", tmp_path / "empty.json", "-o", tmp_path / "m"], "no images"),
        (["train", "--labels", labels, "--images", tmp_path, "-o", tmp_path / "m"], "--images"),
        (["train", "--labels", tmp_path / "none.json", "--images", images, "-o", tmp_path / "m"],
         "no box"),
        (["detect", tmp_path / "no", images], "no such model"),
        (["detect", labels, images], "not a object detector"),
        (["detect", model], "PATHS"),
        (["detect", model, images, "--draw"], "-o DIR"),
        (["detect", model, images, "--json", "voc"], "-o"),
        (["show", model, images / "00.png", "--at", "1,2"], "--at"),
        (["show", model, images / "00.png", "--label", "owl"], "owl"),
        (["evaluate", model, "--labels", labels, "--images", images, "--report", "x.txt"], ".html"),
        (["convert", labels, "--to", "yolo", "-o", labels], "is an input"),
    ]  # fmt: skip
    for args, text in cases:
        result = run(*args, code=2)
        assert text in result.output
