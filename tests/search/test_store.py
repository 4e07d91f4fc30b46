"""The index on disk: changes, damage, crashes."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from cvclassic.errors import CvclassicError, IndexFileError, OutputLockedError
from cvclassic.images import write_image
from cvclassic.search import (
    ImageIndex,
    compact_index,
    index_images,
    index_numbers,
    remove_images,
    verify_index,
)
from cvclassic.search.store import open_folder, writing
from tests.search.conftest import textured


def names(path) -> list[str]:
    return sorted(os.path.basename(name) for _, _, name in open_folder(path).names())


def test_known_images_are_passed_over(index_path, photos):
    again = index_images(index_path, sorted(map(str, photos.iterdir())))
    assert (again.n_added, again.n_known, again.n_images) == (0, 12, 12)


def test_changed_images_are_replaced(index_path, photos):
    write_image(photos / "03.png", textured(50))
    result = index_images(index_path, sorted(map(str, photos.iterdir())))
    assert (result.n_added, result.n_replaced, result.n_images) == (0, 1, 12)
    hit = ImageIndex.open(index_path).query(textured(50), top=1)[0]
    assert hit.path.endswith("03.png")
    assert hit.n_inliers > 12


def test_bad_files_are_reported_and_left_out(index_path, photos):
    (photos / "bad.jpg").write_bytes(b"\xff\xd8nothing")
    write_image(photos / "blank.png", np.full((64, 64, 3), 9, np.uint8))
    result = index_images(index_path, sorted(map(str, photos.iterdir())))
    assert [os.path.basename(path) for path, _, _ in result.failures] == ["bad.jpg"]
    assert [code for _, code, _ in result.warnings] == ["no_features"]
    assert result.n_images == 13


def test_removed_images_are_gone(index_path, photos, images):
    n, missing = remove_images(index_path, [str(photos / "04.png"), "no/such.png"])
    assert (n, missing) == (1, ["no/such.png"])
    assert "04.png" not in names(index_path)
    hits = ImageIndex.open(index_path).query(images[4], top=20)
    assert len(hits) == 11
    assert not any(hit.path.endswith("04.png") for hit in hits)
    before = b"".join(p.read_bytes() for p in index_path.iterdir() if p.is_file())
    assert b"04.png" in before
    compact_index(index_path)
    after = b"".join(p.read_bytes() for p in index_path.iterdir() if p.is_file())
    assert b"04.png" not in after
    numbers = verify_index(index_path)
    assert (numbers["n_images"], numbers["n_removed"], numbers["n_segments"]) == (11, 0, 1)


def test_a_folder_is_removed_as_a_whole_and_can_be_filled_again(index_path, photos, images):
    assert remove_images(index_path, [str(photos)])[0] == 12
    compact_index(index_path)
    assert index_numbers(index_path)["n_images"] == 0
    assert len(ImageIndex.open(index_path).query(images[0])) == 0
    assert index_images(index_path, sorted(map(str, photos.iterdir()))).n_added == 12


def test_readers_go_on_while_the_index_changes(index_path, photos, images):
    reader = ImageIndex.open(index_path)
    remove_images(index_path, [str(photos / "01.png")])
    compact_index(index_path)
    assert reader.query(images[1], top=1)[0].path.endswith("01.png")


def test_one_writer_at_a_time(index_path):
    with writing(index_path), pytest.raises(OutputLockedError, match="another command"):
        compact_index(index_path)


def test_read_only_disks(index_path, images):
    for path in [*index_path.iterdir(), index_path]:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert ImageIndex.open(index_path).query(images[6], top=1)[0].path.endswith("06.png")
    finally:
        index_path.chmod(0o755)


def test_what_is_no_index(tmp_path):
    with pytest.raises(IndexFileError, match="there is no image index"):
        ImageIndex.open(tmp_path)
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(IndexFileError, match="not the list of an image index"):
        ImageIndex.open(tmp_path)


def test_entries_cannot_lead_out_of_the_folder(index_path):
    from cvclassic.search.store import _digest_of, _text_of

    content = json.loads((index_path / "index.json").read_text())
    del content["digest"]
    content["segments"][0]["file"] = "../evil"
    assert _digest_of(content)
    (index_path / "index.json").write_bytes(_text_of(content))
    with pytest.raises(IndexFileError, match="damaged"):
        ImageIndex.open(index_path)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Damage of some kind."""
    kind = rng.randrange(4)
    at = rng.randrange(len(data))
    if kind == 0:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    if kind == 1:
        return data[:at]
    if kind == 2:
        return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at:]
    width = rng.randrange(1, 64)
    return data[:at] + bytes(min(width, len(data) - at)) + data[at + width :]


@pytest.mark.parametrize("rounds", [120, pytest.param(5000, marks=pytest.mark.slow)])
def test_damaged_files_give_an_error_or_the_right_answer(index_path, photos, images, rounds):
    remove_images(index_path, [str(photos / "11.png")])
    truth = ImageIndex.open(index_path).kneighbors(images[:1], n_neighbors=11)
    files = [path for path in sorted(index_path.iterdir()) if not path.name.startswith(".")]
    contents = {path: path.read_bytes() for path in files}
    rng = random.Random(0)
    n_errors = 0
    for _ in range(rounds):
        path = rng.choice(files)
        data = mutate(contents[path], rng)
        path.write_bytes(data)
        try:
            found = ImageIndex.open(index_path).kneighbors(images[:1], n_neighbors=11)
            assert np.array_equal(found[1], truth[1])
            assert np.array_equal(found[0], truth[0])
            if data != contents[path]:
                with pytest.raises(CvclassicError):
                    verify_index(index_path)
        except CvclassicError:
            n_errors += 1
        path.write_bytes(contents[path])
    assert n_errors > rounds / 2
    verify_index(index_path)


CHURN = """
import os, sys
from cvclassic.search import compact_index, index_images, remove_images
from cvclassic.batch import Work
from pathlib import Path
index, folder = sys.argv[1:]
files = sorted(map(str, Path(folder).iterdir()))
one = Work(n_jobs=1)
for _ in sys.stdin:  # a process forks faster than Python starts
    child = os.fork()
    if child:
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)
        continue
    while True:
        remove_images(index, files[:6])
        index_images(index, files, work=one)
        remove_images(index, files[3:9])
        compact_index(index)
        index_images(index, files, work=one)
"""


@pytest.mark.parametrize("rounds", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_opens_valid(index_path, photos, rounds, tmp_path):
    rng = random.Random(1)
    kept = {"09.png", "10.png", "11.png"}
    command = [sys.executable, "-c", CHURN, str(index_path), str(photos)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for number in range(rounds):
            process.stdin.write("go\n")
            process.stdin.flush()
            child = int(process.stdout.readline())
            time.sleep(rng.uniform(0, 0.4))
            os.kill(child, signal.SIGKILL)
            assert process.stdout.readline() == "ended\n"
            verify_index(index_path)
            assert kept <= set(names(index_path))
            if number % 8 == 7:
                check_it_can_be_mended(index_path, photos, tmp_path / "copy")
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def check_it_can_be_mended(index_path, photos, copy):
    """Indexing again completes it, and compacting leaves nothing over."""
    shutil.copytree(index_path, copy)
    index_images(copy, sorted(map(str, photos.iterdir())))
    assert names(copy) == [f"{i:02d}.png" for i in range(12)]
    compact_index(copy)
    assert len([p for p in copy.iterdir() if not p.name.startswith(".")]) == 3
    shutil.rmtree(copy)
