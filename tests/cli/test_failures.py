"""Whatever is wrong ends as one clear line, the documented exit code, and nothing half-done."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from cvclassic.images import write_image
from tests.checks import pictures
from tests.command_line import command

from .conftest import one_line

FAST = ["--recipe", "sift-bow", "--param", "n_words=15", "--param", "C=1.0"]


@pytest.fixture
def out(tmp_path) -> Path:
    """A place for results; whether it stays empty is part of the tests."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


# ------------------------------------------------------------------------------ training data


def some_folders(top: Path, **classes: list[bytes]) -> Path:
    for name, files in classes.items():
        (top / name).mkdir(parents=True)
        for i, data in enumerate(files):
            (top / name / f"{i}.png").write_bytes(data)
    return top


def png(i: int) -> bytes:
    from cvclassic.images import encode_image

    return encode_image(pictures()[i], ".png")


BAD_FOLDERS = {
    "missing": (lambda top: top / "no", "no: there is no such folder"),
    "file": (lambda top: Path(shutil.copy(__file__, top / "f")), "Got a file"),
    "empty": (lambda top: top, "expected one sub-folder per class, found none"),
    "one class": (lambda top: some_folders(top / "x", a=[png(0)]), "Found only a"),
    "empty class": (
        lambda top: some_folders(top / "x", a=[png(0)], b=[]),
        "the class folder 'b' holds no images",
    ),
    "broken class": (
        lambda top: some_folders(
            top / "x", a=[png(0), png(3)], b=[b"\x89PNG\r\n\x1a\nx", b"\x89PNG\r\n"]
        ),
        "No image of class 'b' can be read (1 of 2 classes are lost so). The first failure:",
    ),
}


@pytest.mark.parametrize("what", BAD_FOLDERS)
def test_training_folders(what, in_process, tmp_path, out) -> None:
    make, message = BAD_FOLDERS[what]
    (tmp_path / "top").mkdir()
    done = in_process("train", make(tmp_path / "top"), "-o", out / "m", *FAST)
    assert message in one_line(done, 2)
    assert os.listdir(out) == []


MANIFESTS = {
    "missing": (None, "there is no such manifest"),
    "empty": ("", "expected a header line with the column 'path'"),
    "no label": ("path,split\na.png,train\n", "Found no such column in: path, split"),
    "no split": ("path,label\na.png,cat\n", "Found no such column in: path, label"),
    "no rows": ("path,label,split\n", "the manifest lists no images"),
    "other split": ("path,label,split\na.png,cat,test\n", "there is no split 'train'"),
    "few fields": ("path,label,split\na.png,cat\n", "line 2: expected 3 columns"),
    "no path": ("path,label,split\n,cat,train\n", "line 2: the column 'path' is empty"),
    "open quote": ('path,label,split\n"a.png,cat,train\n', "not a CSV table"),
    "one class": ("path,label,split\na.png,cat,train\n", "a.png"),
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_manifests(what, in_process, tmp_path, out) -> None:
    text, message = MANIFESTS[what]
    path = tmp_path / "m.csv"
    if text is not None:
        path.write_text(text)
    done = in_process("train", "--manifest", path, "--split", "train", "-o", out / "m")
    assert message in one_line(done, 2)
    assert os.listdir(out) == []


def test_manifest_of_one_class(in_process, toy_folder, tmp_path, out) -> None:
    lines = [f"{path},fine" for path in sorted((toy_folder / "fine").iterdir())]
    (tmp_path / "m.csv").write_text("\n".join(["path,label", *lines]))
    done = in_process("train", "--manifest", tmp_path / "m.csv", "-o", out / "m", *FAST)
    assert "at least 2 classes" in one_line(done, 2)
    assert os.listdir(out) == []


# ------------------------------------------------------------------------------------- usage

USAGE = {
    "recipe": (["--recipe", "bag"], "recipe must be one of "),
    "head": (["--head", "knn"], "head must be one of"),
    "parameter": (["--param", "n_word=5"], "There is no parameter 'n_word'. Known are: "),
    "no value": (["--param", "n_words"], "expected NAME=VALUE. Got 'n_words' instead."),
    "zero": (["--param", "n_words=0"], "n_words must be an integer >= 2. Got 0 instead."),
    "text": (["--param", "n_words=many"], "n_words must be an integer >= 2. Got 'many' instead."),
    "list": (["--param", "n_words=[1,2]"], "n_words must be an integer >= 2. Got (1, 2) instead."),
    "object": (["--param", 'n_words={"a": 1}'], "n_words must be an integer >= 2. Got {'a': 1}"),
    "nan": (["--param", "C=NaN"], "C must be a number > 0. Got nan instead."),
    "side": (["--param", "max_side=3"], "max_side must be an integer >= 16 or None. Got 3"),
    "pyramid": (["--param", "pyramid=2"], "pyramid must be a sequence of (rows, columns)"),
    "step": (["--param", "map=chi2"], "map must be an estimator. Got 'chi2' instead."),
    "ambiguous": (["--param", "kernel=rbf"], "Parameter 'kernel' is ambiguous. Choose one of:"),
    "head's": (
        ["--head", "mlp", "--param", "alpha=-1"],
        "alpha must be a number >= 0. Got -1 instead.",
    ),
    "own option": (["--param", "random_state=3"], "--seed"),
    "own option 2": (["--param", "n_jobs=3"], "--jobs"),
    "own option 3": (["--param", "name=x"], "use --recipe and not 'name=x'"),
    "own option 4": (["--param", "head=mlp"], "--head"),
    "seed": (["--seed", "-1"], "-1"),
    "large seed": (["--seed", "99999999999"], "99999999999"),
    "seed of text": (["--seed", "x"], "'x' is not a valid integer"),
    "jobs": (["--jobs", "0"], "0 is not in the range x>=1"),
    "split": (["--split", "train"], "--split needs --manifest"),
}


@pytest.mark.parametrize("what", USAGE)
def test_wrong_usage(what, in_process, toy_folder, out) -> None:
    args, message = USAGE[what]
    recipe = [] if "--recipe" in args else ["--recipe", "sift-bow"]
    done = in_process("train", toy_folder, "-o", out / "m", *recipe, *args)
    assert message in one_line(done, 2)
    assert os.listdir(out) == []


def test_folder_or_manifest(in_process, toy_folder, toy_model_file, out) -> None:
    for args in (["train", "-o", out / "m"], ["evaluate", toy_model_file]):
        assert "Give one of: a FOLDER" in one_line(in_process(*args), 2)
        done = in_process(*args, toy_folder, "--manifest", "x.csv")
        assert "Give one of: a FOLDER" in one_line(done, 2)


# ------------------------------------------------------------------------------- model files


@pytest.mark.slow
def test_model_files(in_process, toy_folder, tmp_path, out) -> None:
    """For each command that takes one; two kinds of damage each."""
    from cvclassic.images import encode_image

    jpeg = tmp_path / "m.jpg"
    jpeg.write_bytes(encode_image(pictures(1)[0], ".jpg"))
    for args in (
        ["classify", "{}", str(toy_folder), "-o", str(out / "l.csv")],
        ["evaluate", "{}", str(toy_folder), "--json", str(out / "s.json")],
        ["info", "{}"],
    ):
        for path, message in [
            (tmp_path / "no.cvmodel", "there is no such model file"),
            (jpeg, "This is not a cvclassic model file"),
            (tmp_path, "is a folder, not a model file"),
        ]:
            done = in_process(*(arg.format(path) for arg in args))
            line = one_line(done, 2)
            assert message in line
            assert str(path) in line
    assert os.listdir(out) == []


# ------------------------------------------------------------------------- output and folders


@pytest.mark.slow
def test_output_that_cannot_be_written(in_process, toy_folder, toy_model_file, tmp_path) -> None:
    """Known before the work is done; exit code 3."""
    for args in (
        ["train", toy_folder, *FAST, "-o"],
        ["classify", toy_model_file, toy_folder, "-o"],
        ["evaluate", toy_model_file, toy_folder, "--json"],
    ):
        line = one_line(in_process(*args, tmp_path / "no" / "x.csv"), 3)
        assert "No such file or directory" in line or "does not exist" in line
        (tmp_path / "folder.csv").mkdir(exist_ok=True)
        line = one_line(in_process(*args, tmp_path / "folder.csv"), 3)
        assert "Is a directory" in line
        assert str(tmp_path / "folder.csv") in line
    assert os.listdir(tmp_path) == ["folder.csv"]
    assert os.listdir(tmp_path / "folder.csv") == []


@pytest.mark.slow
def test_format_of_the_output(in_process, toy_folder, toy_model_file, tmp_path) -> None:
    done = in_process("classify", toy_model_file, toy_folder, "-o", tmp_path / "l.txt")
    assert "output must end in .csv, .jsonl, .json, .parquet or .sqlite" in one_line(done, 2)
    done = in_process(
        "classify", toy_model_file, toy_folder, "-o", tmp_path / "l.txt", "--format", "jsonl", "-q"
    )
    assert done.returncode == 0
    assert len((tmp_path / "l.txt").read_text().splitlines()) == 12
    assert "Give PATHS" in one_line(in_process("classify", toy_model_file), 2)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk(toy_folder, toy_model_file) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*command(), "classify", toy_model_file, toy_folder],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 3
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(cvclassic, toy_model_file, toy_folder, tmp_path) -> None:
    shutil.copytree(toy_folder, tmp_path / "in")
    (tmp_path / "in" / "middle").chmod(0)
    try:
        done = cvclassic("classify", toy_model_file, tmp_path / "in", "--format", "jsonl")
    finally:
        (tmp_path / "in" / "middle").chmod(0o755)
    assert done.returncode == 3
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 9
    assert records[-1]["code"] == "permission"


@pytest.mark.slow
def test_a_folder_that_cannot_be_listed(toy_model_file, toy_folder, tmp_path) -> None:
    """The same through the library's own walk, where the tests run as root."""
    script = """
import os, sys
from cvclassic.images import walking
listed = walking.list_folder
def refuse(folder, seen, hidden=False):
    if folder.endswith("middle"):
        raise PermissionError(13, "Permission denied", folder)
    return listed(folder, seen, hidden)
walking.list_folder = refuse
from cvclassic_cli.main import main
main()
"""
    python = [os.path.join(os.path.dirname(command()[0]), "python"), "-c", script]
    done = subprocess.run(
        [*python, "classify", toy_model_file, toy_folder, "--format", "jsonl"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 9
    assert [r["code"] for r in records if r["status"] == "error"] == ["permission"]


# ------------------------------------------------------------------------------ hostile names


def test_hostile_names(cvclassic, toy_model_file, toy_folder, tmp_path) -> None:
    """Through a walk and as arguments; lossless in both formats."""
    data = next((toy_folder / "fine").iterdir()).read_bytes()
    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    names = [b"\xff\xfe.png", b"new\nline.png", b"tab\t.png", b"-o.png", b"[red]x[bold].png"]
    names += [b"qu\"o'te.png", b"%d.png", b"cr\r.png", b"\x1b[31m.png", "é.png".encode(), b"a,b"]
    for name in names:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    done = cvclassic("classify", toy_model_file, tmp_path / "in", "--format", "jsonl", "-q")
    assert done.returncode == 0
    paths = [os.fsencode(json.loads(line)["path"]) for line in done.stdout.splitlines()]
    assert sorted(paths) == sorted(os.path.join(folder, name) for name in names)
    out = tmp_path / "l.csv"
    done = cvclassic(
        "classify", toy_model_file, "-o", out, "--raw-csv", "--", *names, "gone\n.png",
        cwd=os.fsdecode(folder),
    )  # fmt: skip
    assert done.returncode == 1
    from .test_main_job import read_csv

    rows = read_csv(out)
    assert [os.fsencode(row["path"]) for row in rows] == [*names, b"gone\n.png"]
    assert {row["status"] for row in rows[:-1]} <= {"ok", "warn"}
    assert rows[-1]["code"] == "not_found"


def test_hostile_names_of_classes_and_files_in_messages(cvclassic, toy_folder, tmp_path) -> None:
    """A message is one line without control characters, whatever the names are."""
    top = tmp_path / "top"
    shutil.copytree(toy_folder / "fine", top / "fi\nne [red]")
    shutil.copytree(toy_folder / "coarse", top / "co\x1b[31marse")
    with open(os.path.join(os.fsencode(top / "fi\nne [red]"), b"\xff\n.png"), "wb"):
        pass
    done = cvclassic("train", top, "-o", tmp_path / "m", *FAST)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert "[red]" in done.stdout
    done = cvclassic("info", tmp_path / "m")
    assert "\x1b" not in done.stdout
    done = cvclassic("train", tmp_path / "no\nsuch\x1b[31m", "-o", tmp_path / "n")
    assert "\x1b" not in one_line(done, 2)


# -------------------------------------------------------------------------- signals and pipes


def start(*args, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [*command(), *map(os.fspath, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a shell starts background jobs with SIGINT ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


def alive(group: int) -> list[str]:
    """Processes of a session that are still there."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == group and fields[0] != "Z":
            found.append(entry.name)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupt(jobs, toy_model_file, toy_folder, out) -> None:
    """Exit code 130, one line, no process left, no result but what a next run goes on with."""
    (out / "l.csv").write_text("path,status,code,message\nold")
    process = start(
        "classify", toy_model_file, *[toy_folder] * 300, "-o", out / "l.csv", "--jobs", jobs
    )
    deadline = time.monotonic() + 60
    journal = out / ".l.csv.partial"
    while not (journal.exists() and journal.stat().st_size > 2000) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in message
    assert "Interrupted." in message
    assert alive(process.pid) == []
    assert sorted(os.listdir(out)) == [".l.csv.partial", "l.csv"]
    assert (out / "l.csv").read_text() == "path,status,code,message\nold"


@pytest.mark.slow
def test_interrupt_while_training(toy_folder, tmp_path, out) -> None:
    """Where most of the time goes: reading, describing, learning."""
    folder = tmp_path / "many"
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)
        for i in range(40):
            noise = np.random.default_rng(i).integers(0, 256, (300, 300), np.uint8)
            write_image(folder / label / f"{i}.png", noise)
    process = start(
        "train",
        folder,
        "-o",
        out / "m",
        "--recipe",
        "sift-bow",
        "--param",
        "n_words=2000",
        "--jobs",
        "2",
    )
    time.sleep(2.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in message
    assert message.splitlines()[-1] == "Interrupted."
    assert os.listdir(out) == []


@pytest.mark.slow
def test_a_reader_that_has_enough(toy_model_file, toy_folder) -> None:
    """``| head -n 2``: a quiet end, early."""
    process = start("classify", toy_model_file, *[toy_folder] * 600, "-q")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("path,status,")
    process.stdout.close()
    message = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert message == ""


@pytest.mark.slow
def test_closed_streams(toy_model_file, toy_folder, tmp_path) -> None:
    """Started by something that closes stdin, stdout and stderr."""
    out = tmp_path / "l.csv"
    line = f"{' '.join(command())} classify {toy_model_file} {toy_folder} -o {out} -q <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", line], timeout=60, check=False).returncode == 0
    assert len(out.read_text().splitlines()) == 13


# ------------------------------------------------------------------------------ hostile files


@pytest.mark.slow
def test_hostile_files(cvclassic, data_dir, toy_model_file, tmp_path) -> None:
    """One record for each of the 345 files, in time, and no complaint of the decoders."""
    folder = data_dir / "hostile"
    files = {
        os.path.join(base, name)
        for base, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".")
    }
    out = tmp_path / "l.jsonl"
    done = cvclassic("classify", toy_model_file, folder, "-o", out)
    assert done.returncode == 1
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(records) == len(files) == 345
    assert {record["path"] for record in records} == files
    assert f"{len(files)} inputs: " in done.stderr
    for record in records:
        assert record["status"] in ("ok", "warn", "error")
        assert bool(record["code"]) == (record["status"] != "ok" or not record["scores"])
        assert (record["label"] is None) == (record["status"] == "error")
    _, wrote = done.stderr.splitlines()
    assert wrote.startswith("Wrote ")


def test_a_folder_of_splits_is_trained_on_its_part(in_process, tmp_path, out) -> None:
    for split in ("train", "valid"):
        for label, images in (("a", (0, 3)), ("b", (1, 4))):
            some_folders(tmp_path / "data" / split, **{label: [png(i) for i in images]})
    done = in_process("train", tmp_path / "data", "-o", out / "m", *FAST)
    assert done.returncode == 0, done.stderr
    assert f"Note: {tmp_path}/data holds splits: {tmp_path}/data/train is used" in done.stderr
    assert "4 in 2 classes" in done.stdout
    done = in_process("evaluate", out / "m", tmp_path / "data")
    assert f"{tmp_path}/data/valid is used" in done.stderr
