"""Words of an index: their file, and images found by them."""

import json

import numpy as np
import pytest

from cvclassic.errors import DataError, IndexFileError, ParameterError
from cvclassic.evaluate import score_rankings
from cvclassic.search import ImageIndex
from cvclassic.search.coding import ImageCode, ImageCoder
from cvclassic.search.maintenance import compact_index
from cvclassic.search.word_search import WordSearcher, query_words, rank_words
from cvclassic.search.words import (
    FILE,
    IndexWords,
    prune_words,
    read_words,
    words_of_manifest,
    write_words,
)
from tests.search.test_parts import random_code, segment_from

GROUPS = ("ice", "moss", "sand")


@pytest.fixture(scope="module")
def grouped():
    """An index of three groups of images, and the words of the first 15 images."""
    n_words, rng = 60, np.random.default_rng(0)
    codes = []
    for i in range(30):
        code = random_code(80, n_words, rng)
        own = rng.integers(0, n_words // 3, 80) + i % 3 * (n_words // 3)
        words = np.where(rng.random(80) < 0.8, own, code.words).astype(np.int32)
        codes.append(ImageCode(words, code.bits, code.places, (300, 300), code.vector, code.digest))
    index = ImageIndex()
    coder = ImageCoder(None, None, None, None, None)
    index._use(coder, [segment_from(codes, n_words)], [np.arange(30) == 5])
    name = index.searcher_.name
    images = {name(i): {GROUPS[i % 3]: 1.0} for i in range(15) if i != 5}
    return index, IndexWords(tuple(sorted(GROUPS)), images, "manifest")


def test_tagged_images_come_first_and_alike_ones_next(grouped) -> None:
    index, words = grouped
    searcher = WordSearcher(index, words)
    assert searcher.n_concepts == 3  # as many as there are groups
    for k, word in enumerate(GROUPS):
        scores = searcher.scores([word])
        assert scores[5] == -np.inf  # removed
        order = np.argsort(-scores, kind="stable")[:9]
        tagged = [i for i in range(15) if i % 3 == k and i != 5]
        assert set(order[: len(tagged)]) == set(tagged)
        assert all(i % 3 == k for i in order[len(tagged) :])  # by their visual words alone


def test_word_search_is_judged(grouped) -> None:
    index, words = grouped
    name = index.searcher_.name
    truth = {name(i): {GROUPS[i % 3]: 1.0} for i in range(15, 30)}
    rankings, relevance = rank_words(index, WordSearcher(index, words), truth)
    assert set(rankings) == set(GROUPS)
    assert set(rankings["ice"]) == set(truth)
    assert score_rankings(rankings, relevance).map > 0.9


def test_words_and_an_image_together(index_path, images) -> None:
    index = ImageIndex.open(index_path)
    name = index.searcher_.name
    words = IndexWords(("red", "rust"), {name(3): {"red": 1.0}, name(4): {"rust": 0.9}}, "model")
    searcher = WordSearcher(index, words)
    assert query_words(index, searcher, ["Rust"], top=1)[0].path == name(4)
    hits = query_words(index, searcher, ["rust"], [images[7]], top=3)
    assert {hit.index for hit in hits[:2]} == {7, 4}
    assert max(hits, key=lambda hit: hit.n_inliers).index == 7
    with pytest.raises(ParameterError, match=r"knows no word 'rusty'\. Did you mean"):
        query_words(index, searcher, ["rusty"])


def test_manifest_and_file(index_path, photos, tmp_path) -> None:
    manifest = photos / "tags.csv"
    manifest.write_text("path,tags\n01.png,red;blue\n02.png,blue\nelse.png,gray\n")
    index = ImageIndex.open(index_path)
    words = words_of_manifest(index, manifest, "tags")
    assert words.words == ("blue", "red")
    assert len(words.images) == 2
    assert read_words(index_path) is None
    write_words(index_path, words)
    assert read_words(index_path) == words
    assert ImageIndex.open(index_path).n_images_ == 12  # the file is no trouble to the index
    (tmp_path / "other.csv").write_text("path,tags\nnowhere.png,red\n")
    with pytest.raises(DataError, match="lists none of the images"):
        words_of_manifest(index, tmp_path / "other.csv", "tags")


def test_nothing_is_left_of_removed_images(index_path) -> None:
    from cvclassic.search.indexing import remove_images

    names = [name for _, _, name in _names(index_path)]
    images = {names[0]: {"secret": 1.0}, names[1]: {"plain": 1.0}}
    write_words(index_path, IndexWords(("plain", "secret"), images, "manifest"))
    remove_images(index_path, [names[0]])
    compact_index(index_path)
    text = (index_path / FILE).read_text()
    assert "secret" not in text
    assert names[0] not in text
    assert read_words(index_path).words == ("plain",)
    prune_words(index_path, names)
    assert (index_path / FILE).read_text() == text


def _names(path):
    from cvclassic.search.store import open_folder

    return open_folder(path).names()


def test_damaged_files_are_refused(index_path) -> None:
    words = IndexWords(("a", "b"), {"x.png": {"a": 1.0}, "y.png": {"b": 0.5}}, "model")
    write_words(index_path, words)
    file = index_path / FILE
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(whole)
        at = int(rng.integers(len(broken)))
        broken[at] = int(rng.integers(256))
        file.write_bytes(broken if rng.random() < 0.7 else whole[:at])
        try:
            found = read_words(index_path)
        except IndexFileError:
            continue
        assert found == words
    content = json.loads(whole)
    content["images"]["x.png"] = [[7, 1.0]]
    file.write_text(json.dumps(content))
    with pytest.raises(IndexFileError, match="checksum differs"):
        read_words(index_path)
