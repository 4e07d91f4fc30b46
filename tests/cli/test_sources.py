"""What may be named on the command line, and what becomes of it."""

import csv
import errno
import functools
import glob
import http.server
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

from cvclassic.images import Fault, find_inputs, read_image
from cvclassic.images.walking import list_folder
from tests.cli.conftest import one_line
from tests.command_line import command


@pytest.fixture
def toys(toy_folder, tmp_path, monkeypatch) -> Path:
    """A copy of the toys as ``toys/`` in the current folder."""
    shutil.copytree(toy_folder, tmp_path / "toys")
    monkeypatch.chdir(tmp_path)
    return Path("toys")


@pytest.fixture
def classify(in_process, toy_model_file):
    """Classify to CSV; the rows, after a look at the exit code."""

    def run(*args: object, code: int = 0) -> list[dict]:
        done = in_process(
            "classify", toy_model_file, *args, "-q", "-o", "out.csv", "--engine", "threads", "-j", 1
        )
        assert done.returncode == code, done.stderr
        with open("out.csv", encoding="utf-8", errors="surrogateescape", newline="") as file:
            return list(csv.DictReader(file))

    return run


def paths(rows: list[dict]) -> list[str]:
    return [row["path"] for row in rows]


def everything(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*.png"))


def named(*args: str) -> list[str]:
    return [item.path for item in find_inputs(args)]


def test_patterns(toys, classify) -> None:
    found = named("toys/**/*.png")
    assert sorted(found) == everything(toys)
    assert named("toys") == found
    assert named("**/[0-3].png") == [p for p in found if Path(p).stem in "0123"]
    first = os.path.dirname(found[0])
    assert named(f"toys/{os.path.basename(first)[0]}*") == [p for p in found if p.startswith(first)]
    assert named(os.path.abspath("toys/*/?.png"))[0].startswith("/")
    # what is there is taken by its name
    Path("toys/a[0].png").write_bytes(Path(found[0]).read_bytes())
    assert named("toys/a[0].png") == ["toys/a[0].png"]
    # links that lead in circles change nothing
    Path("toys/loop").symlink_to(".")
    assert len(named("toys/**/*.png")) == len(found) + 1
    rows = classify("toys/**/[01].png", "toys/*.tiff", code=1)
    assert paths(rows) == [p for p in found if Path(p).stem in "01"] + ["toys/*.tiff"]
    assert rows[-1]["code"] == "not_found"


def test_patterns_match_what_glob_matches(toys) -> None:
    for name in ("toys/a/b/c/d.png", "toys/a/b.png", "toys/a b/[x]/y.png", "toys/z/z/z.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")
    for pattern in (
        "toys/*/*.png", "toys/**/?.png", "**/b/**/*.png", "toys/**/z/*.png", "toys/**/**/d.png",
        "toys/[!a]*/*.png", "toys/a*/[[]x]/y.png", "./toys/*/b.png"
    ):  # fmt: skip
        expected = sorted({os.path.normpath(p) for p in glob.glob(pattern, recursive=True)})
        assert sorted(map(os.path.normpath, named(pattern))) == expected, pattern


def test_hidden_names_need_a_dot_in_the_pattern(toys) -> None:
    picture = Path(everything(toys)[0]).read_bytes()
    Path("toys/.h").mkdir()
    for name in ("toys/.a.png", "toys/.h/b.png"):
        Path(name).write_bytes(picture)
    assert not [p for p in named("toys/**/*.png") if "/." in p]
    assert named("toys/.*.png") == ["toys/.a.png"]
    assert named("toys/.h/*.png") == ["toys/.h/b.png"]


def test_patterns_find_what_is_deep_and_tell_what_is_closed(toys, monkeypatch) -> None:
    top = os.getcwd()
    picture = Path(everything(toys)[0]).read_bytes()
    for _ in range(22):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    Path("deep.png").write_bytes(picture)
    os.chdir(top)
    (deep,) = named("d*/**/*.png")
    assert len(deep) > 4096
    assert read_image(deep).ndim >= 2
    closed = os.path.dirname(everything(toys)[0])

    def listing(folder, seen, hidden=False):
        if folder == closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return list_folder(folder, seen, hidden)

    monkeypatch.setattr("cvclassic.images.globs.list_folder", listing)
    faults = [item for item in find_inputs(["toys/**/*.png"]) if isinstance(item, Fault)]
    assert [(fault.path, fault.code) for fault in faults] == [(closed, "permission")]


def run_with_stdin(model, data: bytes, *args: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*command(), "classify", str(model), *args, "-q", "-j", "1"],
        input=data,
        capture_output=True,
        timeout=120,
    )


@pytest.mark.slow
def test_lists_on_standard_input(toys, toy_model_file) -> None:
    plain = everything(toys)
    odd = b"toys/caf\xe9 [1]\n.png"
    shutil.copy(plain[0].encode(), odd)
    names = [*map(os.fsencode, plain[:3]), odd, b"toys/gone.png"]
    done = run_with_stdin(toy_model_file, b"\0".join(names) + b"\0", "-0", "-", "--format", "jsonl")
    assert done.returncode == 1, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [os.fsencode(row["path"]) for row in rows] == names
    assert [row["status"] for row in rows] == ["ok"] * 4 + ["error"]
    listed = b"\n".join(names[:2]) + b"\n\ntoys/none*.png"
    done = run_with_stdin(toy_model_file, listed, plain[5], "-")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert paths(rows) == [plain[5], *map(os.fsdecode, names[:2]), "toys/none*.png"]
    assert rows[-1]["code"] == "not_found"


@pytest.mark.slow
def test_records_of_a_list_come_as_names_come(toys, toy_model_file) -> None:
    """A list need not have ended: blocks are answered as soon as they are full."""
    args = ["classify", str(toy_model_file), "-", "-q", "-j", "1"]
    name = everything(toys)[0].encode() + b"\n"
    with subprocess.Popen(
        [*command(), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(name * 400)
        process.stdin.flush()
        lines = [process.stdout.readline() for _ in range(10)]
        assert lines[9].startswith(name.strip())
        process.stdin.close()
        assert len(process.stdout.read().splitlines()) == 401 - 10
        assert process.wait(60) == 0


def test_manifests(toys, classify, in_process, toy_model_file) -> None:
    first, second = everything(toys)[:2]
    rows = ["split,path", f"a,{Path(first).name}", f"b,{Path.cwd() / second}", "a", "b,gone[1].png"]
    Path(first).parent.joinpath("list.csv").write_text("\n".join(rows) + "\n")
    table = str(Path(first).parent / "list.csv")
    found = classify("--manifest", table, code=3)
    assert paths(found) == [
        first,
        str(Path.cwd() / second),
        f"{table}:4",
        str(Path(first).parent / "gone[1].png"),
    ]
    assert found[2]["message"] == "expected 2 columns (split, path). Got 1"
    assert paths(classify("--manifest", table, "--split", "a", code=3))[0] == first
    Path("bad.csv").write_text("name\na.png\n")
    done = in_process("classify", toy_model_file, "--manifest", "bad.csv")
    assert "with the column 'path'" in one_line(done, 2)
    done = in_process("classify", toy_model_file, "--manifest", "none.csv")
    assert one_line(done, 2) == "Error: none.csv: there is no such manifest"


def test_archives(toys, classify) -> None:
    with zipfile.ZipFile("toys/b.zip", "w") as archive:
        for name in everything(toys):
            archive.write(name)
    with tarfile.open("toys/c.tar.gz", "w:gz") as archive:
        archive.add("toys", filter=lambda info: None if info.name.endswith("zip") else info)
    rows = classify("toys")
    plain = {row["path"]: row for row in rows if "!" not in row["path"]}
    assert sorted(plain) == everything(toys)
    for archive in ("toys/b.zip", "toys/c.tar.gz"):
        inside = [row for row in rows if row["path"].startswith(f"{archive}!")]
        assert len(inside) == len(plain)
        for row in inside:
            outside = plain[row["path"].removeprefix(f"{archive}!")]
            assert {**row, "path": ""} == {**outside, "path": ""}
            assert row["status"] == "ok"
    # each record's path names the image again
    again = classify(*(row["path"] for row in rows))
    assert again == rows
    Path("toys/b.zip").write_bytes(Path("toys/b.zip").read_bytes()[:-200])
    rows = classify("toys/b.zip", code=3)
    assert [row["code"] for row in rows][-1] == "truncated"
    assert rows[-1]["path"] == "toys/b.zip"


def test_train_and_evaluate_read_members(toys, in_process, toy_model_file) -> None:
    with tarfile.open("shard.tar", "w") as archive:
        archive.add("toys")
    lines = [f"shard.tar!{name},{Path(name).parent.name}" for name in everything(toys)]
    Path("list.csv").write_text("path,label\n" + "\n".join(lines))
    done = in_process("evaluate", toy_model_file, "--manifest", "list.csv", "--json", "s.json")
    assert done.returncode == 0, done.stderr
    assert json.loads(Path("s.json").read_text())["n_images"] == len(lines)


def test_outputs_agree(toys, classify, in_process, toy_model_file) -> None:
    rows = classify("toys", "gone.png", code=1)
    done = in_process(
        "classify",
        toy_model_file,
        "toys",
        "gone.png",
        "-o",
        "a.sqlite",
        "-q",
        "--engine",
        "threads",
    )
    assert done.returncode == 1
    database = sqlite3.connect("a.sqlite")
    found = list(database.execute("SELECT path, code, label, probability FROM records ORDER BY n"))
    database.close()
    assert [
        (path, code, label or "", "" if share is None else f"{share:.6f}")
        for path, code, label, share in found
    ] == [(r["path"], r["code"], r["label"], r["probability"]) for r in rows]
    done = in_process("classify", toy_model_file, "toys", "--format", "sqlite")
    assert one_line(done, 2) == "Error: A database cannot go to standard output: name a file."


def test_parquet_is_asked_for(toys, in_process, toy_model_file, classify) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    done = in_process(
        "classify", toy_model_file, "toys", "-o", "a.parquet", "-q", "--engine", "threads"
    )
    assert done.returncode == 0, done.stderr
    rows = parquet.read_table("a.parquet").to_pylist()
    assert [(row["path"], row["label"]) for row in rows] == [
        (row["path"], row["label"]) for row in classify("toys")
    ]


def test_sorting(toys, classify) -> None:
    picture = Path(everything(toys)[0])
    os.makedirs("other")
    for name in (b"other/\xff\n.png", b"other/" + picture.name.encode()):
        shutil.copy(bytes(picture), name)
    Path("other/bad.png").write_bytes(b"words")
    rows = classify("toys", "other", "--sort-into", "sorted", code=1)
    label = next(row["label"] for row in rows if row["path"] == str(picture))
    for row in rows[:12]:
        copy = Path("sorted", row["label"], Path(row["path"]).name)
        assert copy.read_bytes() == Path(row["path"]).read_bytes()
    names = os.listdir(Path("sorted", label))
    assert {"%FF%0A.png", f"{picture.stem}_2.png"} <= set(names)
    files = sorted(str(path) for path in Path("sorted").rglob("*") if path.is_file())
    assert len(files) == len(rows) - 1
    # again: all is there; and what is there of somebody else stays
    theirs = Path("sorted", label, picture.name)
    theirs.write_bytes(b"somebody's")
    classify("toys", "other", "--sort-into", "sorted", code=1)
    assert theirs.read_bytes() == b"somebody's"
    assert len([p for p in Path("sorted").rglob("*") if p.is_file()]) == len(files) + 1


def test_sorting_links_and_archives(toys, classify) -> None:
    with tarfile.open("a.tgz", "w:gz") as archive:
        archive.add("toys")
    rows = classify("toys", "a.tgz", "--sort-into", "sorted", "--link")
    for row in rows[:12]:
        link = Path("sorted", row["label"], Path(row["path"]).name)
        assert os.readlink(link) == os.path.abspath(row["path"])
        copy = link.with_stem(f"{link.stem}_2")
        assert not copy.is_symlink()
        assert copy.read_bytes() == link.read_bytes()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Give PATHS, - for a list on standard input, or --manifest CSV."),
        (["a.png", "-0"], "--null needs -, a list on standard input."),
        (["-", "-"], "Standard input can be read once: give - once."),
        (["a.png", "--split", "x"], "--split needs --manifest."),
        (["a.png", "--link"], "--link needs --sort-into."),
        (["toys", "--sort-into", "toys/x"], "lies in 'toys', which is an input."),
        (["a.png", "-o", "a.xlsx"], "output must end in .csv, .jsonl, .json, .parquet or .sqlite."),
    ],
)
def test_mistakes(toys, in_process, toy_model_file, args, message) -> None:
    assert message in one_line(in_process("classify", toy_model_file, *args), 2)


@pytest.fixture
def web(toys):
    """The folder, served over HTTP on this machine."""
    pytest.importorskip("fsspec", reason="fsspec is not installed (the extra cloud)")
    pytest.importorskip("aiohttp", reason="aiohttp is not installed (the extra cloud)")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    handler = functools.partial(Quiet, directory=".")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_web_addresses(web, toys, classify) -> None:
    name = everything(toys)[0]
    rows = classify(f"{web}/{name}", f"{web}/gone.png", "http://127.0.0.1:9/a.png", code=1)
    assert paths(rows) == [f"{web}/{name}", f"{web}/gone.png", "http://127.0.0.1:9/a.png"]
    assert [row["code"] for row in rows] == ["", "not_found", "io"]
    (local,) = classify(name)
    assert rows[0]["probability"] == local["probability"]
    with tarfile.open("shard.tgz", "w:gz") as archive:
        archive.add("toys")
    rows = classify(f"{web}/shard.tgz")
    assert sorted(row["path"].partition("!")[2] for row in rows) == everything(toys)
    Path("list.csv").write_text(f"path\n{web}/{name}\n{name}\n")
    remote, local = classify("--manifest", "list.csv")
    assert remote["label"] == local["label"]


@pytest.fixture(scope="module")
def s3():
    """A server that speaks S3 on this machine; the endpoint."""
    pytest.importorskip("s3fs", reason="s3fs is not installed (the extra cloud)")
    pytest.importorskip("flask_cors", reason="flask-cors is not installed (the extra dev)")
    moto = pytest.importorskip("moto.server", reason="moto is not installed (the extra dev)")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.slow
def test_buckets(s3, toys, toy_model_file, cvclassic) -> None:
    import s3fs

    env = {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    system = s3fs.S3FileSystem(key="test", secret="test", endpoint_url=s3, skip_instance_cache=True)
    system.call_s3("create_bucket", Bucket="bucket")
    names = everything(toys)
    for name in names:
        system.put(name, f"bucket/{name}")
    system.put(names[0], "bucket/.hidden/a.png")
    with zipfile.ZipFile("b.zip", "w") as archive:
        archive.write(names[0])
    system.put("b.zip", "bucket/b.zip")
    args = [
        "s3://bucket/",
        "s3://bucket/toys/**/1.png",
        f"s3://bucket/{names[1]}",
        "s3://bucket/no",
    ]
    done = cvclassic("classify", toy_model_file, *args, "-q", env=env)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert paths(rows) == [
        f"s3://bucket/b.zip!{names[0]}",
        *(f"s3://bucket/{name}" for name in names),
        *(f"s3://bucket/{name}" for name in names if Path(name).name == "1.png"),
        f"s3://bucket/{names[1]}",
        "s3://bucket/no",
    ]
    assert [row["code"] for row in rows] == [""] * (len(rows) - 1) + ["not_found"]
    assert done.returncode == 1, done.stderr


@pytest.mark.slow
def test_a_missing_package_is_one_line(toys, toy_model_file) -> None:
    """As it is where the extras are not installed."""
    script = (
        "import sys\n"
        "sys.modules['fsspec'] = sys.modules['pyarrow'] = None\n"
        "from cvclassic_cli.main import main; main()\n"
    )
    for args, hint in (
        (["s3://bucket/a.png"], "s3:// needs fsspec. Install it: pip install 'cvclassic[cloud]'"),
        (["toys", "-o", "a.parquet"], "Parquet needs pyarrow. Install it: pip install"),
    ):
        done = subprocess.run(
            [command()[0].replace("cvclassic", "python"), "-c", script, "classify"]
            + [str(toy_model_file), *args],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert hint in one_line(done, 2)


def test_names_with_nul_are_records_also_beside_a_folder_of_images(cvclassic, tmp_path) -> None:
    """A list whose names end in NUL, read as lines: one record and no crash."""
    done = cvclassic(
        "detect", "edges", "-", "-o", "drawn", "--json", "a.jsonl", "-q",
        cwd=tmp_path, input=f"{tmp_path}/a.jpg\0{tmp_path}/b.jpg\0",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "path_invalid" in done.stderr
