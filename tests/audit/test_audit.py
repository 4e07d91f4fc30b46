"""Audit: planted faults are found, and what is well is left alone."""

import shutil

import cv2
import numpy as np
import pytest

from cvclassic.audit import (
    Finding,
    Listed,
    audit_images,
    choose_moves,
    difference_bits,
    find_empty_classes,
    fingerprint,
    group_pairs,
    judge_images,
    list_folders,
    list_manifest,
    move_findings,
    near_pairs,
    quick_audit,
    scan_images,
    sharpness_of,
)
from cvclassic.audit.near_duplicates import MAX_DISTANCE
from cvclassic.errors import DataError, ParameterError
from cvclassic.images import (
    Fault,
    LabeledImages,
    load_dataset,
    load_folder,
    resize_to,
    write_image,
)


def scene(seed: int, height: int = 150, width: int = 200) -> np.ndarray:
    """An image like no other: smooth shapes and grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (6, 8, 3), np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(-12, 13, image.shape)
    return np.clip(image.astype(int) + grain, 0, 255).astype(np.uint8)


def found(audit, kind: str) -> list[set[str]]:
    """Base names of the images of each finding."""
    return [{p.path.rsplit("/", 1)[-1] for p in one.images} for one in audit.of_kind(kind)]


@pytest.fixture
def folder(tmp_path):
    """Two classes of four good images each."""
    for i in range(8):
        label = tmp_path / ("a" if i < 4 else "b")
        label.mkdir(exist_ok=True)
        write_image(label / f"{i}.png", scene(i))
    return tmp_path


def audit(*folders, **limits):
    return audit_images(list_folders(folders), n_jobs=2, **limits)


def test_a_good_set_has_no_findings(folder) -> None:
    result = audit(folder)
    assert result.findings == []
    assert result.n_images == 8
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
    (folder / "other").mkdir()
    write_image(folder / "other" / "9.png", scene(9))  # beside the splits
    assert [one.split for one in list_folders([folder]) if not one.label] == [""]
    assert audit(folder).totals == {"loose": 1}
    (folder / "test").rename(folder / "exam")  # now they are classes
    assert {one.label for one in list_folders([folder])} == {"train", "exam", "other"}


def test_classes_by_name_empty_and_loose(folder) -> None:
    (folder / "c" / "below").mkdir(parents=True)
    (folder / "A").mkdir()
    write_image(folder / "A" / "9.png", scene(9))
    write_image(folder / "loose.png", scene(10))
    result = audit(folder, empty_classes=find_empty_classes([folder]))
    assert result.totals == {"loose": 1, "empty": 1, "spelling": 1, "single": 1}
    assert result.of_kind("empty")[0].detail == f"{folder}/c holds no images"
    assert result.of_kind("spelling")[0].detail == "classes 'A' and 'a'"


def test_formats_that_are_not_read_are_named_with_the_way_out(folder) -> None:
    for name in ("a/1.jxl", "b/2.cr2", "b/3.svg"):
        (folder / name).write_bytes(b"\xff\x0a" if name.endswith("jxl") else b"II*\0" * 8)
    result = audit(folder)
    assert result.totals["unsupported"] + result.totals.get("unreadable", 0) == 3
    assert "JPEG XL is not supported: convert it" in result.of_kind("unsupported")[0].detail


def test_images_without_features_on_request(folder) -> None:
    write_image(folder / "a" / "plain.png", np.tile(np.arange(90, 130, dtype=np.uint8), (60, 2)))
    listed = list(list_folders([folder]))

    def count(pixels):
        return 0 if pixels.shape[:2] == (60, 80) else 9

    scanned = list(scan_images(listed, count_features=count))
    assert found(judge_images(scanned, blur=0), "featureless") == [{"plain.png"}]
    assert not audit(folder, blur=0).of_kind("featureless")


def test_moving_findings(folder, tmp_path_factory) -> None:
    aside = tmp_path_factory.mktemp("aside") / "x"
    shutil.copy(folder / "a" / "0.png", folder / "a" / "copy.png")
    shutil.copy(folder / "a" / "1.png", folder / "b" / "copy.png")
    (folder / "b" / "broken.png").write_bytes(b"\x89PNG\r\n")
    before = {p.name: p.read_bytes() for p in folder.rglob("*.png")}
    moved = move_findings(audit(folder), [folder], aside, ["unreadable", "duplicate"])
    assert sorted(m.target for m in moved) == [f"{aside}/a/copy.png", f"{aside}/b/broken.png"]
    assert audit(folder).totals == {"conflict": 1}
    after = {p.name: p.read_bytes() for top in (folder, aside) for p in top.rglob("*.png")}
    assert after == before  # nothing is lost
    rows = (aside / "moved.csv").read_text().splitlines()
    assert rows[0] == "from,to,kind,detail"
    assert len(rows) == 3
    # a second time nothing is overwritten
    shutil.copy(folder / "a" / "0.png", folder / "a" / "copy.png")
    (again,) = move_findings(audit(folder), [folder], aside, ["duplicate"])
    assert again.target == f"{aside}/a/copy_2.png"
    assert (aside / "moved_2.csv").is_file()
    with pytest.raises(DataError, match="lies in"):
        move_findings(audit(folder), [folder], folder / "aside", ["duplicate"])
    with pytest.raises(ParameterError, match="kinds must be among"):
        move_findings(audit(folder), [folder], aside, ["single"])


def test_of_copies_the_test_image_stays() -> None:
    images = tuple(Listed(f"{s}.png", "a", s) for s in ("train", "valid", "test", "Test"))
    gone = choose_moves(Finding("leak", images, ""))
    assert [one.split for one in gone] == ["train", "valid", "Test"]
    assert len(choose_moves(Finding("conflict", images, ""))) == 4


def test_quick_audit(folder) -> None:
    for kind in ("train", "test"):
        for label in ("a", "b", "c"):
            (folder / "set" / kind / label).mkdir(parents=True)
    top = folder / "set"
    for i, name in enumerate(("a/0", "a/1", "b/2", "c/3")):
        write_image(top / "train" / f"{name}.png", scene(i))
        write_image(top / "test" / f"{name}.png", scene(i + 20))
    assert [note.code for note in quick_audit(load_folder(top))] == ["splits", "single"]
    shutil.copy(top / "train" / "a" / "0.png", top / "test" / "a" / "copy.png")
    shutil.copy(top / "train" / "a" / "1.png", top / "train" / "b" / "copy.png")
    shutil.copy(top / "train" / "b" / "2.png", top / "train" / "b" / "again.png")
    write_image(top / "loose.png", scene(50))
    for data in (load_folder(top), load_dataset(top)):
        notes = {note.code: note for note in quick_audit(data)}
        assert set(notes) - {"splits"} == {"leak", "conflict", "duplicate", "single", "loose"}
        assert len(notes["leak"].paths) == len(notes["conflict"].paths) == 2
        assert notes["single"].message.endswith(": c")
        assert notes["leak"].message.startswith("1 image is in the training set too")
    # what is missing or empty is no copy of anything
    assert quick_audit(LabeledImages(["gone", "gone too"] * 2, ["x", "y"] * 2)) == []


def test_a_manifest_tells_splits(folder) -> None:
    table = folder / "m.csv"
    table.write_text("path,label,split\na/0.png,a,train\na/0.png,a,test\nb/4.png,b,new\n")
    listed = list(list_manifest(table))
    assert [one.split for one in listed] == ["train", "test", "new"]
    assert audit_images(listed).totals == {"leak": 1, "single": 1}
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
    assert audit_images(pictures, n_jobs=1) == audit_images(pictures, n_jobs=4)


def test_what_is_no_folder(tmp_path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        list(list_folders([tmp_path / "none"]))
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="Got a file"):
        list(list_folders([tmp_path / "file"]))
    with pytest.raises(ParameterError, match="imbalance"):
        audit_images([Listed("missing.jpg")], imbalance=0)


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
