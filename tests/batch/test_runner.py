"""A run: one record each, resumed to the same bytes, images with names of their own."""

import csv
import gzip
import json
import os
import pickle
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from cvclassic.batch import Run, Sources, Work, detection_columns, journal_path, map_inputs, run
from cvclassic.batch.filenames import FreeNames
from cvclassic.errors import ExitCode, OutputLockedError, ParameterError
from cvclassic.images import Detections, read_image, write_image

from .image_tasks import Boxes, Fails, Stops


@pytest.fixture
def folder(tmp_path) -> Path:
    """Ten gray images, from dark to bright, and a broken one."""
    place = tmp_path / "in"
    place.mkdir()
    for i in range(10):
        write_image(place / f"{i}.png", np.full((20, 30), 20 * i, np.uint8))
    (place / "bad.png").write_bytes(b"no image")
    return place


def rows(path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_detections_travel_through_journal_and_outputs(folder, tmp_path) -> None:
    task = Boxes()
    records = list(run(Sources((str(folder),)), task))
    assert [os.path.basename(record.path) for record in records] == sorted(os.listdir(folder))
    found = records[3].detections
    assert isinstance(found, Detections)
    assert found.boxes.dtype == np.float32
    for name in ("a.csv", "a.jsonl", "a.json", "a.sqlite", "a.csv.gz"):
        go = Run(Sources((str(folder),)), task, output=tmp_path / name)
        assert list(go) == records
        assert go.exit_code is ExitCode.FAILURES
    table = rows(tmp_path / "a.csv")
    assert list(table[0])[4:] == [column.name for column in detection_columns("boxes")]
    assert table[3]["n_boxes"] == "3"
    assert table[-1]["n_boxes"] == ""
    boxes = json.loads(table[3]["boxes"])
    assert boxes[1] == {"x": 1, "y": 1.5, "width": 2, "height": 3, "score": 0.1, "label": "box",
                        "turn": 1}  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert lines[3]["boxes"] == boxes
    assert json.loads((tmp_path / "a.json").read_text()) == lines
    assert (
        gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()
    )
    database = sqlite3.connect(tmp_path / "a.sqlite")
    assert database.execute("SELECT n_boxes FROM records").fetchall()[3] == (3,)
    database.close()


@pytest.mark.parametrize("format", ["csv", "jsonl", "json", "sqlite", "parquet"])
def test_resumed_to_the_same_bytes(folder, tmp_path, format) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra parquet)")
    sources = Sources((str(folder),))
    whole, cut = tmp_path / f"whole.{format}", tmp_path / f"cut.{format}"
    list(Run(sources, Boxes(), output=whole, folder=tmp_path / "w"))
    for n in (1, 5):
        records = iter(Run(sources, Boxes(), output=cut, folder=tmp_path / "c"))
        for _ in range(n):
            next(records)
        records.close()
        assert not cut.exists()
    again = Run(sources, Boxes(), output=cut, folder=tmp_path / "c")
    assert len(list(again)) == 11
    assert again.n_kept >= 4
    assert cut.read_bytes() == whole.read_bytes()
    assert sorted(os.listdir(tmp_path / "c")) == sorted(os.listdir(tmp_path / "w"))
    for name in os.listdir(tmp_path / "w"):
        assert (tmp_path / "c" / name).read_bytes() == (tmp_path / "w" / name).read_bytes()


def test_leftovers_of_a_killed_run_are_removed(folder, tmp_path) -> None:
    out, drawn = tmp_path / "a.csv", tmp_path / "drawn"
    records = iter(Run(Sources((str(folder),)), Boxes(), output=out, folder=drawn))
    next(records)
    records.close()
    from cvclassic._basics import atomic

    left = [atomic._prefix(out).replace(str(os.getpid()), "4194999") + "abc"]
    foreign = ".cvclassic-00000000-4194999-xyz"
    (tmp_path / left[0]).write_bytes(b"half")
    (tmp_path / foreign).write_bytes(b"of another file")
    (drawn / foreign).write_bytes(b"half")
    mine = f".cvclassic-00000000-{os.getpid()}-xyz"
    (drawn / mine).write_bytes(b"of a process that lives")
    list(Run(Sources((str(folder),)), Boxes(), output=out, folder=drawn))
    assert not (tmp_path / left[0]).exists()
    assert (tmp_path / foreign).exists()
    assert not (drawn / foreign).exists()
    assert (drawn / mine).exists()


def test_nothing_is_its_own_input(folder, tmp_path) -> None:
    sources = Sources((str(folder),))
    for _ in range(2):
        go = Run(sources, Boxes(), output=folder / "a.csv", folder=folder / "drawn")
        assert len(list(go)) == 11
    with pytest.raises(ParameterError, match="choose another folder"):
        Run(sources, Boxes(), folder=folder)
    with pytest.raises(ParameterError, match="an input and the output"):
        Run(Sources((str(folder / "a.csv"),)), Boxes(), output=folder / "a.csv")
    before = (folder / "3.png").read_bytes()
    go = Run(Sources((str(folder / "3.png"),)), Boxes(ending=".png"), folder=folder)
    (record,) = go
    assert "would overwrite its own input" in record.message
    assert go.exit_code is ExitCode.INCOMPLETE
    assert (folder / "3.png").read_bytes() == before


def test_a_link_stays_a_link(folder, tmp_path) -> None:
    (tmp_path / "real").mkdir()
    os.symlink("real/a.csv", tmp_path / "link.csv")
    list(Run(Sources((str(folder),)), Boxes(), output=tmp_path / "link.csv"))
    assert (tmp_path / "link.csv").is_symlink()
    assert len(rows(tmp_path / "real" / "a.csv")) == 11
    with pytest.raises(OutputLockedError):
        _write_twice(folder, tmp_path / "link.csv", tmp_path / "real" / "a.csv")


def _write_twice(folder, a, b) -> None:
    first = iter(Run(Sources((str(folder),)), Boxes(), output=a))
    next(first)
    try:
        next(iter(Run(Sources((str(folder),)), Boxes(), output=b)))
    finally:
        first.close()


def test_other_tasks_and_settings_are_not_mixed(folder, tmp_path) -> None:
    out = tmp_path / "a.csv"
    records = iter(Run(Sources((str(folder),)), Boxes(), output=out))
    next(records)
    records.close()
    for task, extra in ((Boxes(ending=".png"), {}), (Boxes(), {"about": {"x": 1}})):
        with pytest.raises(Exception, match="interrupted run"):
            list(Run(Sources((str(folder),)), task, output=out, **extra))
    again = Run(Sources((str(folder),)), Boxes(ending=".b.png"), output=out, restart=True)
    assert len(list(again)) == 11
    assert not journal_path(out).exists()


@pytest.mark.slow
def test_engines_agree(folder, tmp_path) -> None:
    sources = Sources((str(folder),))
    expected = list(Run(sources, Boxes(), folder=tmp_path / "a"))
    got = list(Run(sources, Boxes(), folder=tmp_path / "b", work=Work("processes", n_jobs=2)))
    assert got == expected
    assert sorted(os.listdir(tmp_path / "a")) == sorted(os.listdir(tmp_path / "b"))
    assert read_image(tmp_path / "a" / "4.b.png").shape == (20, 30)


def test_an_exception_costs_one_record(folder) -> None:
    records = list(map_inputs(Fails(), [str(folder / f"{i}.png") for i in range(4)]))
    assert [record.code for record in records] == ["", "", "internal_error", ""]
    assert "ZeroDivisionError" in records[2].message


def test_a_single_picture_has_the_name_that_is_asked_for(folder, tmp_path) -> None:
    go = Run(Sources((str(folder / "1.png"),)), Boxes(), folder=tmp_path, name="why")
    (record,) = go
    assert record.files == ("why.b.png",)
    with pytest.raises(ParameterError, match="several inputs need a folder"):
        list(Run(Sources((str(folder),)), Boxes(), folder=tmp_path, name="why"))


def test_a_format_of_ones_own(folder, tmp_path) -> None:
    class Counter:
        def __init__(self, file, columns) -> None:
            self.file, self.n = file, 0

        def write(self, record) -> None:
            self.n += len(record.detections or ())

        def finish(self) -> None:
            self.file.write(f"{self.n} boxes\n")

    list(Run(Sources((str(folder),)), Boxes(), output=tmp_path / "n.txt", format=Counter))
    assert (tmp_path / "n.txt").read_text() == "45 boxes\n"


@pytest.mark.slow
def test_memory_caps_below_what_is_needed_are_refused(folder) -> None:
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("needs /proc")
    sources = Sources((str(folder),))
    with pytest.raises(ParameterError, match="give at least") as caught:
        list(Run(sources, Boxes(), work=Work("processes", 1, memory_cap=10_000_000)))
    least = int(str(caught.value).rpartition(" ")[2].rstrip("."))
    go = Run(sources, Boxes(), work=Work("processes", 1, memory_cap=least * 1_000_000))
    assert [record.code for record in go] == [*[""] * 10, "unsupported_format"]


@pytest.mark.slow
def test_watching_adds_what_comes_and_ends(folder, tmp_path) -> None:
    (folder / "bad.png").unlink()
    out = tmp_path / "a.csv"
    go = Run(Sources((str(folder),)), Stops(after="new.png"), output=out, watch=True)
    records = iter(go)
    for _ in range(10):
        next(records)
    write_image(folder / "new.png", np.zeros((9, 9), np.uint8))
    assert os.path.basename(next(records).path) == "new.png"
    records.close()
    assert len(rows(out)) == 11
    for wrong, message in (
        ({"output": None}, "name a file"),
        ({"output": tmp_path / "a.json"}, "name a file"),
    ):
        with pytest.raises(ParameterError, match=message):
            Run(Sources((str(folder),)), Boxes(), watch=True, **wrong)
    with pytest.raises(ParameterError, match="name folders"):
        Run(Sources((str(folder / "1.png"),)), Boxes(), output=out, watch=True)


def test_free_names() -> None:
    names = FreeNames()
    taken = [names.take(path) for path in ("a/x.jpg", "b/X.png", "x-2.png", "c/x.gif", "a:b?.png")]
    assert taken == ["x", "X-2", "x-2-2", "x-3", "a_b_"]
    assert len({name.casefold() for name in taken}) == len(taken)
    again = FreeNames()
    for name in taken[:3]:
        again.reserve(name)
    assert [again.take(path) for path in ("c/x.gif", "a:b?.png")] == taken[3:]


def test_sources_that_do_not_go_together(tmp_path) -> None:
    for wrong, message in (
        ({}, "no inputs"),
        ({"paths": ("a",), "split": "x"}, "needs a manifest"),
        ({"paths": ("a",), "null": True}, "standard input"),
        ({"paths": ("-", "-")}, "give - once"),
    ):
        with pytest.raises(ParameterError, match=message):
            Sources(**wrong)


def test_work_is_checked() -> None:
    for wrong, message in (
        ({"engine": "magic"}, "engine must be one of"),
        ({"timeout": 3}, "need engine='processes'"),
        ({"engine": "processes", "timeout": -1}, "timeout must be"),
        ({"n_jobs": 0}, "n_jobs must be"),
    ):
        with pytest.raises(ParameterError, match=message):
            Work(**wrong)


def test_tasks_pickle() -> None:
    assert pickle.loads(pickle.dumps(Boxes())) == Boxes()
