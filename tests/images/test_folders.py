"""Labeled folders and manifests."""

import io
import os
import unicodedata

import pytest

from cvclassic.errors import DataError
from cvclassic.images import (
    find_inputs,
    find_splits,
    load_dataset,
    load_folder,
    load_manifest,
    read_list,
    walk_manifest,
)
from tests.images.makers import encode, smooth

PICTURE = encode(smooth(8, 8, 1), "PNG")


def touch(path, data=PICTURE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_folder(tmp_path):
    for name in ("dog/2.png", "dog/1.png", "cat/kitten/3.png", "cat/4.jpg", "5.png"):
        touch(tmp_path / name)
    for name in ("dog/notes.txt", "dog/.hidden.png", ".git/6.png", "cat/Thumbs.db"):
        touch(tmp_path / name, b"words")
    found = load_folder(tmp_path)
    assert [os.path.relpath(path, tmp_path) for path in found.paths] == [
        "cat/4.jpg",
        "cat/kitten/3.png",
        "dog/1.png",
        "dog/2.png",
    ]
    assert found.labels == ["cat", "cat", "dog", "dog"]
    assert found.classes == ["cat", "dog"]
    assert found.counts == {"cat": 2, "dog": 2}
    assert len(found) == 4
    assert load_folder(str(tmp_path)) == found


def test_folder_errors(tmp_path):
    with pytest.raises(DataError, match=r"missing: there is no such folder"):
        load_folder(tmp_path / "missing")
    touch(tmp_path / "a.png")
    with pytest.raises(DataError, match="Got a file"):
        load_folder(tmp_path / "a.png")
    with pytest.raises(DataError, match="one sub-folder per class, found none"):
        load_folder(tmp_path)
    touch(tmp_path / "cat" / "1.png")
    with pytest.raises(DataError, match=r"at least 2 class folders\. Found only cat"):
        load_folder(tmp_path)
    assert load_folder(tmp_path, min_classes=1).counts == {"cat": 1}
    (tmp_path / "dog").mkdir()
    with pytest.raises(DataError, match="'dog' holds no images"):
        load_folder(tmp_path)
    os.mkdir(os.path.join(os.fsencode(tmp_path), b"caf\xe9"))
    with pytest.raises(DataError, match="not UTF-8"):
        load_folder(tmp_path)


def test_manifest(tmp_path):
    table = tmp_path / "pictures.csv"
    table.write_text(
        'path,label,split,remark\na/1.png,cat,train,\n"b, c.png",dog,test,good\n'
        "\n/x/é.png,dog,train,\n",
        encoding="utf-8",
    )
    every = load_manifest(table)
    assert every.paths == [f"{tmp_path}/a/1.png", f"{tmp_path}/b, c.png", "/x/é.png"]
    assert every.labels == ["cat", "dog", "dog"]
    assert load_manifest(table, split="train").paths == [f"{tmp_path}/a/1.png", "/x/é.png"]
    assert load_manifest(str(table), "test").labels == ["dog"]


def test_manifest_with_byte_order_mark_and_crlf(tmp_path):
    table = tmp_path / "pictures.csv"
    table.write_bytes("label,path\r\ncat,é.png\r\n".encode("utf-8-sig"))
    assert load_manifest(table).paths == [f"{tmp_path}/é.png"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "line 1: expected a header line with the column 'path'"),
        (b"thing,label\na,b\n", "line 1: .*no such column in: thing, label"),
        (b"path,label,path\na,b,c\n", "more than one column 'path'"),
        (b"path,label\n", "lists no images"),
        (b"path,label\na.png,cat\nb.png\n", "line 3: expected 2 columns"),
        (b"path,label\na.png,cat,dog\n", "line 2: expected 2 columns .* Got 3"),
        (b"path,label\na.png,\n", "line 2: the column 'label' is empty"),
        (b"path,label\n,cat\n", "line 2: the column 'path' is empty"),
        (b"path,label\ncaf\xe9.png,cat\n", "not UTF-8"),
        (b'path,label\n"a.png,cat\n', "line 2: not a CSV table"),
        (b"path,label\na\0.png,cat\n", "NUL"),
        (bytes(100), "line 1"),
    ],
)
def test_bad_manifests(tmp_path, text, message):
    table = tmp_path / "pictures.csv"
    table.write_bytes(text)
    with pytest.raises(DataError, match=message) as caught:
        load_manifest(table)
    assert str(table) in str(caught.value)


def test_splits(tmp_path):
    table = tmp_path / "pictures.csv"
    table.write_text("path,label,split\na,x,train\nb,x,test\nc,y,test\n")
    with pytest.raises(DataError, match=r"no split 'val'. The splits are 'test' \(2\), 'train'"):
        load_manifest(table, split="val")
    table.write_text("path,label\na,x\n")
    with pytest.raises(DataError, match="the column 'split'"):
        load_manifest(table, split="val")


def test_missing_manifest(tmp_path):
    with pytest.raises(DataError, match="there is no such manifest"):
        load_manifest(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="cannot be read"):
        load_manifest(tmp_path)


def test_caltech(data_dir):
    table = data_dir / "caltech101" / "manifest.csv"
    train, test = load_manifest(table, "train"), load_manifest(table, "test")
    assert len(train) == len(test) == 101 * 15
    assert set(train.counts.values()) == {15}
    assert not set(train.paths) & set(test.paths)
    assert os.path.isfile(train.paths[0])


def codes(data):
    return [note.code for note in data.notes]


LAYOUTS = [("train", "valid", "test"), ("Train", "val"), ("training", "testing"), ("train",)]


@pytest.mark.parametrize("names", LAYOUTS, ids="-".join)
def test_folders_of_splits(tmp_path, names):
    """The layout of torchvision, ultralytics and Roboflow is no set of the class "train"."""
    for n, name in enumerate(names, 1):
        for label in ("cat", "dog"):
            for i in range(n):
                touch(tmp_path / name / label / f"{i}.png")
    data = load_folder(tmp_path)
    assert data.counts == {"cat": 1, "dog": 1}
    assert codes(data) == ["splits"]
    assert not data.notes[0].is_fault
    assert f"{tmp_path / names[0]} is used" in data.notes[0].message
    for name in names[1:]:
        assert f"{tmp_path / name}" in data.notes[0].message
    assert list(data.parts.values()) == [f"{tmp_path / name}" for name in names]
    if len(names) > 1:
        last = load_folder(tmp_path, part="test", min_classes=1)
        assert last.counts == {"cat": len(names), "dog": len(names)}
    splits = load_dataset(tmp_path)
    assert splits.train.paths == data.paths
    assert [len(part) for part in splits.splits.values()] == [2 * n + 2 for n in range(len(names))]


def test_classes_that_are_called_like_splits_are_classes(tmp_path):
    for name in ("train", "bus", "tram"):
        touch(tmp_path / name / "1.png")
    assert load_folder(tmp_path).classes == ["bus", "train", "tram"]
    touch(tmp_path / "test" / "1.png")
    assert load_folder(tmp_path).classes == ["bus", "test", "train", "tram"]
    assert find_splits(tmp_path) == {}
    assert list(load_dataset(tmp_path).splits) == ["train"]


def test_test_images_without_classes_are_told_and_left_out(tmp_path):
    for label in ("cat", "dog"):
        touch(tmp_path / "train" / label / "1.png")
    touch(tmp_path / "test" / "1.png")
    touch(tmp_path / "annotations" / "1.json", b"{}")
    touch(tmp_path / "readme.png")
    data = load_dataset(tmp_path)
    assert list(data.splits) == ["train"]
    assert sorted(codes(data)) == ["left_out", "left_out", "loose"]
    assert load_folder(tmp_path).counts == {"cat": 1, "dog": 1}
    with pytest.raises(DataError, match="one sub-folder per class, found none"):
        load_folder(tmp_path, part="test")


def test_spellings_of_a_class_are_one(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    for n, name in enumerate((composed, decomposed, "dog", "dog ", "Cat", "cat")):
        touch(tmp_path / name / f"{n}.png")
    data = load_folder(tmp_path)
    assert data.counts == {"Cat": 1, "cat": 1, composed: 2, "dog": 2}
    assert codes(data) == ["capitals", "same_name", "same_name"]
    assert "'Cat' and 'cat' differ only in case" in data.notes[0].message


def test_empty_classes_and_loose_images(tmp_path):
    for name in ("a/1.png", "b/1.png", "loose.jpg", "notes.txt", "unread.heic"):
        touch(tmp_path / name, PICTURE if name.endswith("png") else b"words")
    (tmp_path / "c").mkdir()
    with pytest.raises(DataError, match="'c' holds no images"):
        load_folder(tmp_path)
    data = load_folder(tmp_path, skip_empty=True)
    assert data.classes == ["a", "b"]
    assert codes(data) == ["empty_class", "loose"]
    assert data.notes[1].paths == (f"{tmp_path}/loose.jpg", f"{tmp_path}/unread.heic")


def test_images_of_formats_that_are_not_read_are_listed(tmp_path):
    """Reading them says what to do; they do not vanish."""
    heif = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    for name in ("a/1.png", "a/2.HEIC", "a/3.jxl", "a/4.CR2", "a/5.svg", "a/6.txt", "b/1.png"):
        touch(tmp_path / name, b"words")
    touch(tmp_path / "b" / "photo", heif)
    assert load_folder(tmp_path).counts == {"a": 6 - 1, "b": 2}


MANIFEST = "Filename;Class;Subset\r\nA\\1.png; cat ;Train\r\nB\\2.png;dog;test \r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_manifests_from_windows(tmp_path, encoding, separator):
    table = tmp_path / "m.csv"
    table.write_bytes(MANIFEST.replace(";", separator).encode(encoding))
    data = load_manifest(table)
    assert data.paths == [f"{tmp_path}/A/1.png", f"{tmp_path}/B/2.png"]
    assert (data.labels, data.splits) == (["cat", "dog"], ["Train", "test"])
    assert load_manifest(table, split="train").labels == ["cat"]
    assert [item.path for item in walk_manifest(table, "TEST")] == [f"{tmp_path}/B/2.png"]
    splits = load_dataset(table, min_classes=1).splits
    assert {kind: part.labels for kind, part in splits.items()} == {
        "train": ["cat"],
        "test": ["dog"],
    }


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("path,label", "a.png,cat"),
        ("Path,LABEL", "a.png,cat"),
        ("label,path,file", "cat,a.png,x"),  # the name itself comes first
        ("image,category", "a.png,cat"),
        ("File Name,class-name", "a.png,cat"),
        ("sep=;\nfilepath;species;note, or not", "a.png;cat;, ,"),
        ("path;label,of", "a.png;cat"),
    ],
)
def test_spellings_of_headers(tmp_path, header, rows):
    table = tmp_path / "m.csv"
    table.write_text(f"{header}\n{rows}\n")
    if header.endswith(",of"):
        with pytest.raises(DataError, match="line 1: expected a header line"):
            load_manifest(table)
        return
    data = load_manifest(table)
    assert (data.paths, data.labels) == ([f"{tmp_path}/a.png"], ["cat"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,image,label\na,b,c\n", "more than one column 'path': file, image. Rename"),
        ("a.jpg,cat\nb.jpg,dog\n", r"header line with the column 'path' \(or paths, file"),
        ("path,label,Label\na,b,c\n", None),
        ("Path,PATH,label\na,b,c\n", "more than one column 'path': Path, PATH"),
    ],
)
def test_ambiguous_headers(tmp_path, text, message):
    table = tmp_path / "m.csv"
    table.write_text(text)
    if message is None:
        assert load_manifest(table).labels == ["b"]
        return
    with pytest.raises(DataError, match=message):
        load_manifest(table)


def test_names_with_backslashes_and_blanks_that_are_there_are_kept(tmp_path):
    touch(tmp_path / "a\\b.png")
    touch(tmp_path / " c.png")
    table = tmp_path / "m.csv"
    table.write_text("path,label\na\\b.png,x\n c.png,y\n d.png,z\n")
    assert load_manifest(table).paths == [
        f"{tmp_path}/a\\b.png",
        f"{tmp_path}/ c.png",
        f"{tmp_path}/d.png",
    ]


def test_repeated_rows_and_capitals_are_noted(tmp_path):
    table = tmp_path / "m.csv"
    table.write_text("path,label,split\na,x,t\na,y,t\nb,x,t\nb,x,T\nc,X,t\n")
    data = load_manifest(table)
    assert codes(data) == ["capitals", "capitals", "two_labels", "duplicate_rows"]
    assert data.notes[2].paths == (f"{tmp_path}/a",)
    assert data.notes[3].paths == (f"{tmp_path}/b",)
    assert "a is x and y" in data.notes[2].message
    assert len(data) == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [1, 3, 1 << 16])
def test_lists_from_windows(tmp_path, encoding, end, size):
    names = ["a.jpg", "b c.jpg", "é.jpg"]
    data = (end.join(names) + end).encode(encoding)

    class Pipe(io.RawIOBase):
        """Gives a few bytes at a time, as terminals do."""

        def __init__(self):
            self.rest = data

        def read(self, n=-1):
            piece, self.rest = self.rest[:size], self.rest[size:]
            return piece

    assert list(read_list(Pipe())) == names
    assert list(read_list(io.BytesIO(data))) == names


def test_a_name_that_ends_in_a_carriage_return_is_kept_if_it_is_there(tmp_path):
    touch(tmp_path / "a.png\r")
    (name,) = read_list(io.BytesIO(f"{tmp_path}/a.png\r\n".encode()))
    assert [item.path for item in find_inputs([name])] == [f"{tmp_path}/a.png\r"]


def test_sample_images_have_splits(root):
    found = find_splits(root / "sample_images" / "materials")
    assert "train" in found
    assert len(load_folder(root / "sample_images" / "materials").classes) > 1
