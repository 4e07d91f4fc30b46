"""Exactly one record for each input, in order, in bounded memory."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from cvclassic.batch import UNCLASSIFIABLE, classify_files, predict_proba, read_all
from cvclassic.classify import first_side, make_recipe
from cvclassic.images import Fault, FoundFile, write_image
from tests.checks import picture_labels, pictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Good, odd and bad files."""
    folder = tmp_path_factory.mktemp("mixed")
    for i, image in enumerate(pictures(4)):
        write_image(folder / f"good{i}.png", image)
    write_image(folder / "blank.png", np.zeros((64, 64), np.uint8))
    write_image(folder / "dot.png", np.zeros((1, 1), np.uint8))
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_bytes(b"no image at all, but text")
    (folder / "cut.png").write_bytes((folder / "good0.png").read_bytes()[:900])
    (folder / "misnamed.jpg").write_bytes((folder / "good1.png").read_bytes())
    os.mkfifo(folder / "pipe.png")
    return folder


NAMES = ["good0.png", "empty.jpg", "blank.png", "missing.png", "good1.png", "text.jpg", "dot.png"]
NAMES += ["cut.png", "pipe.png", "misnamed.jpg", "good2.png", "good3.png", "good0.png"]


def test_one_record_each_in_order(toy_model, folder) -> None:
    inputs = [folder / name for name in NAMES]
    records = list(classify_files(toy_model, inputs))
    assert [record.path for record in records] == [str(path) for path in inputs]
    got = {Path(r.path).name: (r.status, r.code) for r in records}
    assert got["empty.jpg"] == ("error", "empty")
    assert got["missing.png"] == ("error", "not_found")
    assert got["text.jpg"] == ("error", "unsupported_format")
    assert got["pipe.png"] == ("error", "not_regular")
    assert got["cut.png"][0] == "error"
    assert got["misnamed.jpg"] == ("warn", "ext_mismatch")
    assert got["blank.png"] == ("ok", "no_features")
    assert got["dot.png"] == ("ok", "no_features")
    assert got["good0.png"] == ("ok", "")
    assert records[0] == records[-1]


def test_records_are_complete(toy_model, folder) -> None:
    for record in classify_files(toy_model, [folder / name for name in NAMES], top=2):
        assert isinstance(record.path, str)
        assert record.failed == (record.status == "error")
        if record.failed:
            assert record.label is None
            assert record.scores == ()
            assert record.message
        elif "no_features" in record.code:
            assert record.label == UNCLASSIFIABLE
            assert record.scores == ()
            assert "no usable features" in record.message
        else:
            assert record.label == record.scores[0][0]
            assert len(record.scores) == 2
            assert record.scores[0][1] >= record.scores[1][1]


def test_answers_are_the_pipelines_own(toy_model, tmp_path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(12)]
    for path, image in zip(paths, pictures(), strict=True):
        write_image(path, image)
    records = list(classify_files(toy_model, paths, top=3))
    shares = toy_model.predict_proba(pictures())
    assert [record.label for record in records] == toy_model.predict(pictures()).tolist()
    for record, row in zip(records, shares, strict=True):
        assert sum(share for _, share in record.scores) == pytest.approx(1, abs=1e-6)
        for label, share in record.scores:
            assert share == pytest.approx(row[list(toy_model.classes_).index(label)], abs=1e-5)


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_jobs_change_nothing(toy_model, folder, n_jobs) -> None:
    inputs = [folder / name for name in NAMES] * 4
    one = list(classify_files(toy_model, inputs, top=3, n_jobs=1))
    assert list(classify_files(toy_model, inputs, top=3, n_jobs=n_jobs)) == one


def test_a_neighbor_changes_nothing(toy_model, folder) -> None:
    """A file alone has the record that it has among others."""
    together = list(classify_files(toy_model, [folder / name for name in NAMES], top=3))
    for name, record in zip(NAMES, together, strict=True):
        (alone,) = classify_files(toy_model, [folder / name], top=3)
        assert (alone.path, alone.status, alone.code) == (record.path, record.status, record.code)
        for (a, p), (b, q) in zip(alone.scores, record.scores, strict=True):
            assert a == b
            assert p == pytest.approx(q, abs=1e-5)


def test_reads_no_further_ahead_than_needed(toy_model, folder) -> None:
    """Inputs without end; how many were asked for is bounded."""
    for n_jobs in (1, 2):
        asked = []

        def endless(asked=asked):
            for i in itertools.count():
                asked.append(i)
                yield folder / f"good{i % 4}.png"

        records = classify_files(toy_model, endless(), n_jobs=n_jobs)
        assert len(list(itertools.islice(records, 30))) == 30
        records.close()
        assert len(asked) < 240  # workers go on while the records are taken


def test_results_come_while_inputs_do(toy_model, folder) -> None:
    """The first record is there before the last input is."""
    asked = []

    def slow():
        for i in range(200):
            asked.append(i)
            yield folder / "empty.jpg"

    records = classify_files(toy_model, slow(), n_jobs=1)
    next(records)
    assert len(asked) < 100
    assert len(list(records)) == 199


def test_nothing_in_nothing_out(toy_model) -> None:
    assert list(classify_files(toy_model, [])) == []


def test_findings_of_the_walk(toy_model, folder) -> None:
    """Found files and faults, both become records."""
    found = [FoundFile(str(folder / "good0.png")), Fault("/secret", "permission", "cannot list")]
    records = list(classify_files(toy_model, found))
    assert [r.status for r in records] == ["ok", "error"]
    assert records[1].code == "permission"
    assert records[1].path == "/secret"
    assert records[1].message == "cannot list"


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.png", b"a\nb.png", b"a\tb.png", b"-o.png", b"\"';$(x).png"]
)
def test_names_are_kept(toy_model, folder, tmp_path, name) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb") as file:
        file.write((folder / "good0.png").read_bytes())
    for given in (path, os.fsdecode(path)):
        (record,) = classify_files(toy_model, [given])
        assert record.status == "ok"
        assert os.fsencode(record.path) == path


def test_paths_that_cannot_be(toy_model) -> None:
    inputs = ["a\0b.png", "x\ud800.png", "", "n" * 300 + ".png", "/" + "d/" * 3000 + "x.png"]
    records = list(classify_files(toy_model, inputs))
    assert [r.path for r in records] == inputs
    assert all(r.status == "error" for r in records)
    assert [r.code for r in records[:2]] == ["path_invalid", "path_encoding"]


def test_labels_of_any_kind(folder) -> None:
    """Numbers stay numbers in the records."""
    model = make_recipe("sift-bow", n_words=8, C=1.0, random_state=0)
    model.fit(pictures(6), [4, 9, 4, 9, 4, 9])
    (record,) = classify_files(model, [folder / "good0.png"])
    assert type(record.label) is int
    assert record.label in (4, 9)


def test_predict_proba_marks_what_shows_nothing(toy_model) -> None:
    images = [pictures(1)[0], np.zeros((50, 50), np.uint8)]
    shares, described = predict_proba(toy_model, images)
    assert described.tolist() == [True, False]
    assert shares[0].sum() == pytest.approx(1)
    assert not shares[1].any()


def test_the_first_side() -> None:
    assert first_side(make_recipe("sift-bow", max_side=200)) == 200
    assert first_side(make_recipe("sift-bow", max_side=None)) is None


def test_read_all(folder) -> None:
    """One image for each path; failures by their place; pixels as read directly."""
    paths = [folder / name for name in NAMES]
    for n_jobs in (1, 2):
        read, errors = read_all(iter(paths), 40, n_jobs=n_jobs)
        assert [picture.source for picture in read] == paths
        assert {NAMES[i]: error.code for i, error in errors.items()} == {
            "empty.jpg": "empty",
            "missing.png": "not_found",
            "text.jpg": "unsupported_format",
            "cut.png": errors[NAMES.index("cut.png")].code,
            "pipe.png": "not_regular",
        }
        assert list(errors) == sorted(errors)
    assert read[0].read(40).shape == (40, 40, 3)


def test_pictures_that_were_read_need_their_files_no_more(tmp_path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    for path, image in zip(paths, pictures(6), strict=True):
        write_image(path, image)
    read, errors = read_all(paths, 640)
    for path in paths:
        path.unlink()
    assert not errors
    model = make_recipe("sift-bow", n_words=8, C=1.0, random_state=0)
    expected = model.fit(pictures(6), picture_labels(6)).predict_proba(pictures(6))
    assert np.array_equal(model.fit(read, picture_labels(6)).predict_proba(read), expected)
