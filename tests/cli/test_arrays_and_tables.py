"""``--npz``, ``--table``, ``--augment``, ``--curve`` and ``augment`` through the command line."""

import csv
import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

from click.testing import CliRunner

from cvclassic.classify import MLPRegressor, make_head, make_recipe, make_table_recipe
from cvclassic.errors import DataError
from cvclassic.images import load_arrays, load_table, read_array, read_image, write_image
from cvclassic.models import load_model, save_model
from cvclassic_cli.main import main


def run(*args: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(a) for a in args])
    assert done.exit_code == code, done.output
    return done.output


def classify(model: Path, *paths: Path, code: int = 0) -> list[dict]:
    output = model.parent / "records.csv"
    run("classify", model, *paths, "-o", output, "-q", code=code)
    return list(csv.DictReader(output.read_text().splitlines()))


def digits(n=40, side=28):
    """Bars that stand, bars that lie: two classes with noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (n, side, side)).astype(np.uint8)
    for i in range(n):
        k = rng.integers(8, 18)
        if i % 2:
            images[i, 4:24, k : k + 4] = 220
        else:
            images[i, k : k + 4, 4:24] = 220
    return images, np.arange(n) % 2


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    images, labels = digits()
    path = tmp_path / "bars.npz"
    np.savez(path, x_train=images[:30], y_train=labels[:30], x_test=images[30:], y_test=labels[30:])
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "shapes.csv"
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["length", "width", "kind", "split"])
        for i in range(80):
            kind = i % 2
            rows.writerow(
                [
                    rng.normal(10 + 4 * kind),
                    rng.normal(5),
                    "gh"[kind],
                    "train" if i < 60 else "test",
                ]
            )
    return path


@pytest.mark.slow
def test_npz_train_evaluate_classify(npz, tmp_path) -> None:
    model, scores = tmp_path / "m.cvmodel", tmp_path / "s.json"
    curve = tmp_path / "curve.png"
    args = ["--recipe", "pixels", "--param", "max_iter=15", "--curve", curve, "-j", 1]
    run("train", "--npz", npz, "-o", model, *args)
    assert read_image(curve).shape[2] == 3
    run("evaluate", model, "--npz", npz, "--json", scores, "-j", 1)
    found = json.loads(scores.read_text())
    assert found["n_images"] == 10
    assert found["accuracy"] >= 0.9
    assert 0.9 <= found["roc_auc"] <= 1
    assert {"log_loss", "hinge_loss", "mean_squared_error"} <= set(found)
    records = classify(model, npz)
    assert records[7]["path"] == f"{npz}[7]"
    assert [r["label"] for r in records].count("1") == 5
    assert "head" in run("info", model)


@pytest.mark.slow
def test_a_broken_array_file_is_one_record(npz, tmp_path) -> None:
    model = tmp_path / "m.cvmodel"
    run("train", "--npz", npz, "-o", model, "--recipe", "pixels", "--head", "ridge", "-j", 1)
    bad = tmp_path / "bad.npy"
    bad.write_bytes(b"\x93NUMPY")
    picture = tmp_path / "a.png"
    write_image(picture, digits(1)[0][0])
    records = classify(model, bad, picture, code=1)
    assert [(r["status"], r["code"]) for r in records] == [("error", "corrupt"), ("ok", "")]


def test_pickles_are_not_loaded(tmp_path) -> None:
    path = tmp_path / "objects.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object), y=np.array([1]))
    with pytest.raises(DataError, match="Python objects"):
        load_arrays(path)
    run("train", "--npz", path, "-o", tmp_path / "m", code=2)


def test_an_array_file_is_no_folder(tmp_path) -> None:
    images, labels = tmp_path / "images.npy", tmp_path / "labels.npy"
    np.save(images, np.zeros((4, 8, 8), np.uint8))
    np.save(labels, np.array([0, 1, 0, 1]))
    output = run("train", images, "--labels", labels, "-o", tmp_path / "m", code=2)
    assert "needs --npz" in output


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_files(tmp_path, suffix) -> None:
    images, labels = digits(6)
    for name, array in (("images-idx3", images), ("labels-idx1", labels.astype(np.uint8))):
        data = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
        path = tmp_path / f"train-{name}-ubyte{suffix}"
        path.write_bytes(gzip.compress(data) if suffix else data)
    arrays = load_arrays(
        tmp_path / f"train-images-idx3-ubyte{suffix}",
        labels=tmp_path / f"train-labels-idx1-ubyte{suffix}",
    )
    assert np.array_equal(arrays.images, images)
    assert arrays.labels == labels.tolist()
    cut = tmp_path / "cut-ubyte"
    cut.write_bytes(struct.pack(">HBBI", 0, 8, 1, 100) + b"abc")
    with pytest.raises(DataError, match="the file is truncated: 3 of 100 bytes"):
        read_array(cut)
    huge = tmp_path / "huge-ubyte"
    huge.write_bytes(struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1))
    with pytest.raises(DataError, match="too large"):
        read_array(huge)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.zeros(3)}, "expected images named x or X or images or data. Found a"),
        ({"x": np.zeros((2, 8, 8), np.uint8)}, "expected labels named"),
        ({"x": np.zeros((2, 8, 8)), "y": [0, 1]}, "must be uint8"),
        ({"x": np.zeros((2, 8), np.uint8), "y": [0, 1]}, "must be uint8 of shape"),
        ({"x": np.zeros((2, 8, 8), np.uint8), "y": [0]}, "2 images and 1 labels"),
        ({"x_train": np.zeros((2, 8, 8), np.uint8)}, "expected labels named y_train"),
    ],
)
def test_array_messages(tmp_path, arrays, message) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message.replace(".", r"\.")):
        load_arrays(tmp_path / "a.npz")


@pytest.mark.slow
def test_table_train_evaluate_classify(table, tmp_path) -> None:
    model, scores = tmp_path / "m.cvmodel", tmp_path / "s.json"
    run("train", "--table", table, "--label", "kind", "--split", "train", "-o", model)
    rest = ["--table", table, "--label", "kind", "--split", "test", "--json", scores]
    run("evaluate", model, *rest)
    found = json.loads(scores.read_text())
    assert found["n_images"] == 20
    assert found["roc_auc"] > 0.9
    records = classify(model, table)
    assert records[0]["path"] == f"{table}:2"
    assert len(records) == 80
    missing = tmp_path / "other.csv"
    missing.write_text("length,kind\n1,g\n")
    records = classify(model, missing, code=1)
    assert len(records) == 1
    assert "no column 'width'" in records[0]["message"]
    run("evaluate", model, "--npz", "x.npz", code=2)


@pytest.mark.slow
def test_l2_path(table, tmp_path) -> None:
    model = tmp_path / "m.cvmodel"
    args = ["--head", "mlp", "--param", "max_iter=10", "--no-report", "-o", model]
    done = run("train", "--table", table, "--label", "kind", "--param", "alpha=[0.1,100]", *args)
    rows = [line for line in done.splitlines() if "alpha" in line]
    assert [row.split()[2] for row in rows] == ["100", "0.1"]
    assert sum("chosen" in row for row in rows) == 1
    assert len(classify(model, table)) == 80


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,kind\n1,g\nx,h\n", "line 3: the column 'a' must hold a finite number. Got 'x'"),
        ("a,kind\n1,g\nnan,h\n", "must hold a finite number"),
        ("a,kind\n1\n", r"line 2: expected 2 columns \(a, kind\). Got 1"),
        ("a,other\n1,g\n", "found no column 'kind'"),
        ("a,kind\n1,\n", "the column 'kind' is empty"),
        ("kind\ng\n", "expected columns of numbers"),
        ("a,kind\n", "has no rows"),
    ],
)
def test_table_messages(tmp_path, text, message) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        load_table(tmp_path / "t.csv", "kind")


@pytest.mark.slow
def test_numbers_for_labels(table, tmp_path) -> None:
    """The width of the bar, from its image, by a manifest."""
    rows = ["path,label"]
    for i in range(40):
        image = np.zeros((28, 28), np.uint8)
        image[:, : 3 + i % 20] = 255
        write_image(tmp_path / f"{i}.png", image)
        rows.append(f"{i}.png,{3 + i % 20}")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(rows))
    model, scores = tmp_path / "m.cvmodel", tmp_path / "s.json"
    args = ["--recipe", "pixels", "--head", "mlp-regressor", "-j", 1]
    run("train", "--manifest", manifest, "-o", model, *args, "--param", "alpha=0.01")
    run("evaluate", model, "--manifest", manifest, "--json", scores)
    found = json.loads(scores.read_text())
    assert found["r2"] > 0.8
    assert found["mean_absolute_error"] ** 2 <= found["mean_squared_error"]
    records = classify(model, tmp_path / "5.png")
    assert abs(float(records[0]["label"]) - 8) < 4
    manifest.write_text("path,label\n0.png,tall\n1.png,2\n")
    assert "finite numbers" in run("train", "--manifest", manifest, "-o", model, *args, code=2)


def test_train_on_changed_copies(npz, tmp_path) -> None:
    model = tmp_path / "m.cvmodel"
    args = ["--augment", "shift=1,noise=5", "--augment-times", 2]
    run("train", "--npz", npz, "-o", model, "--recipe", "pixels", "--head", "ridge", *args)
    shown = run("info", model, "--json")
    summary = json.loads(shown)["summary"]
    assert (summary["augment"], summary["augment_times"]) == ("shift=1,noise=5", 2)
    assert summary["n_images"] == 30
    run("train", "--npz", npz, "-o", model, *args, code=2)
    wrong = ["--recipe", "pixels", "--augment", "blur"]
    assert "augment knows" in run("train", "--npz", npz, "-o", model, *wrong, code=2)


def test_contact_sheets(npz, tmp_path) -> None:
    image, sheet = tmp_path / "a.png", tmp_path / "sheet.png"
    write_image(image, digits(1)[0][0])
    run("augment", image, "-o", sheet, "--times", 3, "--side", 28)
    bar, strip = 29, 28 + 2 * 4  # a title in letters of 17 pixels, and a row of images
    drawn = read_image(sheet)
    assert drawn.shape == (9 * (bar + strip), 4 * 32 + 4, 3)  # one row per kind of change
    for row in drawn.reshape(9, bar + strip, 132, 3):
        assert row[:bar].min() < 100  # the title is written
        assert np.array_equal(row[bar + 4 : -4, 4:32, 0], digits(1)[0][0])  # then the original
    run("augment", npz, "-o", sheet, "--augment", "mirror", "--times", 1, "--most", 2)
    assert read_image(sheet).shape == (2 * (bar + 160 + 2 * 4), 2 * 164 + 4, 3)
    run("augment", tmp_path / "none.png", "-o", sheet, code=2)


@pytest.mark.slow
@pytest.mark.parametrize("head", ["svm", "ridge", "ridge-rbf", "mlp"])
@pytest.mark.parametrize("recipe", ["pixels", "patches", "small", "kernels"])
def test_models_survive_the_disk(recipe, head, tmp_path) -> None:
    images, labels = digits(24)
    small = {"n_words": 20, "n_patches": 2000} if recipe in ("patches", "small") else {}
    model = make_recipe(recipe, head, random_state=0, **small).fit(images, labels)
    save_model(tmp_path / "m", model)
    again = load_model(tmp_path / "m")
    assert np.array_equal(again.predict_proba(images), model.predict_proba(images))


@pytest.mark.slow
def test_regression_and_tables_survive_the_disk(rng, tmp_path) -> None:
    images, _ = digits(24)
    model = make_recipe("pixels", "mlp-regressor", random_state=0).fit(images, np.arange(24))
    save_model(tmp_path / "m", model)
    assert np.array_equal(load_model(tmp_path / "m").predict(images), model.predict(images))
    assert isinstance(make_head("mlp-regressor"), MLPRegressor)
    rows, kinds = rng.normal(size=(30, 2)), np.arange(30) % 2
    model = make_table_recipe(["a", "b"], random_state=0).fit(rows, kinds)
    save_model(tmp_path / "t", model)
    again = load_model(tmp_path / "t")
    assert np.array_equal(again.predict_proba(rows), model.predict_proba(rows))
