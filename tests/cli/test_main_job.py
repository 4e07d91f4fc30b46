"""Train, classify, evaluate, info and demo, as a newcomer runs them."""

import csv
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from cvclassic.images import write_image
from cvclassic.models import load_model, read_model_info
from tests.checks import picture_labels, pictures

FAST = ["--recipe", "sift-bow", "--param", "n_words=15", "--param", "C=1.0"]


def read_csv(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture(scope="module")
def trained(cvclassic, toy_folder, tmp_path_factory):
    """A model that the command line trained, and what it said."""
    path = tmp_path_factory.mktemp("trained") / "toys.cvmodel"
    done = cvclassic("train", toy_folder, "-o", path, "--jobs", 1, *FAST)
    assert done.returncode == 0, done.stderr
    return path, done


@pytest.fixture(scope="module")
def manifest(toy_folder, tmp_path_factory) -> Path:
    """The toys as a table with two splits, and paths relative to it."""
    path = tmp_path_factory.mktemp("table") / "toys.csv"
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["split", "label", "path", "remark"])
        for label in ("coarse", "fine", "middle"):
            for i, name in enumerate(sorted((toy_folder / label).iterdir())):
                relative = os.path.relpath(name, path.parent)
                rows.writerow(["train" if i else "test", label, relative, "x, y"])
    return path


def test_train_says_what_it_did(trained) -> None:
    path, done = trained
    assert done.stderr == ""
    for part in ("sift-bow + svm", "12 in 3 classes (4 per class)", "coarse 4", "MB)"):
        assert part in done.stdout
    assert "cross-validation accuracy" in done.stdout
    for stage in ("vocabulary", "features", "classifier"):
        assert f"{stage} " in done.stdout
    info = read_model_info(path)
    assert info.summary["class_counts"] == {"coarse": 4, "fine": 4, "middle": 4}
    assert info.summary["n_images"] == 12
    assert info.summary["n_failed"] == 0
    assert info.summary["seed"] == 0
    assert 0 <= info.summary["cv_accuracy"] <= 1


@pytest.mark.slow
def test_train_is_reproducible(cvclassic, trained, toy_folder, tmp_path) -> None:
    """Other jobs, threads and hash seed: the same bytes; another seed: other bytes."""
    env = {"OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "42"}
    done = cvclassic(
        "train", toy_folder, "-o", tmp_path / "m", "--jobs", 2, "--quiet", *FAST, env=env
    )
    assert done.returncode == 0
    assert (tmp_path / "m").read_bytes() == trained[0].read_bytes()
    cvclassic("train", toy_folder, "-o", tmp_path / "n", "--seed", 1, *FAST)
    assert (tmp_path / "n").read_bytes() != trained[0].read_bytes()


def test_train_from_a_manifest(cvclassic, manifest, tmp_path) -> None:
    """Only the split's rows; the MLP; values of several kinds."""
    done = cvclassic(
        "train", "--manifest", manifest, "--split", "train", "-o", tmp_path / "m", "--head", "mlp",
        "--recipe", "sift-bow", "--param", "n_words=12", "--param", "alpha=0.5",
        "--param", "hidden_layer_sizes=[5, 4]",
        "--param", "early_stopping=false", "--param", "max_iter=20", "--param", "norm=None",
        "--param", "pyramid=[[1,1],[2,2]]", "--param", "features__describer__root=false",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "9 in 3 classes (3 per class)" in done.stdout
    params = load_model(tmp_path / "m").get_params()
    assert params["head__hidden_layer_sizes"] == (5, 4)
    assert params["head__alpha"] == 0.5
    assert params["head__early_stopping"] is False
    assert params["features__norm"] is None
    assert params["features__pyramid"] == ((1, 1), (2, 2))
    assert params["features__describer__root"] is False


def test_train_without_split_takes_all(cvclassic, manifest, trained, tmp_path) -> None:
    done = cvclassic("train", "--manifest", manifest, "-o", tmp_path / "m", *FAST)
    assert "12 in 3 classes" in done.stdout
    assert done.returncode == 0


def test_broken_pictures_are_left_out(cvclassic, toy_folder, trained, tmp_path) -> None:
    """Exit code 1, each named with its reason; the model is that of the others."""
    folder = tmp_path / "toys"
    shutil.copytree(toy_folder, folder)
    (folder / "fine" / "0a.jpg").write_bytes(b"")
    (folder / "middle" / "zz.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    done = cvclassic("train", folder, "-o", tmp_path / "m", *FAST)
    assert done.returncode == 1
    assert "2 images could not be read and were skipped" in done.stderr
    assert "0a.jpg: empty:" in done.stderr
    assert "zz.png: " in done.stderr
    assert read_model_info(tmp_path / "m").summary["n_failed"] == 2
    ours, theirs = load_model(tmp_path / "m"), load_model(trained[0])
    assert np.array_equal(ours.predict_proba(pictures()), theirs.predict_proba(pictures()))


def test_blank_pictures_are_reported(cvclassic, toy_folder, tmp_path) -> None:
    folder = tmp_path / "toys"
    shutil.copytree(toy_folder, folder)
    write_image(folder / "fine" / "blank.png", np.zeros((64, 64), np.uint8))
    done = cvclassic("train", folder, "-o", tmp_path / "m", *FAST)
    assert done.returncode == 0
    assert "1 image had no usable features and was skipped" in done.stderr
    assert "blank.png" in done.stderr


def test_classify_to_csv(cvclassic, trained, toy_folder, tmp_path) -> None:
    done = cvclassic("classify", trained[0], toy_folder, "-o", tmp_path / "l.csv", "--jobs", 1)
    assert done.returncode == 0
    assert done.stdout == ""
    assert "12 inputs: 12 ok (" in done.stderr
    rows = read_csv(tmp_path / "l.csv")
    assert len(rows) == 12
    model = load_model(trained[0])
    expected = model.predict([row["path"] for row in rows])
    assert [row["label"] for row in rows] == expected.tolist()
    shares = model.predict_proba([row["path"] for row in rows]).max(axis=1)
    np.testing.assert_allclose([float(row["probability"]) for row in rows], shares, atol=1e-5)
    assert sum(Path(row["path"]).parent.name == row["label"] for row in rows) >= 10


def test_classify_gives_the_same_in_every_way(cvclassic, trained, toy_folder, tmp_path) -> None:
    """CSV and JSON lines, file and stdout, one job and two."""
    out = tmp_path / "l.jsonl"
    first = cvclassic("classify", trained[0], toy_folder, "-o", out, "--top", 2, "--jobs", 2)
    assert first.returncode == 0
    records = [json.loads(line) for line in out.read_text().splitlines()]
    shown = cvclassic(
        "classify", trained[0], toy_folder, "--format", "jsonl", "--top", 2, "-q", "--jobs", 1
    )
    assert shown.stdout == out.read_text()
    assert shown.stderr == ""
    table = cvclassic("classify", trained[0], toy_folder, "--top", 99, "-q")
    rows = list(csv.DictReader(table.stdout.splitlines()))
    assert len(rows) == len(records) == 12
    for row, record in zip(rows, records, strict=True):
        assert row["path"] == record["path"]
        assert [row["label"], row["label_2"]] == [label for label, _ in record["scores"]]
        assert row["label_3"]
        assert "label_4" not in row


def test_classify_walks_and_keeps_going(cvclassic, trained, toy_folder, tmp_path) -> None:
    """A folder, a file, a missing one, one that is no image: one record each, exit code 1."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    good = next((toy_folder / "fine").iterdir())
    shutil.copy(good, tmp_path / "in" / "deep" / "a.png")
    (tmp_path / "in" / "notes.txt").write_text("no image")
    (tmp_path / "in" / ".hidden.png").write_bytes(good.read_bytes())
    write_image(tmp_path / "in" / "blank.png", np.zeros((40, 40), np.uint8))
    done = cvclassic(
        "classify", trained[0], tmp_path / "in", good, tmp_path / "gone.jpg", "--format", "jsonl"
    )
    assert done.returncode == 1
    records = [json.loads(line) for line in done.stdout.splitlines()]
    got = [(Path(r["path"]).name, r["status"], r["code"]) for r in records]
    assert got == [
        ("blank.png", "ok", "no_features"),
        ("notes.txt", "error", "unsupported_format"),
        ("a.png", "ok", ""),
        (good.name, "ok", ""),
        ("gone.jpg", "error", "not_found"),
    ]
    assert records[0]["label"] == "unclassifiable"
    assert "5 inputs: 3 ok, 2 failed (" in done.stderr


def test_evaluate(cvclassic, trained, toy_folder, manifest, tmp_path) -> None:
    path = tmp_path / "scores.json"
    done = cvclassic("evaluate", trained[0], toy_folder, "--json", path)
    assert done.returncode == 0
    scores = json.loads(path.read_text())
    wanted = {"accuracy", "mean_class_accuracy", "macro_f1", "log_loss"}
    assert wanted | {"n_images", "n_failed", "confusion"} <= set(scores)
    assert scores["n_images"] == 12
    assert scores["n_failed"] == 0
    truth = np.array(picture_labels())
    predicted = load_model(trained[0]).predict(pictures())
    assert scores["accuracy"] == pytest.approx((truth == predicted).mean())
    assert np.trace(scores["confusion"]) == (truth == predicted).sum()
    assert f"{scores['accuracy']:.1%}" in done.stdout
    by_table = cvclassic("evaluate", trained[0], "--manifest", manifest, "--split", "test")
    assert by_table.returncode == 0
    assert re.search(r"images +│ +\d+ ", by_table.stdout)


def test_evaluate_counts_what_cannot_be_read(cvclassic, trained, toy_folder, tmp_path) -> None:
    """Broken apart, blank and unknown classes as wrong."""
    folder = tmp_path / "toys"
    shutil.copytree(toy_folder, folder)
    (folder / "fine" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    write_image(folder / "fine" / "blank.png", np.zeros((40, 40), np.uint8))
    (folder / "stranger").mkdir()
    shutil.copy(next((folder / "coarse").iterdir()), folder / "stranger")
    path = tmp_path / "scores.json"
    done = cvclassic("evaluate", trained[0], folder, "--json", path)
    assert done.returncode == 1
    assert "1 image could not be read (not scored):" in done.stderr
    assert "broken.png: " in done.stderr
    assert "does not know these classes: 'stranger'" in done.stdout
    assert "(no answer)" in done.stdout
    scores = json.loads(path.read_text())
    assert scores["n_images"] == 14
    assert scores["n_failed"] == 1
    assert scores["labels"] == ["coarse", "fine", "middle", "stranger", None]


def test_info(cvclassic, trained) -> None:
    done = cvclassic("info", trained[0])
    assert done.returncode == 0
    classes = "3: coarse (4), fine (4), middle (4)"
    for part in ("sift-bow", classes, "BagOfWords(", "n_words=15", "opencv"):
        assert part in done.stdout
    about = json.loads(cvclassic("info", trained[0], "--json").stdout)
    assert about["format_version"] == 3
    assert about["n_bytes"] == trained[0].stat().st_size
    assert about["summary"]["recipe"] == "sift-bow"
    assert about["pipeline"]["steps"][-1][1]["classes"] == ["coarse", "fine", "middle"]


def test_demo(cvclassic, tmp_path) -> None:
    """From any folder, offline, and it recognizes most of the materials."""
    done = cvclassic("demo", "-o", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in ("$ cvclassic train", "$ cvclassic evaluate", "$ cvclassic classify"):
        assert part in done.stdout
    assert "mean class accuracy" in done.stdout
    assert read_csv(tmp_path / "out" / "labels.csv")
    rows = read_csv(tmp_path / "out" / "labels.csv")
    right = sum(Path(row["path"]).parent.name == row["label"] for row in rows)
    assert right / len(rows) > 0.8
    assert load_model(tmp_path / "out" / "materials.cvmodel")
