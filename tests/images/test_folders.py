"""Labeled folders and manifests."""

import os

import pytest

from cvclassic.errors import DataError
from cvclassic.images import load_folder, load_manifest
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
    with pytest.raises(DataError, match="Found no sub-folder"):
        load_folder(tmp_path)
    touch(tmp_path / "cat" / "1.png")
    with pytest.raises(DataError, match=r"at least 2 class folders\. Found only cat"):
        load_folder(tmp_path)
    assert load_folder(tmp_path, min_classes=1).counts == {"cat": 1}
    (tmp_path / "dog").mkdir()
    with pytest.raises(DataError, match="'dog' holds no picture"):
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
        (b"", "line 1: expected the columns path, label"),
        (b"file,label\na,b\n", "line 1: .*no column 'path' in: file, label"),
        (b"path,label,path\na,b,c\n", "more than one column 'path'"),
        (b"path,label\n", "lists no picture"),
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
    with pytest.raises(DataError, match="no column 'split'"):
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
