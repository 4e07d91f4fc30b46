"""Each command that walks files, over each kind of source: the same images, the same answers."""

import http.server
import io
import json
import os
import shutil
import tarfile
import threading
import zipfile
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner

from cvclassic.images import write_image
from tests.checks import pictures
from tests.faces.conftest import make_faces  # noqa: F401
from tests.objects.scenes import scenes

N = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Three images as a folder, in archives, in a manifest, behind a server."""
    top = tmp_path_factory.mktemp("sources")
    folder = top / "photos"
    folder.mkdir()
    for i, image in enumerate(pictures(N)):
        write_image(folder / f"{i}.png", image)
    with zipfile.ZipFile(top / "photos.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    with tarfile.open(top / "photos.tar.gz", "w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    lines = "".join(f"photos/{i}.png,cat\n" for i in range(N))
    (top / "list.csv").write_text(f"path,label\n{lines}")
    handler = partial(_Quiet, directory=top)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield top, f"http://127.0.0.1:{server.server_port}/photos/"
    server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


def sources(top, address) -> dict[str, tuple[list[str], bytes | None]]:
    """Kind of source -> arguments, and what is on standard input."""
    files = [str(top / "photos" / f"{i}.png") for i in range(N)]
    names = "".join(f"{name}\n" for name in files)
    return {
        "folder": ([str(top / "photos")], None),
        "files": (files, None),
        "zip": ([str(top / "photos.zip")], None),
        "tar": ([str(top / "photos.tar.gz")], None),
        "pattern": ([str(top / "photos" / "*.{png,jpg}")], None),
        "list": (["-"], names.encode()),
        "list from Windows": (["-"], names.replace("\n", "\r\n").encode("utf-16")),
        "NUL list": (["-0", "-"], names.replace("\n", "\0").encode()),
        "manifest": (["--manifest", str(top / "list.csv")], None),
        "file URLs": ([f"file://{name}" for name in files], None),
        "web": ([f"{address}{i}.png" for i in range(N)], None),
    }


@pytest.fixture(scope="module")
def commands(place, toy_model_file, make_faces, tmp_path_factory) -> dict[str, list[str]]:  # noqa: F811
    """Command -> its words before the sources; OUT stands for the file of records."""
    from cvclassic.faces import FaceLandmarks, Gallery, save_gallery, save_landmarks
    from cvclassic.objects import ObjectDetector, save_detector
    from cvclassic.search import index_images
    from cvclassic.segment import PixelClassifier, save_segmentation

    folder = tmp_path_factory.mktemp("for commands")
    gallery = Gallery("pixels", source="whole")
    gallery.enroll("Ann", [pictures(1)[0]])
    save_gallery(folder / "people.faces", gallery)
    first = str(place[0] / "photos" / "0.png")
    images, points = make_faces(10)
    save_landmarks(folder / "m.cvlandmarks", FaceLandmarks(n_starts=1).fit(images, points))
    half = np.zeros((64, 64), np.int32)
    half[:, 32:] = 1
    pixels = PixelClassifier(n_trees=2, depth=2, context=False, random_state=0)
    names = {"names": ["left", "right"], "values": [0, 255]}
    save_segmentation(folder / "m.cvsegment", pixels.fit(pictures(2), [half, half]), names)
    detector = ObjectDetector(n_trees=8, n_windows=6).fit(*scenes(4))
    save_detector(folder / "m.cvobjects", detector)
    index_images(folder / "photos.index", [first], n_words=10)
    return {
        "classify": ["classify", str(toy_model_file), "-o", "OUT"],
        "detect": ["detect", "corners", "--json", "OUT"],
        "filter": ["filter", "sobel_x", "-o", "DIR", "--json", "OUT"],
        "match": ["match", first, "--descriptor", "orb", "--views", "never", "--json", "OUT"],
        "explain": ["explain", str(toy_model_file), "--json", "OUT"],
        "faces detect": [
            "faces",
            "detect",
            "--fast",
            "--min-size",
            "0.9",
            "-o",
            "DIR",
            "--json",
        ],
        "faces identify": ["faces", "identify", str(folder / "people.faces"), "--json", "OUT"],
        "faces verify": ["faces", "verify", str(folder / "people.faces"), "Ann", "--json", "OUT"],
        "faces landmarks": ["faces", "landmarks", "-m", str(folder / "m.cvlandmarks"),
                            "--box", "8", "8", "48", "48", "-o", "DIR", "--json", "OUT"],
        "segment apply": ["segment", "apply", str(folder / "m.cvsegment"), "-o", "DIR",
                          "--json", "OUT"],
        "segment threshold": ["segment", "threshold", "-o", "DIR", "--json", "OUT"],
        "objects detect": ["objects", "detect", str(folder / "m.cvobjects"), "-o", "OUT"],
        "search query": ["search", "query", str(folder / "photos.index"), "--records", "OUT"],
        "audit": ["audit", "--fail-on", "none", "--records", "OUT"],
    }  # fmt: skip


NAMES = [
    "classify", "detect", "filter", "match", "explain", "faces detect", "faces identify",
    "faces verify", "faces landmarks", "segment apply", "segment threshold", "objects detect",
    "search query", "audit",
]  # fmt: skip
NO = {"faces verify": 1}  # the answer to what is asked


@pytest.mark.slow
@pytest.mark.parametrize("command", NAMES)
def test_each_command_over_each_kind_of_source(command, commands, place, tmp_path) -> None:
    from cvclassic_cli.main import main

    answers = {}
    for kind, (words, stdin) in sources(*place).items():
        if command == "explain" and kind == "manifest":
            continue  # its manifest lists training images
        if kind == "web":
            pytest.importorskip("aiohttp", reason="aiohttp is not installed (the extra cloud)")
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        (tmp_path / "out").mkdir()
        places = {"OUT": str(tmp_path / "out" / "a.jsonl"), "DIR": str(tmp_path / "out" / "d")}
        line = [places.get(word, word) for word in commands[command]]
        if command == "filter":  # where -0 begins a kernel
            words = ["--null" if word == "-0" else word for word in words]
        line += ["--engine", "threads", "-j", "1", *words]
        done = CliRunner().invoke(main, line, input=io.BytesIO(stdin or b""))
        assert done.exit_code == NO.get(command, 0), (command, kind, done.output)
        (written,) = (tmp_path / "out").rglob("*.jsonl")
        records = [json.loads(text) for text in written.read_text().splitlines()]
        assert len(records) == N, (command, kind)
        assert [record["status"] for record in records] == ["ok"] * N
        for record in records:
            del record["path"]
            for name in ("drawing", "labels", "image", "file"):
                record.pop(name, None)  # names of files
        answers[kind] = records
    for kind, found in answers.items():
        assert found == answers["folder"], (command, kind)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["faces enroll", "search index", "search add"])
def test_what_changes_a_file_takes_each_kind_of_source(command, place, tmp_path) -> None:
    from cvclassic.faces import Gallery, load_gallery, save_gallery
    from cvclassic.search import ImageIndex
    from cvclassic_cli.main import main

    for kind, (words, stdin) in sources(*place).items():
        if kind not in ("zip", "NUL list", "manifest", "web"):
            continue  # what walks them is tested above
        if kind == "web":
            pytest.importorskip("aiohttp", reason="aiohttp is not installed (the extra cloud)")
        out = str(tmp_path / kind)
        if command == "faces enroll":
            save_gallery(out, Gallery("pixels", source="whole"))
            line = ["faces", "enroll", out, "Ann", *words]
        elif command == "search add":
            first = str(place[0] / "photos" / "0.png")
            done = CliRunner().invoke(main, ["search", "index", first, "-o", out, "--words", "10"])
            line = ["search", "add", out, *words]
        else:
            line = ["search", "index", *words, "-o", out, "--words", "10"]
        done = CliRunner().invoke(main, line, input=io.BytesIO(stdin or b""))
        assert done.exit_code == 0, (command, kind, done.output)
        if command == "faces enroll":
            assert load_gallery(out).people == {"Ann": N}
        else:
            assert ImageIndex.open(out).n_images_ >= N


@pytest.mark.slow
def test_an_interrupted_run_of_any_command_is_resumed(commands, place, tmp_path) -> None:
    """The journal is the runner's, so that one command stands for all."""
    import cvclassic.detect
    from cvclassic.batch import Run, Sources
    from cvclassic_cli.main import main
    from cvclassic_cli.tasks.detect import DetectTask

    out = tmp_path / "a.jsonl"
    line = ["detect", "corners", str(place[0] / "photos"), "--json", str(out)]
    assert CliRunner().invoke(main, line).exit_code == 0
    whole = out.read_bytes()
    out.unlink()
    task = DetectTask("corners", {"harris": partial(cvclassic.detect.corners_harris)}, 2000, None)
    records = iter(Run(Sources((str(place[0] / "photos"),)), task, output=out))
    next(records)
    records.close()
    done = CliRunner().invoke(main, line)
    assert done.exit_code == 0, done.output
    assert "resuming an interrupted run" in done.stderr
    assert out.read_bytes() == whole


@pytest.mark.slow
def test_records_come_as_gz_and_on_standard_output(place, toy_model_file, tmp_path) -> None:
    from cvclassic_cli.main import main

    folder = str(place[0] / "photos")
    streamed = CliRunner().invoke(main, ["classify", str(toy_model_file), folder, "-o", "-", "-q"])
    assert streamed.exit_code == 0
    assert streamed.stdout.count("\n") == N + 1
    out = tmp_path / "a.csv.gz"
    done = CliRunner().invoke(main, ["classify", str(toy_model_file), folder, "-o", str(out), "-q"])
    assert done.exit_code == 0, done.output
    import gzip

    assert gzip.decompress(out.read_bytes()).decode() == streamed.stdout


@pytest.mark.slow
def test_standard_input_and_output_may_be_odd(cvclassic, place, toy_model_file, tmp_path) -> None:
    folder = place[0] / "photos"
    done = cvclassic("classify", toy_model_file, folder, "-o", "/dev/stdout", "-q")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == N + 1
    with open(tmp_path / "redirected", "wb") as file:
        import subprocess

        from tests.command_line import command

        words = [*command(), "classify", str(toy_model_file), str(folder), "-o", "/dev/stdout"]
        assert subprocess.run(words, stdout=file, stderr=subprocess.DEVNULL).returncode == 0
    assert (tmp_path / "redirected").read_text() == done.stdout
    import sys

    closed = f"import os, sys; os.close(0); os.execv({command()[0]!r}, sys.argv[1:])"
    for words, code in (([str(folder)], 0), (["-"], 2)):
        line = [sys.executable, "-c", closed, *command(), "classify", str(toy_model_file), *words]
        ended = subprocess.run(line, capture_output=True, text=True, timeout=120)
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_link_out_of_the_folder_is_not_followed(place, toy_model_file, tmp_path) -> None:
    from cvclassic_cli.main import main

    sorted_, outside = tmp_path / "sorted", tmp_path / "outside"
    sorted_.mkdir()
    outside.mkdir()
    for name in ("fine", "coarse", "middle"):
        os.symlink(outside, sorted_ / name)
    line = [
        "classify",
        str(toy_model_file),
        str(place[0] / "photos"),
        "-o",
        str(tmp_path / "a.csv"),
    ]
    done = CliRunner().invoke(main, [*line, "--sort-into", str(sorted_)])
    assert done.exit_code == 3
    assert "is a link to a place outside" in done.stderr
    assert not list(outside.iterdir())


@pytest.mark.slow
def test_formulas_are_defused(toy_model_file, tmp_path) -> None:
    from cvclassic_cli.main import main

    folder = tmp_path / "in"
    folder.mkdir()
    write_image(folder / "=1+1.png", np.array(pictures(1)[0]))
    line = ["classify", str(toy_model_file), "=1+1.png", "-o", str(tmp_path / "a.csv"), "-q"]
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert CliRunner().invoke(main, line).exit_code == 0
        assert "\n'=1+1.png,ok" in (tmp_path / "a.csv").read_text()
        assert CliRunner().invoke(main, [*line, "--raw-csv"]).exit_code == 0
        assert "\n=1+1.png,ok" in (tmp_path / "a.csv").read_text()
    finally:
        os.chdir(before)
