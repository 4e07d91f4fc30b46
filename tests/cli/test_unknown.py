"""train --unknown, and what classify and evaluate make of it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from cvclassic.images import write_image
from cvclassic.models import load_model
from tests.cli.conftest import one_line

FAST = ["--recipe", "hog", "--head", "ridge", "--jobs", 1, "--quiet"]


def draw(rng, label: str, noise: float) -> np.ndarray:
    """Bars across or down, more or less lost in noise."""
    bars = 90 * (np.arange(32) // 4 % 2) + 60
    picture = np.tile(bars, (32, 1)) if label == "down" else np.tile(bars[:, None], 32)
    return np.clip(picture + noise * rng.normal(size=(32, 32)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def bars(tmp_path_factory) -> Path:
    """80 images a class to train, 40 to test."""
    rng = np.random.default_rng(8)
    top = tmp_path_factory.mktemp("bars")
    for split, n in (("train", 80), ("test", 40)):
        for label in ("across", "down"):
            (top / split / label).mkdir(parents=True)
            for i in range(n):
                noise = rng.uniform(10, 260)
                write_image(top / split / label / f"{i}.png", draw(rng, label, noise))
    write_image(top / "blank.png", np.full((32, 32), 90, np.uint8))
    return top


@pytest.fixture(scope="module")
def ruled(in_process, bars):
    """A model of each kind."""
    found = {}
    for kind, words in (("threshold", []), ("sets", ["--unknown-sets"])):
        path = bars / f"{kind}.cvmodel"
        done = in_process("train", bars / "train", "-o", path, "--unknown", 0.1, *words, *FAST)
        assert done.returncode == 0, done.stderr
        found[kind] = path, done
    return found


def read_csv(path: Path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_train_says_what_it_found(ruled) -> None:
    assert "at most 10.0% of the answers wrong (95% sure)" in ruled["threshold"][1].stdout
    assert "labels on average of 160 held-out images" in ruled["sets"][1].stdout


@pytest.mark.slow
def test_unknown_is_a_label(in_process, bars, ruled, tmp_path) -> None:
    model, _ = ruled["threshold"]
    done = in_process(
        "classify", model, bars / "test", bars / "blank.png", "-o", tmp_path / "a.csv",
        "--top", 2, "--quiet",
    )  # fmt: skip
    assert done.returncode == 0
    *rows, blank = read_csv(tmp_path / "a.csv")
    cutoff = load_model(model)[-1].unknown_.cutoff
    kinds = set()
    for row in rows:
        unsure = float(row["probability"]) < cutoff
        kinds.add(unsure)
        assert row["label"] == ("unknown" if unsure else row["guess"])
        assert row["code"] == ("low_confidence" if unsure else "")
        assert row["status"] == "ok"
        assert row["label_2"] in {"across", "down"} - {row["guess"]}
    assert kinds == {True, False}
    assert (blank["label"], blank["code"], blank["guess"]) == ("unknown", "no_features", "")


@pytest.mark.slow
def test_sets_are_labels(in_process, bars, ruled, tmp_path) -> None:
    model, _ = ruled["sets"]
    for name in ("a.csv", "a.jsonl"):
        done = in_process(
            "classify", model, bars / "test", bars / "blank.png", "-o", tmp_path / name, "--quiet"
        )
        assert done.returncode == 0
    rows = read_csv(tmp_path / "a.csv")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    truth = ["across"] * 40 + ["down"] * 40
    sets = [json.loads(row["labels"]) for row in rows]
    assert sets == [line["labels"] for line in lines]
    assert np.mean([label in one for label, one in zip(truth, sets, strict=False)]) >= 0.8
    assert all(one[0] == row["label"] for one, row in zip(sets[:-1], rows, strict=False))
    assert (rows[-1]["label"], rows[-1]["labels"]) == ("unknown", "[]")


def test_evaluate_reports_it(in_process, bars, ruled, tmp_path) -> None:
    for kind, (model, _) in ruled.items():
        done = in_process(
            "evaluate", model, bars / "test", "--json", tmp_path / "s.json",
            "--per-image", tmp_path / "p.csv", "--quiet",
        )  # fmt: skip
        assert done.returncode == 0
        scores = json.loads((tmp_path / "s.json").read_text())
        found = scores["unknown"]
        for name, ends in found["intervals"].items():
            assert ends[0] <= found[name] <= ends[1]
            assert name in done.stdout
        answered = [row for row in read_csv(tmp_path / "p.csv") if row["label"]]
        assert found["share_answered"] == len(answered) / 80
        if kind == "threshold":
            right = sum(row["right"] == "1" for row in answered)
            assert found["accuracy_answered"] == right / len(answered) >= 0.85
            assert scores["accuracy"] == right / 80
        else:
            assert found["coverage"] >= 0.8
            assert 1 <= found["mean_set_size"] <= 2


def test_mistakes(in_process, bars, tmp_path) -> None:
    start = ["train", bars / "train", "-o", tmp_path / "m", *FAST]
    for words, message in [
        (["--unknown", "0.001"], "needs at least 2995 images that can be held out"),
        (["--unknown", "0.001", "--unknown-sets"], "needs at least 999 images"),
        (["--unknown-sets"], "--unknown-sets needs --unknown RATE"),
        (["--unknown", "1"], "Invalid value for '--unknown'"),
        (["--unknown", "0.1", "--head", "mlp-regressor"], "unknown needs a classifier"),
    ]:
        assert message in one_line(in_process(*start, *words), 2)
        assert not (tmp_path / "m").exists()


def test_a_rate_that_cannot_be_shown_costs_no_model(in_process, bars, tmp_path) -> None:
    """The model is saved without the guarantee, and what is possible is said last."""
    done = in_process(
        "train", bars / "train", "-o", tmp_path / "m", *FAST, "--unknown", "0.02", "--no-report"
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "the model always answers, without --unknown" in last
    assert "An error rate of 0.02 cannot be guaranteed with 160 held-out" in last
    assert load_model(tmp_path / "m")[-1].unknown_ is None
