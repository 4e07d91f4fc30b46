"""cvclassic compare, and evaluate's table of answers, as a user runs them."""

import csv
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from cvclassic.evaluate import exact_mcnemar
from tests.cli.conftest import one_line

FAST = ["--recipe", "sift-bow", "--param", "C=1.0", "--jobs", 1, "--quiet"]


@pytest.fixture(scope="module")
def models(in_process, toy_folder, tmp_path_factory) -> tuple[Path, Path]:
    """Two models, the second of which has too few words to be good."""
    folder = tmp_path_factory.mktemp("models")
    for name, n_words in (("one", 15), ("two", 2)):
        done = in_process(
            "train", toy_folder, "-o", folder / f"{name}.cvmodel", *FAST,
            "--param", f"n_words={n_words}",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return folder / "one.cvmodel", folder / "two.cvmodel"


@pytest.fixture(scope="module")
def pictures(toy_folder, tmp_path_factory) -> Path:
    """The toys, and an image that no program can read."""
    folder = tmp_path_factory.mktemp("pictures") / "toys"
    shutil.copytree(toy_folder, folder)
    (folder / "fine" / "zz.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    return folder


def table(path: Path, folder: Path, **changes: str) -> Path:
    """Answers of some other program: right unless `changes` say what else."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "probability"])
        for label in sorted(os.listdir(folder)):
            for i, name in enumerate(sorted(os.listdir(folder / label))):
                rows.writerow([f"{label}/{name}", changes.get(f"{label}{i}", label), 0.9])
    return path


def test_models_and_a_table(in_process, models, pictures, tmp_path) -> None:
    other = table(tmp_path / "cnn.csv", pictures, fine0="middle", coarse1="fine")
    done = in_process(
        "compare", *models, other, pictures, "-o", tmp_path / "page.html",
        "--json", tmp_path / "all.json", "--jobs", 1, "--quiet",
    )  # fmt: skip
    assert done.returncode == 1
    assert "1 image could not be read (not compared):" in done.stderr
    assert "zz.png" in done.stderr
    found = json.loads((tmp_path / "all.json").read_text())
    assert found["n_images"] == 12
    assert found["n_failed"] == 1
    names = ["one.cvmodel", "two.cvmodel", "cnn.csv"]
    assert [model["name"] for model in found["models"]] == names
    assert found["models"][0]["n_bytes"] == models[0].stat().st_size
    assert found["models"][0]["ms_per_image"] > 0
    assert found["models"][2]["accuracy"] == pytest.approx(10 / 12)
    assert found["models"][2]["n_bytes"] is None
    assert found["models"][2]["log_loss"] is None
    assert [(p["first"], p["second"]) for p in found["pairs"]] == [
        (names[0], names[1]),
        (names[0], names[2]),
        (names[1], names[2]),
    ]
    for pair in found["pairs"]:
        assert pair["mcnemar_p"] == exact_mcnemar(pair["only_first"], pair["only_second"])
        assert pair["holm_p"] >= pair["mcnemar_p"]
    page = (tmp_path / "page.html").read_text()
    assert not re.search(r'(src|href)="(?!#|data:)|https?:', page)
    assert "zz.png" in page
    for name in names:
        assert name in done.stdout
        assert name in page


def test_scores_are_those_of_evaluate(in_process, models, pictures, tmp_path) -> None:
    """One model twice: by itself, and by its table of answers."""
    done = in_process(
        "evaluate", models[0], pictures, "--per-image", tmp_path / "one.csv",
        "--json", tmp_path / "scores.json", "--quiet",
    )  # fmt: skip
    assert done.returncode == 1
    with open(tmp_path / "one.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 13
    assert [(row["status"], row["code"]) for row in rows].count(("ok", "")) == 12
    assert (rows[-1]["status"], rows[-1]["label"]) == ("error", "")
    assert float(rows[0]["margin"]) == pytest.approx(
        float(rows[0]["probability_1"]) - float(rows[0]["probability_2"]), abs=1e-6
    )
    done = in_process(
        "compare", models[0], tmp_path / "one.csv", pictures, "--quiet",
        "--json", tmp_path / "both.json",
    )  # fmt: skip
    assert done.returncode == 1
    scores = json.loads((tmp_path / "scores.json").read_text())
    found = json.loads((tmp_path / "both.json").read_text())
    for model in found["models"]:
        for name in ("accuracy", "log_loss", "expected_calibration_error", "macro_f1"):
            assert model[name] == pytest.approx(scores[name], abs=1e-6)
            assert model["intervals"][name] == pytest.approx(scores["intervals"][name], abs=1e-6)
    assert found["pairs"][0]["mcnemar_p"] == 1
    assert found["models"][1]["ms_per_image"] > 0


def test_tables_alone(in_process, tmp_path) -> None:
    """The first one's truth; the order of the rows is free."""
    (tmp_path / "a.csv").write_text("path,label,truth\nx,cat,cat\ny,dog,dog\nz,cat,dog\n")
    (tmp_path / "b.csv").write_text("path,label\nz,dog\ny,dog\nx,cat\n")
    done = in_process("compare", tmp_path / "a.csv", tmp_path / "b.csv")
    assert done.returncode == 0, done.stderr
    assert "66.7%" in done.stdout
    assert "100.0%" in done.stdout


def test_hostile_names_are_shown_as_text(in_process, tmp_path) -> None:
    name = "<img src=x onerror=alert(1)>\x1b[31m.csv"
    for path in (tmp_path / name, tmp_path / "b.csv"):
        path.write_text("path,label,truth\nx,<b>,<b>\ny,\x1b[31m,dog\n")
    done = in_process("compare", tmp_path / name, tmp_path / "b.csv", "-o", tmp_path / "p.html")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    page = (tmp_path / "p.html").read_text()
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert "\x1b" not in page


def test_mistakes(in_process, models, pictures, tmp_path) -> None:
    good = table(tmp_path / "good.csv", pictures)
    (tmp_path / "short.csv").write_text("path,label\nfine/0.png,fine\n")
    (tmp_path / "foreign.csv").write_text("path,label\nmoon.png,fine\n")
    for words, message in [
        ((models[0], pictures), "at least two models"),
        ((models[0], models[0], pictures), "is given twice"),
        ((models[0], good), "Give the labeled images"),
        ((good, tmp_path / "short.csv"), "expected the columns path, label, truth"),
        ((good, tmp_path / "foreign.csv", pictures), "moon.png is not among the 13 labeled"),
        ((good, tmp_path / "gone.csv", pictures), "there is no such table"),
        ((good, tmp_path / "gone.cvmodel", pictures), "there is no such model file"),
        ((good, models[0], pictures, "-o", tmp_path / "a.txt"), "output must end in .html"),
        ((good, models[0], pictures, "--manifest", good), "Give one of"),
    ]:
        assert message in one_line(in_process("compare", *words), 2)


def test_missing_pictures_are_an_error(in_process, toy_folder, tmp_path) -> None:
    good = table(tmp_path / "good.csv", toy_folder)
    lines = good.read_text().splitlines()
    (tmp_path / "short.csv").write_text("\n".join(lines[:-2]) + "\n")
    message = one_line(in_process("compare", good, tmp_path / "short.csv", toy_folder), 2)
    assert "short.csv: 2 of the 12 images are missing. The first is " in message


def test_models_of_a_table(in_process, models, pictures, tmp_path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b,kind\n" + "".join(f"{i},{i % 7},{'gh'[i > 20]}\n" for i in range(40)))
    source = ["--table", rows, "--label", "kind"]
    for name, text in (("both", ""), ("narrow", "b")):
        part = tmp_path / f"{name}.csv"
        lines = [line.split(",") for line in rows.read_text().splitlines()]
        part.write_text("".join(",".join(c[1:] if text else c) + "\n" for c in lines))
        args = ["--head", "ridge", "--no-report", "-q", "-o", tmp_path / f"{name}.cvmodel"]
        done = in_process("train", "--table", part, "--label", "kind", *args)
        assert done.returncode == 0, done.stderr
    both, narrow = tmp_path / "both.cvmodel", tmp_path / "narrow.cvmodel"
    done = in_process("compare", both, narrow, *source, "--json", tmp_path / "all.json", "-q")
    assert done.returncode == 0, done.stderr
    first, second = json.loads((tmp_path / "all.json").read_text())["models"]
    assert first["accuracy"] > second["accuracy"]  # which does not see the column that tells
    assert first["file"].endswith("both.cvmodel")
    done = in_process("compare", both, models[0], *source)
    assert "expected a model that classifies rows of a table" in one_line(done, 2)
    done = in_process("compare", both, models[0], pictures)
    assert "expected a model that classifies images" in one_line(done, 2)
