"""The index on disk: changes, damage, crashes."""

import json
import os
import random
import shutil

import numpy as np
import pytest

from benchmarks.search_faults import attack, killed
from cvclassic.errors import IndexFileError, OutputLockedError
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


def test_many_small_segments_are_merged(index_path, images, monkeypatch):
    monkeypatch.setattr("cvclassic.search.indexing.SEGMENT_IMAGES", 2)
    monkeypatch.setattr("cvclassic.search.store._ALIKE", 3)
    folder = index_path.parent / "more"
    folder.mkdir()
    for i in range(9):
        write_image(folder / f"n{i}.png", textured(60 + i))
    index_images(index_path, sorted(map(str, folder.iterdir())))
    numbers = verify_index(index_path)
    assert (numbers["n_images"], numbers["n_segments"]) == (21, 2)
    assert ImageIndex.open(index_path).query(textured(65), top=1)[0].path.endswith("n5.png")


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


@pytest.mark.parametrize("rounds", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_damaged_files_give_an_error_or_the_right_answer(index_path, photos, images, rounds):
    """``python -m benchmarks search faults`` does it thousands of times."""
    remove_images(index_path, [str(photos / "11.png")])
    found = attack(index_path, images[0], rounds, random.Random(0))
    assert found["wrong"] == 0
    assert found["refused"] > rounds / 2
    verify_index(index_path)


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [4, pytest.param(24, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_opens_valid(index_path, photos, rounds, tmp_path):
    kept = {"09.png", "10.png", "11.png"}
    for number in killed(index_path, photos, rounds, random.Random(1)):
        verify_index(index_path)
        assert kept <= set(names(index_path))
        if number % 8 == 3:
            check_it_can_be_mended(index_path, photos, tmp_path / "copy")


def check_it_can_be_mended(index_path, photos, copy):
    """Indexing again completes it, and compacting leaves nothing over."""
    shutil.copytree(index_path, copy)
    index_images(copy, sorted(map(str, photos.iterdir())))
    assert names(copy) == [f"{i:02d}.png" for i in range(12)]
    compact_index(copy)
    assert len([p for p in copy.iterdir() if not p.name.startswith(".")]) == 3
    shutil.rmtree(copy)
