"""Manifests with several words per image."""

import pytest

from cvclassic.errors import DataError, ParameterError
from cvclassic.images import load_keywords, load_labeled


def write(folder, text: str, name: str = "m.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("sign", [";", "|", " ", ","])
@pytest.mark.parametrize("header", ["keywords", "Tags", "labels"])
def test_separators_and_headers(tmp_path, sign, header) -> None:
    cell = sign.join(["tiger", "grass", "tiger"])
    quoted = f'"{cell}"' if sign == "," else cell
    table = write(tmp_path, f"path,{header}\na.jpg,{quoted}\nb.jpg,sky\n")
    found = load_keywords(table)
    assert found.labels == [("grass", "tiger"), ("sky",)]
    assert found.counts == {"grass": 1, "sky": 1, "tiger": 1}
    assert found.is_multilabel


def test_words_of_two_parts_survive_where_a_separator_says_so(tmp_path) -> None:
    table = write(tmp_path, "path,keywords\na.jpg,polar bear; ice\nb.jpg,polar bear\n")
    assert load_keywords(table).labels == [("ice", "polar bear"), ("polar bear",)]


def test_one_row_per_image_and_word(tmp_path) -> None:
    table = write(tmp_path, "path,tag\na.jpg,polar bear\nb.jpg,ice\na.jpg,ice\n")
    found = load_keywords(table)
    assert found.labels == [("ice", "polar bear"), ("ice",)]
    assert len(found.paths) == 2


def test_same_data_from_wide_and_long_tables(tmp_path) -> None:
    wide = write(tmp_path, "path,keywords,split\na.jpg,x;y,train\nb.jpg,y,test\n")
    long = write(tmp_path, "path,keywords,split\na.jpg,y,train\na.jpg,x,train\nb.jpg,y,test\n", "l")
    for split in ("train", "test", None):
        assert load_keywords(wide, split=split).labels == load_keywords(long, split=split).labels


def test_images_without_words_are_left_out_and_noted(tmp_path) -> None:
    found = load_keywords(write(tmp_path, "path,keywords\na.jpg,x;y\nb.jpg,\nc.jpg, ; \n"))
    assert len(found) == 1
    assert [note.code for note in found.notes] == ["left_out"]
    assert "2 images" in found.notes[0].message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,words\na.jpg,x\n", "expected a header line with a column 'keywords'"),
        ("path,keywords\n", "lists no images"),
        ("path,keywords\na.jpg,\n", "none of the 1 image has keywords"),
        ("path,keywords\n,x\n", "line 2: the column 'path' is empty"),
        ("path,keywords,split\na.jpg,x,train\na.jpg,y,test\n", "in the splits 'train' and 'test'"),
        ("path,keywords,Keywords\na.jpg,x,y\n", "more than one column 'keywords'"),
    ],
)
def test_bad_tables(tmp_path, text, said) -> None:
    with pytest.raises(DataError, match=said):
        load_keywords(write(tmp_path, text))


def test_a_missing_split_names_those_there(tmp_path) -> None:
    table = write(tmp_path, "path,keywords,split\na.jpg,x,train\n")
    with pytest.raises(DataError, match=r"there is no split 'dev'\. The splits are 'train' "):
        load_keywords(table, split="dev")


def test_what_counts_as_keywords(tmp_path) -> None:
    """A column keywords beside none with a label; one called labels only where it holds several."""
    assert load_labeled(write(tmp_path, "path,keywords\na.jpg,x y\n")).is_multilabel
    assert load_labeled(write(tmp_path, "path,labels\na.jpg,x;y\n")).is_multilabel
    assert load_labeled(write(tmp_path, "path,labels\na.jpg,x y\n")).labels == ["x y"]
    both = write(tmp_path, "path,label,keywords\na.jpg,cat,x y\n")
    assert load_labeled(both).labels == ["cat"]
    assert load_labeled(both, labels="keywords").labels == [("x", "y")]


def test_a_folder_with_a_manifest(tmp_path) -> None:
    write(tmp_path, "path,tags\na.jpg,x;y\n", "manifest.csv")
    found = load_labeled(tmp_path, labels="tags")
    assert found.paths == [str(tmp_path / "a.jpg")]
    (tmp_path / "manifest.csv").unlink()
    with pytest.raises(DataError, match=r"expected a manifest.csv with the column 'tags'"):
        load_labeled(tmp_path, labels="tags")


def test_lists_in_memory() -> None:
    found = load_labeled(["a.jpg", "b.jpg"], labels=[["y", "x"], {"x"}])
    assert found.labels == [("x", "y"), ("x",)]
    with pytest.raises(ParameterError, match="Got 'sky' at place 1"):
        load_labeled(["a.jpg", "b.jpg"], labels=[["y"], "sky"])
