"""Files are found in a fixed order and none is lost (cases 11, 14 to 16, 20 to 22, 26)."""

import os
import random
import socket
import subprocess
import sys

import pytest

from cvclassic.errors import ImageReadError
from cvclassic.images import Fault, FoundFile, read_image, walk_images
from tests.images.makers import encode, smooth

PICTURE = encode(smooth(8, 8, 1), "PNG")


def paths(*tops, **options):
    """Paths found below one folder, relative to it; no faults allowed."""
    found = list(walk_images(tops, **options))
    assert all(isinstance(item, FoundFile) for item in found)
    return [os.path.relpath(item.path, tops[0]) for item in found]


def touch(path, data=PICTURE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_order_is_that_of_names(tmp_path):
    names = ["b.png", "a/z.png", "a/b/c.png", "a.png", "c/1.png", "a/10.png", "a/9.png"]
    random.Random(1).shuffle(names)
    for name in names:
        touch(tmp_path / name)
    expected = ["a.png", "b.png", "a/10.png", "a/9.png", "a/z.png", "a/b/c.png", "c/1.png"]
    assert paths(tmp_path) == expected
    assert paths(str(tmp_path)) == expected


def test_explicit_paths_always_come_back(tmp_path):
    touch(tmp_path / ".hidden.png")
    touch(tmp_path / "words.txt", b"words")
    given = [tmp_path / n for n in (".hidden.png", "words.txt", "missing.png", "words.txt")]
    found = list(walk_images([*given, f"{tmp_path}/a\0b", f"{tmp_path}/\ud800"]))
    assert [item.path for item in found] == [
        *map(str, given),
        f"{tmp_path}/a\0b",
        f"{tmp_path}/\ud800",
    ]


def test_hidden_names_are_skipped_inside_folders(tmp_path):
    for name in (".a.png", ".git/b.png", "c.png", "d/.e/f.png", "d/..g.png"):
        touch(tmp_path / name)
    assert paths(tmp_path) == ["c.png"]
    # But not if they are asked for.
    assert paths(tmp_path / ".git") == ["b.png"]


def test_everything_else_is_a_record(tmp_path):
    touch(tmp_path / "a.png")
    touch(tmp_path / "b.txt", b"words")
    touch(tmp_path / "c", b"")
    (tmp_path / "d.jpg").symlink_to("nothing")
    (tmp_path / "e.jpg").symlink_to("e.jpg")
    os.mkfifo(tmp_path / "f.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "g.jpg"))
    os.mkfifo(tmp_path / "h")
    codes = []
    for item in walk_images([tmp_path]):
        try:
            read_image(item.path)
            codes.append("ok")
        except ImageReadError as error:
            codes.append(error.code)
    assert codes == [
        "ok", "unsupported_format", "empty", "not_found", "symlink_loop",
        "not_regular", "not_regular", "not_regular",
    ]  # fmt: skip


def test_only_images(tmp_path):
    touch(tmp_path / "a.JPG", b"words")  # an image by name: reading will say what it is
    touch(tmp_path / "b.txt", b"words")
    touch(tmp_path / "c.txt")
    touch(tmp_path / "d")
    touch(tmp_path / "e", b"words")
    touch(tmp_path / "f.csv", b"path,label\n")
    (tmp_path / "g.jpg").symlink_to("nothing")
    (tmp_path / "h.txt").symlink_to("nothing")
    os.mkfifo(tmp_path / "i.jpg")
    os.mkfifo(tmp_path / "j")
    assert paths(tmp_path, only_images=True) == ["a.JPG", "c.txt", "d", "g.jpg", "i.jpg"]


def test_folder_that_is_named_like_a_picture(tmp_path):
    touch(tmp_path / "x.jpg" / "a.png")
    assert paths(tmp_path) == ["x.jpg", "x.jpg/a.png"]
    with pytest.raises(ImageReadError, match=r"expected a regular file\. Got a folder"):
        read_image(tmp_path / "x.jpg")


def test_cyclic_links_are_walked_once(tmp_path):
    touch(tmp_path / "a" / "1.png")
    touch(tmp_path / "b" / "2.png")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "b" / "to_a").symlink_to("../a")
    (tmp_path / "self").symlink_to(".")
    assert paths(tmp_path) == ["a/1.png", "b/2.png"]


def test_a_folder_keeps_its_own_name_before_that_of_a_link(tmp_path):
    touch(tmp_path / "top" / "z" / "1.png")
    (tmp_path / "top" / "a").symlink_to("z")
    touch(tmp_path / "elsewhere" / "2.png")
    (tmp_path / "top" / "b").symlink_to("../elsewhere")
    assert paths(tmp_path / "top") == ["z/1.png", "b/2.png"]


def test_two_links_to_a_file_are_two_records(tmp_path):
    touch(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("a.png")
    os.link(tmp_path / "a.png", tmp_path / "c.png")
    assert paths(tmp_path) == ["a.png", "b.png", "c.png"]


def test_names_that_are_not_utf8(tmp_path):
    name = b"caf\xe9"
    os.mkdir(os.path.join(os.fsencode(tmp_path), name))
    with open(os.path.join(os.fsencode(tmp_path), name, b"\xff.png"), "wb") as file:
        file.write(PICTURE)
    (found,) = walk_images([tmp_path])
    assert os.fsencode(found.path).endswith(b"caf\xe9/\xff.png")
    assert read_image(found.path).shape == (8, 8)


def test_paths_that_are_too_long_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i in range(30):
        with open(f"{i}.png", "wb") as file:
            file.write(PICTURE)
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    os.chdir(tmp_path)
    found = list(walk_images([tmp_path]))
    assert len(found) == 30
    assert max(len(item.path) for item in found) > 4096
    assert all(read_image(item.path).shape == (8, 8) for item in found)
    deepest = os.path.dirname(found[-1].path)
    assert [item.path for item in walk_images([deepest])] == [found[-1].path]


def test_unlistable_folder_is_a_fault(tmp_path):
    """In a child that is nobody, because root may list everything."""
    touch(tmp_path / "a.png")
    touch(tmp_path / "closed" / "b.png")
    touch(tmp_path / "open" / "c.png")
    (tmp_path / "closed").chmod(0)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.owner() == tmp_path.owner() and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o755)
    script = (
        "import os, sys\n"
        "from cvclassic.images import Fault, walk_images\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for item in walk_images([sys.argv[1]]):\n"
        "    print(os.path.basename(item.path), getattr(item, 'code', ''))\n"
    )
    try:
        found = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert found.stdout.split("\n")[:3] == ["a.png ", "closed permission", "c.png "]


def test_vanished_folder_is_a_fault(tmp_path):
    touch(tmp_path / "a.png")
    touch(tmp_path / "b" / "c.png")
    walk = walk_images([tmp_path])
    next(walk)
    (tmp_path / "b" / "c.png").unlink()
    (tmp_path / "b").rmdir()
    assert next(walk) == Fault(
        str(tmp_path / "b"), "not_found", "the folder cannot be listed: No such file or directory"
    )


def test_empty_folder(tmp_path):
    assert paths(tmp_path) == []
