"""Tables of answers: nothing is lost on the way out and in; mistakes are named by line."""

import numpy as np
import pytest

from cvclassic.batch import Record, label_columns, open_writer
from cvclassic.errors import DataError
from cvclassic.evaluate import (
    Predictions,
    align_predictions,
    read_predictions,
    score_predictions,
    write_predictions,
)


def example(rng, n: int = 40, k: int = 8) -> Predictions:
    shares = rng.dirichlet(np.ones(k), n)
    shares[3] = 0
    names = [f"c{i}" for i in range(k)]
    labels: list = [names[i] for i in shares.argmax(axis=1)]
    labels[3] = None
    truth = [names[i % k] for i in range(n)]
    paths = [f"p{i}.png" for i in range(n)]
    return Predictions(paths, truth, labels, names, shares, rng.random(n))


def scores(seen: Predictions) -> dict:
    found = score_predictions(seen.truth, seen.labels, seen.probabilities, seen.classes)
    return {
        name: found[name]
        for name in (
            "accuracy",
            "mean_class_accuracy",
            "macro_f1",
            "log_loss",
            "top_5_accuracy",
            "expected_calibration_error",
        )
    }


def test_scores_survive_a_table_of_the_first_five(rng, tmp_path) -> None:
    seen = example(rng)
    failed = [("gone.png", "not_found", "there is no such file")]
    write_predictions(tmp_path / "a.csv", seen, failed)
    again, failures = read_predictions(tmp_path / "a.csv")
    assert failures == failed
    assert list(again.paths) == seen.paths
    assert again.labels == seen.labels
    assert again.seconds == pytest.approx(seen.seconds, abs=1e-6)
    assert scores(again) == pytest.approx(scores(seen), rel=1e-6)


HOSTILE = [
    "a,b.png",
    'quote".png',
    "line\nbreak.png",
    "return\rhere.png",
    "<b>&amp;.png",
    "\udcff\udcfe.png",
    "=1+1.png",
    " space .png",
    "ünï.png",
]


def test_odd_names_come_back(tmp_path) -> None:
    labels = [
        path.removesuffix(".png").encode("utf-8", "ignore").decode() + "x" for path in HOSTILE
    ]
    seen = Predictions(HOSTILE, labels, labels, sorted(set(labels)))
    write_predictions(tmp_path / "a.csv", seen)
    again, _ = read_predictions(tmp_path / "a.csv")
    assert (again.paths, again.truth, again.labels) == (HOSTILE, labels, labels)


def test_predictions_from_elsewhere(tmp_path) -> None:
    """Truth and types from the labeled images; paths relative to the folder."""
    truth = {str(tmp_path / "data" / f"{i}.png"): i % 3 for i in range(6)}
    rows = [f"{i}.png,{i % 2},{0.5 + i / 20},0.01" for i in (3, 1, 2, 0, 5, 4)]
    table = tmp_path / "cnn.csv"
    table.write_text("path,label,probability,seconds\n" + "\n".join(rows) + "\n")
    seen, failures = read_predictions(table, truth, tmp_path / "data")
    assert failures == []
    assert seen.classes == [0, 1, 2]
    seen = align_predictions(seen, list(truth))
    assert seen.truth == [0, 1, 2, 0, 1, 2]
    assert seen.labels == [0, 1, 0, 1, 0, 1]
    assert seen.seconds.tolist() == [0.01] * 6
    found = scores(seen)
    assert found["accuracy"] == pytest.approx(2 / 6)
    assert found["log_loss"] is None
    assert found["expected_calibration_error"] > 0
    # the same relative to the table itself
    beside = tmp_path / "data"
    beside.mkdir()
    (beside / "cnn.csv").write_text(table.read_text())
    assert read_predictions(beside / "cnn.csv", truth)[0].truth == [0, 1, 2, 0, 2, 1]


def test_table_of_classify(tmp_path) -> None:
    """An answer that was withheld is none; its probabilities count."""
    (tmp_path / "a.csv").write_text(
        "path,status,code,message,label,probability\n"
        "x,ok,,,cat,0.9\ny,ok,no_features,nothing,unclassifiable,\nz,error,empty,no bytes,,\n"
    )
    seen, failures = read_predictions(tmp_path / "a.csv", {"x": "cat", "y": "dog", "z": "dog"})
    assert seen.labels == ["cat", None]
    assert seen.classes == ["cat", "dog"]
    assert failures == [("z", "empty", "no bytes")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\nx,cat\nx,cat\n", "line 3: the image x is also in line 2"),
        ("path,label\nx,cat\nq,cat\n", "line 3: the image q is not among the 2 labeled ones"),
        ("path,label,truth\nx,cat,dog\n", "line 2: the true class is 'dog' here and 'cat' among"),
        ("path,label,probability\nx,cat,1.5\n", "line 2: the column 'probability' must hold"),
        (
            "path,label,seconds\nx,cat,fast\n",
            "line 2: the column 'seconds' must hold a number >= 0",
        ),
        ("path,label\nx,cat,dog\n", "line 2: expected 2 columns (path, label). Got 3"),
        ("path,path,label\nx,x,cat\n", "more than one column 'path'"),
        ("name,label\nx,cat\n", "expected the columns path, label. Found no column 'path'"),
        ("path,label\n", "the table has no rows"),
        ("", "the table has no rows"),
        ('path,label\n"x,cat\n', "not a CSV table"),
        ("path,label,status\nx,,error\n", "no answered image"),
    ],
)
def test_mistakes_are_named(text, message, tmp_path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_predictions(tmp_path / "a.csv", {"x": "cat", "y": "dog"})
    assert message in str(caught.value)
    assert "a.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_table_of_classify_with_unknown(tmp_path) -> None:
    """What was withheld still has probabilities: they count in calibration and log loss."""
    labels = ["a", "b", "unknown", "unknown"]
    records = [
        Record("0", "ok", label="a", scores=(("a", 0.75), ("b", 0.25))),
        Record("1", "ok", label="b", scores=(("b", 0.5), ("a", 0.5))),
        Record("2", "ok", "low_confidence", label="unknown", scores=(("b", 0.5625), ("a", 0.4375))),
        Record("3", "ok", "no_features", label="unknown"),
    ]
    for extra in (None, "threshold"):
        with open_writer(tmp_path / "a.csv", "csv", label_columns(2, extra)) as writer:
            for record in records:
                writer.write(record)
        seen, _ = read_predictions(tmp_path / "a.csv", dict(zip("0123", "abba", strict=True)))
        assert list(seen.labels) == [label if label != "unknown" else None for label in labels]
        told = [0.4375, 0.5625] if extra else [0, 0]
        assert seen.probabilities.tolist() == [[0.75, 0.25], [0.5, 0.5], told, [0, 0]]


def test_missing_pictures_and_files(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("path,label\nx,cat\n")
    seen, _ = read_predictions(tmp_path / "a.csv", {"x": "cat", "y": "dog"})
    with pytest.raises(DataError, match=r"a.csv: 1 of the 2 images is missing. The first is y"):
        align_predictions(seen, ["x", "y"], "a.csv")
    with pytest.raises(DataError, match="there is no such table"):
        read_predictions(tmp_path / "b.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_predictions(tmp_path)
    with pytest.raises(DataError, match="or give the labeled images"):
        read_predictions(tmp_path / "a.csv")
