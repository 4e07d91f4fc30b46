"""Records survive the way into a file and back."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from cvclassic.batch import FORMATS, UNCLASSIFIABLE, Record, format_of, open_writer
from cvclassic.errors import ParameterError

NAMES = [
    "plain.jpg",
    "with space.jpg",
    "new\nline.jpg",
    "carriage\rreturn.jpg",
    "tab\t.jpg",
    'quote".jpg',
    "it's,comma;.jpg",
    "=1+1.jpg",
    "ünïcödé.jpg",
    "nfd-u\u0308.jpg",
    "\udcff\udcfe.jpg",
    " lead and trail ",
    "\u2028line separator.jpg",
]
RECORDS = [
    *(Record(name, "ok", "", "", "cat", (("cat", 0.75), ("dog", 0.25))) for name in NAMES),
    Record("gone.jpg", "error", "not_found", "there is no such file"),
    Record("odd.jpg", "warn", "ext_mismatch", 'a "PNG",\nnamed .jpg', "dog", (("dog", 1.0),)),
    Record("blank.jpg", "ok", "no_features", "nothing to see", UNCLASSIFIABLE),
    Record("n.jpg", "ok", "", "", 7, ((7, 1 / 3), (-1, 1 / 3), (0, 1 / 3))),
]


def write(path, format, top=2) -> None:
    with open_writer(path, format, top) as writer:
        for record in RECORDS:
            writer.write(record)


def read_csv(path) -> list[dict]:
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_csv_comes_back(tmp_path) -> None:
    write(tmp_path / "a.csv", "csv")
    rows = read_csv(tmp_path / "a.csv")
    assert [row["path"] for row in rows] == [record.path for record in RECORDS]
    for row, record in zip(rows, RECORDS, strict=True):
        assert list(row) == (
            ["path", "status", "code", "message", "label", "probability"]
            + ["label_2", "probability_2"]
        )
        assert None not in row.values()
        assert (row["status"], row["code"], row["message"]) == (
            record.status,
            record.code,
            record.message,
        )
        assert row["label"] == ("" if record.label is None else str(record.label))
        scores = list(record.scores[:2]) + [("", None)] * (2 - len(record.scores[:2]))
        assert row["label_2"] == str(scores[1][0])
        for key, (_, share) in zip(("probability", "probability_2"), scores, strict=True):
            assert row[key] == "" if share is None else abs(float(row[key]) - share) < 1e-6


def test_names_that_are_not_utf8_are_written_as_they_are(tmp_path) -> None:
    write(tmp_path / "a.csv", "csv")
    assert b"\n\xff\xfe.jpg,ok" in (tmp_path / "a.csv").read_bytes()


def test_json_lines_come_back(tmp_path) -> None:
    write(tmp_path / "a.jsonl", "jsonl", top=3)
    data = (tmp_path / "a.jsonl").read_bytes()
    assert data.isascii()
    assert data.count(b"\n") == len(RECORDS)
    for line, record in zip(data.split(b"\n"), RECORDS, strict=False):
        row = json.loads(line)
        assert os.fsencode(row["path"]) == os.fsencode(record.path)
        assert row["path"] == record.path
        assert row["status"] == record.status
        assert row["code"] == record.code
        assert row["message"] == record.message
        assert row["label"] == record.label
        assert type(row["label"]) is type(record.label)
        assert [label for label, _ in row["scores"]] == [label for label, _ in record.scores]
        for (_, a), (_, b) in zip(row["scores"], record.scores, strict=True):
            assert a == pytest.approx(b, abs=1e-6)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_appears_whole_or_not_at_all(tmp_path, format) -> None:
    path = tmp_path / f"a.{format}"
    path.write_text("old")
    context = open_writer(path, format, 1)
    context.__enter__().write(RECORDS[0])
    assert path.read_text() == "old"
    error = ZeroDivisionError()
    assert not context.__exit__(type(error), error, None)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]
    write(path, format)
    assert "old" not in path.read_text(encoding="utf-8", errors="surrogateescape")
    assert os.listdir(tmp_path) == [path.name]
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("format", FORMATS)
def test_a_missing_folder_is_known_at_once(tmp_path, format) -> None:
    entered = []
    with pytest.raises(FileNotFoundError), open_writer(tmp_path / "no" / "a", format, 1) as writer:
        entered.append(writer)
    with pytest.raises(IsADirectoryError), open_writer(tmp_path, format, 1) as writer:
        entered.append(writer)
    assert entered == []


@pytest.mark.parametrize("format", FORMATS)
def test_stdout_takes_any_name_in_any_locale(format) -> None:
    script = f"""
from cvclassic.batch import Record, open_writer
with open_writer(None, {format!r}, 1) as writer:
    writer.write(Record("\\udcff\\u00e9.jpg", "error", "empty", "has no bytes"))
print("after")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(b"after\n")
    if format == "csv":
        assert b"\xff\xc3\xa9.jpg,error" in done.stdout
    else:
        line = io.BytesIO(done.stdout).readline()
        assert os.fsencode(json.loads(line)["path"]) == b"\xff\xc3\xa9.jpg"


@pytest.mark.parametrize(
    ("name", "format"), [("a.csv", "csv"), ("A.CSV", "csv"), ("dir.x/a.b.jsonl", "jsonl")]
)
def test_format_of(name, format) -> None:
    assert format_of(name) == format


@pytest.mark.parametrize("name", ["a.txt", "a", "csv", ".csv", "a.csv.gz", "a."])
def test_format_of_other_names(name) -> None:
    with pytest.raises(ParameterError) as caught:
        format_of(name)
    assert str(caught.value) == f"output must end in .csv or .jsonl. Got {name!r} instead."
