"""Several labels per image through the main job."""

import csv
import json

import numpy as np
import pytest

from cvclassic import load_model, train
from cvclassic.errors import ParameterError
from cvclassic.images import write_image
from tests.cli.conftest import one_line

QUICK = ("--recipe", "pixels", "--param", "image_size=12", "-q", "--jobs", 1)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    """36 images: bright above (sky) or below (sand), stripes (fence); one word is there once."""
    folder = tmp_path_factory.mktemp("tagged")
    rng = np.random.default_rng(0)
    rows = []
    for i in range(36):
        image = rng.integers(60, 90, (24, 24, 3)).astype(np.uint8)
        words = [
            w for w, there in (("sky", i % 2), ("sand", i % 3 == 0), ("fence", i % 5 < 2)) if there
        ]
        image[:12] += np.uint8(100 * ("sky" in words))
        image[12:] += np.uint8(100 * ("sand" in words))
        image[:, ::4] = 250 if "fence" in words else image[:, ::4]
        words = words or ["nothing"]
        if i == 5:
            words.append("polar bear")
        write_image(folder / f"{i}.png", image)
        rows.append(f"{i}.png,{';'.join(words)},{'train' if i < 24 else 'test'}\n")
    (folder / "manifest.csv").write_text("path,keywords,split\n" + "".join(rows))
    return folder


@pytest.fixture(scope="module")
def trained(tagged, in_process):
    """A model file, and what was said."""
    manifest, model = tagged / "manifest.csv", tagged / "tags.cvmodel"
    done = in_process("train", "--manifest", manifest, "--split", "train", "--labels", "keywords",
                      "-o", model, *QUICK)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return model, done


def test_train_says_what_it_learned(trained, in_process) -> None:
    model, done = trained
    assert "24 with 5 keywords (1 to 12 images each)" in done.stdout
    assert "cross-validation F1" in done.stdout
    assert "1 of 5 keywords with a single image" in done.stderr
    page = model.with_suffix(".html").read_text()
    assert "Scores of keywords" in page
    assert "polar bear" in page
    about = in_process("info", model, "--verify").stdout
    assert "several labels per image (multi-label)" in about
    assert "fence" in about


def test_classify_gives_several_labels(trained, tagged, in_process) -> None:
    model, _ = trained
    files = [tagged / f"{i}.png" for i in range(24, 36)]
    done = in_process("classify", model, *files, "--top", 2, "-q")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert list(rows[0])[4:] == ["label", "probability", "label_2", "probability_2", "labels"]
    found = [json.loads(row["labels"]) for row in rows]
    assert any(len(words) > 1 for words in found)
    assert all(row["label"] == words[0] for row, words in zip(rows, found, strict=True) if words)
    lines = in_process("classify", model, *files, "--format", "jsonl", "-q").stdout.splitlines()
    assert [json.loads(line)["labels"] for line in lines] == found
    every = in_process("classify", model, files[0], "--threshold", 0, "--format", "jsonl", "-q")
    assert len(json.loads(every.stdout)["labels"]) == 5
    none = in_process("classify", model, files[0], "--threshold", 1, "--format", "jsonl", "-q")
    assert json.loads(none.stdout)["labels"] == []


@pytest.mark.slow
def test_parquet_holds_lists(trained, tagged, in_process, tmp_path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "o.parquet"
    assert in_process("classify", trained[0], tagged / "24.png", "-o", out, "-q").returncode == 0
    (row,) = parquet.read_table(out).to_pylist()
    assert isinstance(row["labels"], list)


def test_evaluate(trained, tagged, in_process, tmp_path) -> None:
    model, _ = trained
    scores, page, table = (tmp_path / name for name in ("s.json", "p.html", "t.csv"))
    done = in_process("evaluate", model, "--manifest", tagged / "manifest.csv", "--split", "test",
                      "--json", scores, "--report", page, "--per-image", table, "-q")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(scores.read_text())
    assert found["n_plus"] >= 3
    assert found["mean_f1"] > 0.6
    assert found["map"] > 0.8
    assert {"mean_precision", "mean_recall", "micro_f1", "n_plus"} <= set(found["intervals"])
    text = page.read_text()
    for part in ("Worst images", "Most confident mistakes", "Scores of keywords", "Calibration"):
        assert part in text
    assert len(list(csv.DictReader(table.read_text().splitlines()))) == 12


def test_auto_tries_recipes(tagged, in_process, tmp_path) -> None:
    done = in_process("train", tagged, "--labels", "keywords", "-o", tmp_path / "a.cvmodel",
                      "--budget", 0.01, "-q", "--no-report")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "F1 in cross-validation" in done.stderr
    assert load_model(tmp_path / "a.cvmodel").is_multilabel


def test_dry_run_counts_words(tagged, in_process) -> None:
    done = in_process("train", "--manifest", tagged / "manifest.csv", "--dry-run")
    assert "36 images, 5 classes" in done.stdout


def test_the_library_trains_the_same(trained, tagged) -> None:
    model = train(tagged / "manifest.csv", "pixels", split="train", labels="keywords",
                  params={"image_size": 12}, n_jobs=1)  # fmt: skip
    other = load_model(trained[0])
    images = [str(tagged / f"{i}.png") for i in range(24, 30)]
    np.testing.assert_array_equal(model.predict_proba(images), other.predict_proba(images))
    assert repr(model) == "<Model pixels: images to 5 keywords>"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--head", "svm"), "gives one label per image, and these data have several"),
        (("--unknown", "0.2"), "Keywords have a threshold each already"),
        (("--labels", "genre"), "the column 'genre'"),
    ],
)
def test_what_keywords_do_not_go_with(tagged, in_process, tmp_path, words, said) -> None:
    labels = () if "--labels" in words else ("--labels", "keywords")
    done = in_process("train", "--manifest", tagged / "manifest.csv", *labels, *words,
                      "-o", tmp_path / "m.cvmodel", *QUICK)  # fmt: skip
    assert said in one_line(done, 2)


def test_models_and_data_must_agree(
    trained, tagged, toy_folder, toy_model_file, in_process
) -> None:
    done = in_process("evaluate", trained[0], toy_folder, "-q")
    assert "This model gives keywords, and the data have one label per image" in one_line(done, 2)
    done = in_process("evaluate", toy_model_file, "--manifest", tagged / "manifest.csv", "-q")
    assert "several labels per image, and this model gives one" in one_line(done, 2)
    done = in_process("classify", toy_model_file, tagged / "1.png", "--threshold", 0.5, "-q")
    assert "--threshold needs a model of keywords" in one_line(done, 2)


@pytest.mark.parametrize("command", ["learning-curve", "versus-cnn", "compare", "explain"])
def test_commands_that_need_one_label_say_so(
    trained, tagged, toy_model_file, in_process, tmp_path, command
) -> None:
    data = ("--manifest", tagged / "manifest.csv")
    rest = {
        "learning-curve": (trained[0], *data),
        "versus-cnn": data,
        "compare": (trained[0], toy_model_file, *data),
        "explain": (trained[0], tagged / "1.png", "-o", tmp_path / "e.png"),
    }[command]
    assert "one label per image" in one_line(in_process(command, *rest), 2)


def test_audit_of_keywords(tagged, in_process) -> None:
    done = in_process("audit", "--manifest", tagged / "manifest.csv", "-q")
    assert "1 of 5 keywords with a single image" in done.stderr
    assert "class" not in done.stderr


def test_one_label_data_refuse_the_head(toy_folder, in_process, tmp_path) -> None:
    done = in_process(
        "train", toy_folder, "--head", "keywords", "-o", tmp_path / "m.cvmodel", *QUICK
    )
    assert "needs several labels per image" in one_line(done, 2)
    with pytest.raises(ParameterError, match="needs several labels"):
        train(toy_folder, "pixels", head="keywords")
