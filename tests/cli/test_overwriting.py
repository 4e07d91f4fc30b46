"""Nothing of somebody else's is replaced by what a command writes."""

import click
import numpy as np
import pytest

pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

from cvclassic._basics.atomic import check_writable
from cvclassic_cli.main import main
from cvclassic_cli.shared.outputs import RecordsFile, TextFile, check_bundle_output

TEXTS = {"--json", "--csv", "--edl", "--per-image"}
BINARY = {
    "photo.jpg": b"\xff\xd8\xff\xe0 JFIF",
    "image.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "old.cvmodel": b"\x10\0\0\0\0\0\0\0{}",
    "table.csv.gz": b"\x1f\x8b\x08\x08",
    "notes.pdf": b"%PDF-1.7",
}


def commands(group: click.Group, path=()):
    """Every command of the tree, with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_option_for_text_asks_what_is_there() -> None:
    found = 0
    for words, command in commands(main):
        for option in command.params:
            given = set(option.opts)
            if given & TEXTS and isinstance(option.type, click.Path):
                kind = RecordsFile if "--records" in given else TextFile
                assert isinstance(option.type, kind), (words, option.opts)
                found += 1
    assert found >= 20


@pytest.mark.parametrize("name", BINARY)
def test_binary_files_are_kept(name, in_process, tmp_path) -> None:
    path = tmp_path / name
    path.write_bytes(BINARY[name])
    done = in_process("search", "info", tmp_path / "i", "--json", path)
    assert done.returncode == 2
    assert "exists and is no text file" in " ".join(done.stderr.split())
    assert path.read_bytes() == BINARY[name]


@pytest.mark.parametrize("content", [b"", b"{}\n", "é\n".encode(), "é\n".encode("utf-16")])
def test_older_texts_may_be_written_again(content, tmp_path) -> None:
    path = tmp_path / "scores.json"
    path.write_bytes(content)
    assert TextFile().convert(str(path), None, None) == str(path)
    assert TextFile().convert("-", None, None) == "-"


def test_an_index_is_no_file(in_process, tmp_path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(BINARY["photo.jpg"])
    done = in_process("search", "index", tmp_path, "-o", photo, "-q", "-j", 1)
    assert done.returncode == 2
    assert "photo.jpg: is a file; an index is a folder." in done.stderr
    assert photo.read_bytes() == BINARY["photo.jpg"]


TRAIN = {
    "objects train": ["--labels", "c.json"],
    "segment train": ["--images", ".", "--masks", "."],
    "faces train-metric": ["."],
    "faces train-landmarks": [".", "--points", "c.json"],
}


@pytest.mark.parametrize("words", TRAIN)
@pytest.mark.parametrize("name", ["photo.jpg", "notes.txt"])
def test_what_is_trained_replaces_nothing_else(
    words, name, in_process, tmp_path, monkeypatch
) -> None:
    """Found before anything is read."""
    monkeypatch.chdir(tmp_path)
    content = BINARY.get(name, b"my notes on cvclassic")
    (tmp_path / name).write_bytes(content)
    (tmp_path / "c.json").write_text("{}")
    done = in_process(*words.split(), *TRAIN[words], "-o", name)
    assert done.returncode == 2
    assert "exists and was not written by cvclassic" in " ".join(done.stderr.split())
    assert (tmp_path / name).read_bytes() == content
    done = in_process(*words.split(), *TRAIN[words], "-o", "no/such/x")
    assert done.returncode == 3
    assert "the folder no/such does not exist" in " ".join(done.stderr.split())


def test_an_older_bundle_may_be_replaced(tmp_path) -> None:
    from cvclassic.models.bundles import save_bundle

    path = tmp_path / "x"
    path.write_bytes(b"")
    check_bundle_output(str(path))
    save_bundle(path, "cvclassic-landmarks", 1, {"x": np.arange(3)}, {})
    check_bundle_output(str(path))


@pytest.mark.parametrize("option", ["--records", "--json"])
def test_records_replace_no_image(option, in_process, tmp_path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(BINARY["photo.jpg"])
    done = in_process("detect", "edges", photo, "-o", tmp_path / "found", option, photo)
    assert done.returncode == 2
    assert photo.read_bytes() == BINARY["photo.jpg"]


OTHERS = {
    "birds.csv": b"path,label\na.jpg,robin\n",
    "own.json": b'{"settings": 1}',
    "own.jsonl": b"not JSON",
    "photo.jpg": BINARY["photo.jpg"],
    "x.parquet": b"\x89PNG",
    "x.csv.gz": b"plain",
}
RECORDS = {
    "old.csv": b"path,status,code,message,label\n",
    "old.json": b'[\n{"path": "a"',
    "none.json": b"[]\n",
    "old.jsonl": b'{"path": "a"',
    "old.parquet": b"PAR1",
    "old.sqlite": b"SQLite format 3\0",
    "old.csv.gz": b"\x1f\x8b",
    "empty.csv": b"",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_holds_no_records_is_kept(name, tmp_path) -> None:
    """Such as the manifest of the images that are classified."""
    (tmp_path / name).write_bytes(OTHERS[name])
    with pytest.raises(click.BadParameter, match="holds no records of cvclassic"):
        RecordsFile().convert(str(tmp_path / name), None, None)


@pytest.mark.parametrize("name", RECORDS)
def test_older_records_are_replaced(name, tmp_path) -> None:
    (tmp_path / name).write_bytes(RECORDS[name])
    assert RecordsFile().convert(str(tmp_path / name), None, None) == str(tmp_path / name)


def test_folders_that_are_files_and_folders_that_are_missing(in_process, tmp_path) -> None:
    """No message names a hidden file, or says only that something exists."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(BINARY["photo.jpg"])
    done = in_process("segment", "threshold", photo, "-o", photo)
    assert done.returncode == 3
    assert "photo.jpg: It is a file, not a folder" in done.stderr
    with pytest.raises(OSError, match=r"the folder .*no does not exist: '.*labels.csv'"):
        check_writable(tmp_path / "no" / "labels.csv")
    assert ".cvclassic-" not in done.stderr


def test_a_video_is_asked_for_before_the_work(in_process, tmp_path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"RIFF")
    clip, out = tmp_path / "clip.avi", tmp_path / "t.csv"
    box = ["--box", "1,1,9,9"]
    done = in_process("video", "track", clip, "-o", out, *box, "--video", tmp_path / "x.jpg")
    assert done.returncode == 2
    assert "a video must end in" in done.stderr
    done = in_process("video", "track", clip, "-o", out, *box, "--video", clip)
    assert done.returncode == 2
    assert "is an input" in done.stderr
    assert not out.exists()
