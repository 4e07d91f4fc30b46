"""Nothing of somebody else's is replaced by what a command writes."""

import click
import numpy as np
import pytest

pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

from cvclassic._basics.atomic import check_writable
from cvclassic._basics.marks import is_own_file, mark_image
from cvclassic.images import decode_image, encode_image, write_image
from cvclassic_cli.main import main
from cvclassic_cli.shared.outputs import (
    FORCE,
    OutputFile,
    OutputFolder,
    RecordsFile,
    TextFile,
    check_bundle_output,
)

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


# What is checked later: models by their content, folders by what goes into them, ONNX files always.
ELSEWHERE = {
    ("train", "--output"),
    ("search index", "--output"),
    ("network convert", "--output"),
}
WRITES = ("write", "draw", "file for the", "file to", "plot to", "page about", "moments to")


def written_files() -> dict[tuple[str, str], tuple[click.Command, click.Parameter]]:
    """Options of all commands that name a file to write."""
    found = {}
    for words, command in commands(main):
        for option in command.params:
            path, says = option.type, (getattr(option, "help", None) or "").lower()
            if not isinstance(path, click.Path) or not path.file_okay or path.exists:
                continue
            if isinstance(path, OutputFile) or "--output" in option.opts or says.startswith(WRITES):
                found[" ".join(words), option.opts[-1]] = command, option
    return found


def test_no_folder_is_named_like_a_file(tmp_path, monkeypatch) -> None:
    """``-o c.png`` of a command that writes a folder is a mistake, and makes none."""
    monkeypatch.chdir(tmp_path)
    folders = [
        (" ".join(words), option)
        for words, command in commands(main)
        for option in command.params
        if isinstance(option.type, OutputFolder)
    ]
    assert {"faces detect", "segment apply", "classify"} <= {words for words, _ in folders}
    (tmp_path / "there.png").mkdir()
    for _, option in folders:
        for good in ("found", "found/", "v1.2", "there.png"):
            assert option.type.convert(good, option, None) == good
        for bad in ("c.png", "new/c.JPG", "table.csv", "page.html"):
            with pytest.raises(click.BadParameter, match="expected a folder"):
                option.type.convert(bad, option, None)


def test_every_file_that_is_written_is_looked_at_before() -> None:
    """Whatever the command: a photo, a page, a note or a table of others is replaced by force."""
    found = written_files()
    assert len(found) >= 60
    for where, (command, option) in found.items():
        if where in ELSEWHERE:
            continue
        assert isinstance(option.type, OutputFile), where
        assert any("--force" in other.opts for other in command.params), where


OTHERS_FILES = {
    "photo.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "drawing.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "page.html": b"<!doctype html><title>about cvclassic</title>",
    "notes.txt": b"my notes on cvclassic",
    "settings.json": b'{\n  "editor": "cvclassic"\n}',
    "birds.csv": b"path,label\na.jpg,robin\n",
    "clip.mp4": b"\0\0\0\x20ftypisom",
    "plot.svg": b"<?xml version='1.0'?><svg><dc:title>Inkscape</dc:title></svg>",
    "paper.pdf": b"%PDF-1.4 /Creator (LaTeX)",
}


@pytest.mark.parametrize("name", OTHERS_FILES)
def test_files_of_others_are_kept(name, tmp_path) -> None:
    path = tmp_path / name
    path.write_bytes(OTHERS_FILES[name])
    for where, (command, option) in written_files().items():
        if where in ELSEWHERE:
            continue
        with click.Context(command) as context:
            with pytest.raises(click.BadParameter, match=r"exists and .* --force"):
                option.type.convert(str(path), option, context)
            context.meta[FORCE] = True
            assert option.type.convert(str(path), option, context) == str(path)


def test_an_image_of_a_run_may_be_written_again_and_a_photo_not(in_process, tmp_path) -> None:
    photo, drawn = tmp_path / "photo.png", tmp_path / "soft.jpg"
    write_image(photo, np.full((20, 30, 3), 90, np.uint8))
    before = photo.read_bytes()
    for _ in range(2):
        assert in_process("filter", "box", photo, "-o", drawn).returncode == 0
    write_image(drawn, np.zeros((9, 9), np.uint8))
    kept = drawn.read_bytes()
    done = in_process("filter", "box", photo, "-o", drawn)
    assert done.returncode == 2
    assert "exists and was not written by cvclassic" in " ".join(done.stderr.split())
    assert drawn.read_bytes() == kept
    assert in_process("filter", "box", photo, "-o", drawn, "--force").returncode == 0
    assert drawn.read_bytes() != kept
    assert photo.read_bytes() == before


def test_a_folder_of_results_may_hold_photos_of_the_same_name(in_process, tmp_path) -> None:
    """A label image is called as its image is; a photo in that folder stays."""
    photo, folder = tmp_path / "a.jpg", tmp_path / "found"
    write_image(photo, np.full((20, 30, 3), 90, np.uint8))
    folder.mkdir()
    write_image(folder / "a.png", np.zeros((9, 9), np.uint8))
    kept = (folder / "a.png").read_bytes()
    done = in_process("segment", "threshold", photo, "-o", folder)
    assert done.returncode == 3
    assert "a.png exists and was not written by cvclassic" in done.stderr
    assert (folder / "a.png").read_bytes() == kept
    for more in (["--force"], []):
        assert in_process("segment", "threshold", photo, "-o", folder, *more).returncode == 0


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_the_mark_changes_no_pixel(suffix, rng, tmp_path) -> None:
    pixels = rng.integers(0, 255, (30, 40, 3), np.uint8)
    data = encode_image(pixels, suffix)
    path = tmp_path / f"x{suffix}"
    path.write_bytes(data)
    assert not is_own_file(path)
    path.write_bytes(mark_image(data))
    assert is_own_file(path)
    assert (decode_image(mark_image(data)).pixels == decode_image(data).pixels).all()


@pytest.mark.parametrize("name", BINARY)
def test_binary_files_are_kept(name, in_process, tmp_path) -> None:
    path = tmp_path / name
    path.write_bytes(BINARY[name])
    done = in_process("search", "info", tmp_path / "i", "--json", path)
    assert done.returncode == 2
    assert "exists and was not written by cvclassic" in " ".join(done.stderr.split())
    assert path.read_bytes() == BINARY[name]


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b'{\n "scores": 1\n}', b"[\n {"])
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
    assert done.returncode == 2
    assert "photo.jpg is a file, not a folder" in " ".join(done.stderr.split())
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
    for more, text in (([], "was not written by cvclassic"), (["--force"], "is an input")):
        done = in_process("video", "track", clip, "-o", out, *box, "--video", clip, *more)
        assert done.returncode == 2
        assert text in " ".join(done.stderr.split())
    assert not out.exists()
