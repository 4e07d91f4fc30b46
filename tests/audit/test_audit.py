"""Audit: planted faults are found, and what is well is left alone."""

import shutil

import cv2
import numpy as np
import pytest

from cvclassic.audit import (
    Listed,
    audit_pictures,
    difference_bits,
    fingerprint,
    group_pairs,
    list_folders,
    list_manifest,
    near_pairs,
    sharpness_of,
)
from cvclassic.audit.near_duplicates import MAX_DISTANCE
from cvclassic.errors import DataError, ParameterError
from cvclassic.images import Fault, resize_to, write_image


def scene(seed: int, height: int = 150, width: int = 200) -> np.ndarray:
    """A picture like no other: smooth shapes and grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (6, 8, 3), np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(-12, 13, image.shape)
    return np.clip(image.astype(int) + grain, 0, 255).astype(np.uint8)


def found(audit, kind: str) -> list[set[str]]:
    """Base names of the pictures of each finding."""
    return [{p.path.rsplit("/", 1)[-1] for p in one.pictures} for one in audit.of_kind(kind)]


@pytest.fixture
def folder(tmp_path):
    """Two classes of four good pictures each."""
    for i in range(8):
        label = tmp_path / ("a" if i < 4 else "b")
        label.mkdir(exist_ok=True)
        write_image(label / f"{i}.png", scene(i))
    return tmp_path


def audit(*folders, **limits):
    return audit_pictures(list_folders(folders), n_jobs=2, **limits)


def test_a_good_set_has_no_findings(folder) -> None:
    result = audit(folder)
    assert result.findings == []
    assert result.n_pictures == 8
    assert result.counts == {"a": {"": 4}, "b": {"": 4}}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: image, id="other file format"),
        pytest.param(lambda image: resize_to(image, 110), id="resized"),
        pytest.param(lambda image: cv2.convertScaleAbs(image, alpha=0.9, beta=15), id="brighter"),
        pytest.param(lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), id="gray"),
    ],
)
def test_near_duplicates_are_found(folder, change) -> None:
    write_image(folder / "a" / "copy.jpg", change(scene(1)), quality=60)
    result = audit(folder)
    assert found(result, "duplicate") == [{"1.png", "copy.jpg"}]
    assert result.findings[0].code == "near"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: image[:, ::-1], id="mirrored"),
        pytest.param(lambda image: image[::-1], id="upside down"),
        pytest.param(lambda image: np.rot90(image), id="turned"),
        pytest.param(lambda image: 255 - image, id="negative"),
        pytest.param(lambda image: image[:, :100], id="half"),
    ],
)
def test_other_pictures_are_no_duplicates(folder, change) -> None:
    write_image(folder / "a" / "copy.png", np.ascontiguousarray(change(scene(1))))
    assert audit(folder).findings == []


def test_copies_in_two_classes_are_a_conflict(folder) -> None:
    shutil.copy(folder / "a" / "2.png", folder / "b" / "copy.png")
    result = audit(folder)
    assert found(result, "conflict") == [{"2.png", "copy.png"}]
    assert result.findings[0].code == "exact"
    assert "'a', 'b'" in result.findings[0].detail


def test_copies_in_two_splits_come_first(folder, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("test")
    (other / "b").mkdir()
    shutil.copy(folder / "a" / "2.png", other / "b" / "copy.png")
    write_image(other / "b" / "9.png", scene(9))
    shutil.copy(folder / "a" / "3.png", folder / "a" / "again.png")
    result = audit(folder, other)
    assert [finding.kind for finding in result.findings] == ["leak", "duplicate"]
    assert found(result, "leak") == [{"2.png", "copy.png"}]
    assert "splits" in result.findings[0].detail
    assert "classes" in result.findings[0].detail


def test_folders_called_train_and_test_are_splits(folder) -> None:
    for split in ("train", "test"):
        (folder / split).mkdir()
    (folder / "a").rename(folder / "train" / "a")
    (folder / "b").rename(folder / "test" / "b")
    listed = list(list_folders([folder]))
    assert {(one.label, one.split) for one in listed} == {("a", "train"), ("b", "test")}
    (folder / "other").mkdir()  # now they are classes
    assert {one.label for one in list_folders([folder])} == {"train", "test"}


def test_a_manifest_tells_splits(folder) -> None:
    table = folder / "m.csv"
    table.write_text("path,label,split\na/0.png,a,train\na/0.png,a,test\nb/4.png,b,new\n")
    listed = list(list_manifest(table))
    assert [one.split for one in listed] == ["train", "test", "new"]
    assert audit_pictures(listed).totals == {"leak": 1, "single": 1}
    assert [one.split for one in list_manifest(table, "train")] == ["train"]


def test_poor_pictures_are_found(folder) -> None:
    write_image(folder / "a" / "blank.png", np.full((90, 120), 200, np.uint8))
    write_image(folder / "a" / "small.png", scene(20, 24, 40))
    soft = cv2.GaussianBlur(scene(21), (0, 0), 4)
    write_image(folder / "a" / "soft.png", soft)
    result = audit(folder)
    assert found(result, "blank") == [{"blank.png"}]
    assert found(result, "tiny") == [{"small.png"}]
    assert found(result, "blurred") == [{"soft.png"}]
    assert audit(folder, tiny=0, blur=0).totals == {"blank": 1}


def test_blank_pictures_are_not_called_copies_of_each_other(folder) -> None:
    for i in range(3):
        write_image(folder / "a" / f"blank{i}.png", np.full((90, 120), 80 * i, np.uint8))
    assert audit(folder).totals == {"blank": 3}


def test_broken_files_and_odd_ones_are_named_with_their_code(folder) -> None:
    (folder / "a" / "cut.png").write_bytes((folder / "a" / "0.png").read_bytes()[:900])
    (folder / "a" / "empty.jpg").touch()
    write_image(folder / "really.png", scene(30))
    (folder / "really.png").rename(folder / "b" / "named.jpg")
    result = audit(folder)
    assert {one.code for one in result.of_kind("unreadable")} == {"corrupt", "empty"}
    assert [one.code for one in result.of_kind("odd")] == ["ext_mismatch"]


def test_sizes_of_classes(folder) -> None:
    (folder / "c").mkdir()
    write_image(folder / "c" / "one.png", scene(40))
    for i in range(50, 60):
        write_image(folder / "a" / f"{i}.png", scene(i))
    result = audit(folder)
    assert result.totals == {"single": 1, "imbalance": 1}
    assert "'c'" in result.of_kind("single")[0].detail
    assert audit(folder, imbalance=14).totals == {"single": 1}


def test_the_same_findings_for_any_number_of_jobs(folder) -> None:
    shutil.copy(folder / "a" / "2.png", folder / "b" / "copy.png")
    pictures = list(list_folders([folder]))
    assert audit_pictures(pictures, n_jobs=1) == audit_pictures(pictures, n_jobs=4)


def test_what_is_no_folder(tmp_path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        list(list_folders([tmp_path / "none"]))
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="Got a file"):
        list(list_folders([tmp_path / "file"]))
    with pytest.raises(ParameterError, match="imbalance"):
        audit_pictures([Listed("missing.jpg")], imbalance=0)


def test_a_folder_that_cannot_be_listed_is_passed_on(tmp_path, monkeypatch) -> None:
    fault = Fault("x", "permission", "no")
    monkeypatch.setattr("cvclassic.audit.dataset_listing.walk_images", lambda *a, **k: [fault])
    assert list(list_folders([tmp_path])) == [fault]


def test_the_search_finds_what_comparing_all_pairs_finds(rng, monkeypatch) -> None:
    monkeypatch.setattr("cvclassic.audit.near_duplicates._BLOCK", 7)
    base = rng.integers(0, 256, (6, 16), np.uint8)
    bits = base[rng.integers(0, 6, 60)]
    flips = rng.random((60, 128)) < 0.06
    bits ^= np.packbits(flips, axis=1)
    tiny = np.tile(np.arange(256) // 2 - 64, (60, 1)).astype(np.int8)
    tiny[40:] = rng.integers(-100, 100, (20, 256))
    unpacked = np.unpackbits(bits, axis=1)
    wanted = [
        [i, j]
        for i in range(60)
        for j in range(i + 1, 60)
        if (unpacked[i] != unpacked[j]).sum() <= MAX_DISTANCE
        and np.corrcoef(tiny[i], tiny[j])[0, 1] >= 0.97
    ]
    assert len(wanted) > 20
    assert near_pairs(bits, tiny).tolist() == wanted


def test_groups_are_what_pairs_connect(rng) -> None:
    pairs = np.array([[0, 5], [5, 9], [2, 3], [7, 8]])
    assert group_pairs(10, pairs[rng.permutation(4)]) == [[0, 5, 9], [2, 3], [7, 8]]
    assert group_pairs(3, np.empty((0, 2), int)) == []


def test_the_hash_turns_over_with_the_picture_and_ignores_contrast() -> None:
    gray = cv2.cvtColor(scene(3), cv2.COLOR_RGB2GRAY)
    bits = difference_bits(gray)
    mirrored = difference_bits(np.ascontiguousarray(gray[:, ::-1]))[:64].reshape(8, 8)[:, ::-1]
    assert (mirrored != bits[:64].reshape(8, 8)).mean() > 0.9
    weak = (gray // 2 + 40).astype(np.uint8)
    assert (difference_bits(weak) != bits).sum() <= 6
    a, b = fingerprint(gray)[1].astype(float), fingerprint(weak)[1].astype(float)
    assert np.corrcoef(a, b)[0, 1] > 0.999


def test_blur_lowers_the_sharpness_and_contrast_does_not() -> None:
    gray = cv2.cvtColor(scene(3), cv2.COLOR_RGB2GRAY)
    levels = [sharpness_of(cv2.GaussianBlur(gray, (0, 0), s)) for s in (0.5, 1, 2, 4)]
    assert levels == sorted(levels, reverse=True)
    assert sharpness_of(gray // 2) == pytest.approx(sharpness_of(gray), rel=0.05)
