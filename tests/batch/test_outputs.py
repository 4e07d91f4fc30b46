"""Records survive the way into a file and back."""

import csv
import io
import json
import os
import random
import sqlite3
import subprocess
import sys

import pytest

from cvclassic.batch import (
    FORMATS,
    UNCLASSIFIABLE,
    Record,
    format_of,
    label_columns,
    open_writer,
)
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
    with open_writer(path, format, label_columns(top), raw_csv=True) as writer:
        for record in RECORDS:
            writer.write(record)


def needs(format) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra parquet)")


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
    needs(format)
    path.write_text("old")
    context = open_writer(path, format, label_columns(1))
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
    needs(format)
    entered = []
    with (
        pytest.raises(FileNotFoundError),
        open_writer(tmp_path / "no" / "a", format, label_columns(1)) as writer,
    ):
        entered.append(writer)
    with (
        pytest.raises(IsADirectoryError),
        open_writer(tmp_path, format, label_columns(1)) as writer,
    ):
        entered.append(writer)
    assert entered == []


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_stdout_takes_any_name_in_any_locale(format) -> None:
    script = f"""
from cvclassic.batch import Record, label_columns, open_writer
with open_writer("-", {format!r}, label_columns(1)) as writer:
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
    ("name", "format"),
    [
        ("a.csv", "csv"),
        ("A.CSV", "csv"),
        ("dir.x/a.b.jsonl", "jsonl"),
        ("a.parquet", "parquet"),
        ("a.sqlite", "sqlite"),
        ("a.db", "sqlite"),
    ],
)
def test_format_of(name, format) -> None:
    assert format_of(name) == format


@pytest.mark.parametrize("name", ["a.txt", "a", "csv", ".csv", "a.parquet.gz", "a."])
def test_format_of_other_names(name) -> None:
    with pytest.raises(ParameterError) as caught:
        format_of(name)
    expected = "output must end in .csv, .jsonl, .json, .parquet or .sqlite."
    assert str(caught.value) == f"{expected} Got {name!r} instead."


def read_sqlite(path) -> list[dict]:
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute("SELECT * FROM records ORDER BY n")]
    finally:
        database.close()


def test_a_database_comes_back(tmp_path) -> None:
    write(tmp_path / "a.sqlite", "sqlite", top=3)
    rows = read_sqlite(tmp_path / "a.sqlite")
    assert [row["n"] for row in rows] == list(range(1, len(RECORDS) + 1))
    assert [os.fsencode(row["path"]) for row in rows] == [os.fsencode(r.path) for r in RECORDS]
    assert [type(row["path"]) for row in rows].count(bytes) == 1
    for row, record in zip(rows, RECORDS, strict=True):
        assert [row[key] for key in ("status", "code", "message", "label")] == [
            record.status,
            record.code,
            record.message,
            record.label,
        ]
        assert type(row["label"]) is type(record.label)
        scores = [(label, round(share, 6)) for label, share in record.scores]
        scores += [(None, None)] * (3 - len(scores))
        assert (row["label_3"], row["probability_3"]) == scores[2]
        assert row["probability"] == scores[0][1]


def test_a_database_has_an_index_and_is_sound(tmp_path) -> None:
    write(tmp_path / "a.db", "sqlite")
    database = sqlite3.connect(tmp_path / "a.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plan = database.execute("EXPLAIN QUERY PLAN SELECT * FROM records WHERE path = 'x'")
    assert "records_path" in plan.fetchone()[3]
    database.close()


def test_a_database_in_use_is_not_replaced(tmp_path) -> None:
    write(tmp_path / "a.db", "sqlite")
    (tmp_path / "a.db-wal").write_bytes(b"pages")
    with pytest.raises(OSError, match="another program is using the database"):
        write(tmp_path / "a.db", "sqlite")
    with (
        pytest.raises(ParameterError, match="name a file"),
        open_writer("-", "sqlite", label_columns(1)),
    ):
        pass


def test_parquet_comes_back(tmp_path) -> None:
    needs("parquet")
    import pyarrow
    import pyarrow.parquet

    write(tmp_path / "a.parquet", "parquet")
    table = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    assert pyarrow.types.is_dictionary(table.schema.field("label").type)
    rows = table.to_pylist()
    paths = [row["path_bytes"] or row["path"].encode() for row in rows]
    assert paths == [os.fsencode(record.path) for record in RECORDS]
    assert [row["path"] for row in rows if row["path_bytes"]] == ["\\xff\\xfe.jpg"]
    for row, record in zip(rows, RECORDS, strict=True):
        assert (row["status"], row["code"], row["message"]) == (
            record.status,
            record.code,
            record.message,
        )
        assert row["label"] == (None if record.label is None else str(record.label))
        assert row["probability"] == (round(record.scores[0][1], 6) if record.scores else None)


@pytest.mark.slow
def test_parquet_has_row_groups_and_goes_to_a_pipe(tmp_path) -> None:
    needs("parquet")
    import pyarrow.parquet

    script = """
from cvclassic.batch import Record, label_columns, open_writer
with open_writer("-", "parquet", label_columns(1)) as writer:
    for i in range(50_007):
        writer.write(Record(f"{i}.jpg", "ok", "", "", f"class {i % 7}", ((f"class {i % 7}", 0.5),)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    file = pyarrow.parquet.ParquetFile(io.BytesIO(done.stdout))
    assert [file.metadata.row_group(i).num_rows for i in range(2)] == [50_000, 7]
    assert file.read().column("path").to_pylist() == [f"{i}.jpg" for i in range(50_007)]


def hostile_text(rng, n=12) -> str:
    """Any characters but NUL, which no path has, and halves of pairs that stand for no byte."""
    kinds = [
        lambda: chr(rng.randrange(1, 0x80)),
        lambda: chr(rng.randrange(0x80, 0xD800)),
        lambda: chr(rng.randrange(0xE000, 0x110000)),
        lambda: rng.choice("\r\n\t\",;'\\%=+-@\u2028\u202e\x1b\x7f\x85"),
    ]
    return "".join(rng.choice(kinds)() for _ in range(rng.randrange(n)))


@pytest.mark.parametrize("format", FORMATS)
def test_hostile_text_comes_back_and_bytes_are_the_same(tmp_path, format) -> None:
    needs(format)
    rng = random.Random(7)
    records = []
    for i in range(300):
        path = hostile_text(rng) + "\udcff" * (i % 5 == 0)
        label = hostile_text(rng) or "x"
        scores = ((label, rng.random()), (hostile_text(rng), 0.1))
        records.append(Record(path, "ok", hostile_text(rng), hostile_text(rng), label, scores))
    contents = []
    for name in ("a", "b"):
        with open_writer(
            tmp_path / f"{name}.{format}", format, label_columns(2, "threshold"), raw_csv=True
        ) as writer:
            for record in records:
                writer.write(record)
        contents.append((tmp_path / f"{name}.{format}").read_bytes())
    assert contents[0] == contents[1]
    path = tmp_path / f"a.{format}"
    if format == "csv":
        rows = read_csv(path)
    elif format.startswith("json"):
        lines = [line for line in contents[0].split(b"\n") if line]
        rows = json.loads(contents[0]) if format == "json" else list(map(json.loads, lines))
        rows = [{**row, "label_2": row["scores"][1][0], "guess": row["label"]} for row in rows]
    elif format == "sqlite":
        rows = read_sqlite(path)
    else:
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(path).to_pylist()
        rows = [{**row, "path": row["path_bytes"] or row["path"]} for row in rows]
    assert [
        (os.fsencode(row["path"]), row["code"], row["message"], row["label"], row["label_2"])
        for row in rows
    ] == [(os.fsencode(r.path), r.code, r.message, r.label, r.scores[1][0]) for r in records]
    assert [row["guess"] for row in rows] == [r.label for r in records]
