"""``cvclassic audit`` as people call it."""

import csv
import json
import os
import shutil

import pytest

from cvclassic.images import write_image
from tests.cli.conftest import one_line
from tests.search.conftest import textured


@pytest.fixture
def pictures(toy_folder, tmp_path):
    """A copy of the toys, of which one lies in two classes."""
    folder = tmp_path / "photos"
    shutil.copytree(toy_folder, folder)
    labels = sorted(path.name for path in folder.iterdir())
    first = sorted((folder / labels[0]).iterdir())[0]
    shutil.copy(first, folder / labels[1] / "copy.png")
    return folder


@pytest.mark.slow
def test_findings_page_table_and_exit_code(cvclassic, pictures, tmp_path) -> None:
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no image")
    outputs = {name: tmp_path / f"audit.{name}" for name in ("html", "csv", "json")}
    options = ("-o", outputs["html"], "--csv", outputs["csv"], "--json", outputs["json"])
    done = cvclassic("audit", pictures, *options, "--tiny", "0", "--blur", "0")
    assert done.returncode == 1, done.stderr
    assert "conflict" in done.stdout
    assert "truncated" in json.loads(outputs["json"].read_text())["findings"][1]["code"]
    rows = list(csv.DictReader(outputs["csv"].open(newline="")))
    assert [row["kind"] for row in rows] == ["conflict", "conflict", "unreadable", "loose"]
    assert rows[0]["finding"] == rows[1]["finding"]
    assert all(os.path.exists(row["path"]) for row in rows)
    page = outputs["html"].read_text()
    assert "copy.png" in page
    assert "data:image/" in page


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("conflict", 1), ("duplicates,unreadable", 1), ("leak, unreadable", 0), ("none", 0)],
)
def test_exit_code_by_kind(in_process, pictures, fail_on, code) -> None:
    done = in_process("audit", pictures, "-q", "--fail-on", fail_on)
    assert done.returncode == code, done.stderr


def test_a_good_set(in_process, toy_folder) -> None:
    done = in_process("audit", toy_folder, "--blur", 0)
    assert done.returncode == 0, done.stdout
    assert "No problems found." in done.stdout


def test_messages(in_process, pictures, tmp_path) -> None:
    assert "no such file or folder" in one_line(in_process("audit", tmp_path / "none"), 2)
    assert "Give PATHS" in one_line(in_process("audit"), 2)
    assert "'leaks'" in one_line(in_process("audit", pictures, "--fail-on", "leaks"), 2)
    assert ".html" in one_line(in_process("audit", pictures, "-o", tmp_path / "a.pdf"), 2)
    assert "--manifest" in one_line(in_process("audit", pictures, "--split", "test"), 2)
    (tmp_path / "empty").mkdir()
    assert "there are no images" in one_line(in_process("audit", tmp_path / "empty"), 2)
    done = in_process("audit", pictures, "--csv", tmp_path / "none" / "a.csv")
    assert done.returncode == 3


@pytest.mark.slow
def test_every_hostile_file_is_a_finding_and_none_a_crash(cvclassic, data_dir, tmp_path) -> None:
    page = tmp_path / "audit.html"
    table = tmp_path / "audit.csv"
    done = cvclassic("audit", data_dir / "hostile", "-q", "-o", page, "--csv", table)
    assert done.returncode == 1, done.stderr
    rows = list(csv.DictReader(table.open(newline="", errors="surrogateescape")))
    broken = [row["path"] for row in rows if row["kind"] == "unreadable"]
    assert len(broken) == len(set(broken)) > 20
    assert all(row["code"] for row in rows if row["kind"] == "unreadable")


@pytest.mark.slow
def test_hostile_names(cvclassic, toy_folder, tmp_path) -> None:
    label = os.fsencode(tmp_path) + b"/set/<b>\xe9\x1b[31m"
    os.makedirs(label)
    os.makedirs(tmp_path / "set" / "other")
    picture = next(toy_folder.rglob("*.png"))
    for i, folder in enumerate((label, os.fsencode(tmp_path / "set" / "other"))):
        shutil.copy(os.fsencode(picture), folder + b"/new\nline\xff%d.png" % i)
    page = tmp_path / "audit.html"
    done = cvclassic("audit", tmp_path / "set", "-o", page, "--tiny", 0)
    assert done.returncode == 1, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    text = page.read_text(encoding="utf-8")
    assert "<b>\\" not in text.replace("&lt;b&gt;", "")
    assert "&lt;b&gt;" in text


def test_moving_what_was_found(in_process, pictures, tmp_path) -> None:
    broken = next(pictures.iterdir()) / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no image")
    (pictures / "empty").mkdir()
    aside = tmp_path / "aside"
    done = in_process("audit", pictures, "-q", "--move-to", aside, "--features")
    assert "Moved 1 file (1 unreadable)" in done.stdout
    assert "empty: " in done.stdout
    assert (aside / broken.parent.name / "broken.jpg").is_file()
    assert not broken.exists()
    done = in_process("audit", pictures, "--move-to", pictures / "x")
    assert "lies in" in one_line(done, 2)
    assert "--move needs" in one_line(in_process("audit", pictures, "--move", "blank"), 2)
    done = in_process("audit", pictures, "--move-to", aside, "--move", "single")
    assert "not about files" in one_line(done, 2)
    (tmp_path / "a.csv").write_text("path,label\na.jpg,cat\n")
    done = in_process("audit", "--manifest", tmp_path / "a.csv", "--move-to", aside)
    assert "needs folders" in one_line(done, 2)


def test_cropped_copies_are_found_on_request(in_process, tmp_path) -> None:
    for label, seeds in (("a", (0, 1, 2)), ("b", (3, 4, 5))):
        (tmp_path / label).mkdir()
        for seed in seeds:
            write_image(tmp_path / label / f"{seed}.png", textured(seed))
    write_image(tmp_path / "b" / "crop.png", textured(1)[20:140, 10:130])
    options = (tmp_path, "--blur", "0", "--fail-on", "conflict")
    assert in_process("audit", *options).returncode == 0
    found = tmp_path / "found.json"
    assert in_process("audit", *options, "--copies", "--json", found).returncode == 1
    (conflict,) = json.loads(found.read_text())["findings"]
    assert sorted(os.path.basename(one["path"]) for one in conflict["images"]) == [
        "1.png",
        "crop.png",
    ]


def test_an_archive_is_audited_as_its_folder(in_process, pictures, tmp_path) -> None:
    def findings(source, name):
        table = tmp_path / name
        in_process("audit", source, "--tiny", 0, "--blur", 0, "--csv", table, "-q")
        rows = csv.DictReader(table.open(newline=""))
        return [(row["kind"], row["label"], os.path.basename(row["path"])) for row in rows]

    shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path, "photos")  # a folder around all
    shutil.make_archive(str(tmp_path / "flat"), "gztar", pictures)
    expected = findings(pictures, "folder.csv")
    assert [kind for kind, _, _ in expected] == ["conflict", "conflict"]
    assert sorted(findings(tmp_path / "set.zip", "zip.csv")) == sorted(expected)
    assert sorted(findings(tmp_path / "flat.tar.gz", "tar.csv")) == sorted(expected)
    several = findings(tmp_path / "set.zip", "one.csv")
    done = in_process("audit", tmp_path / "set.zip", tmp_path / "flat.tar.gz", "--json", "-")
    assert several == findings(tmp_path / "set.zip", "two.csv")
    assert json.loads(done.stdout)["totals"]["leak"] >= 2  # several are splits


def test_an_interrupted_audit_is_resumed(in_process, pictures, tmp_path) -> None:
    from cvclassic.batch import Run, Sources
    from cvclassic_cli.tasks.audit import ScanTask

    out, found = tmp_path / "records.jsonl", tmp_path / "found.json"
    line = ["audit", pictures, "--records", out, "--json", found, "--engine", "threads"]
    assert in_process(*line).returncode == 1
    whole, said = out.read_bytes(), found.read_bytes()
    out.unlink()
    sources = Sources((str(pictures),), only_images=True)
    records = iter(Run(sources, ScanTask(), output=out))
    for _ in range(8):
        next(records)
    records.close()
    done = in_process(*line)
    assert "resuming an interrupted run" in done.stderr
    assert (out.read_bytes(), found.read_bytes()) == (whole, said)
