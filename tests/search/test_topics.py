"""Topics: groups of images that share words come apart."""

import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.report import write_topics_page
from cvclassic.search import ImageIndex, find_topics
from cvclassic.search.coding import ImageCode, ImageCoder
from cvclassic.search.topics import word_counts
from tests.search.test_parts import random_code, segment_from


def grouped_index(n_words: int = 60) -> ImageIndex:
    """30 images of three groups; each draws its words mostly from a third of the vocabulary."""
    rng = np.random.default_rng(0)
    codes = []
    for i in range(30):
        code = random_code(80, n_words, rng)
        own = rng.integers(0, n_words // 3, 80) + i % 3 * (n_words // 3)
        words = np.where(rng.random(80) < 0.8, own, code.words).astype(np.int32)
        codes.append(ImageCode(words, code.bits, code.places, (300, 300), code.vector, code.digest))
    index = ImageIndex()
    parts = [segment_from(codes[:20], n_words), segment_from(codes[20:], n_words)]
    coder = ImageCoder(None, None, None, None, None)
    index._use(coder, parts, [np.arange(20) == 5, np.zeros(10, bool)])
    return index


@pytest.mark.parametrize("method", ["lda", "plsa", "lsi"])
def test_groups_are_topics(method):
    found = find_topics(grouped_index(), 3, method=method)
    group = np.delete(np.arange(30) % 3, 5)
    assert len(found.images) == 29
    assert 5 not in found.images
    if method == "lsi":  # coordinates: the same group lies together
        rows = found.weights / np.linalg.norm(found.weights, axis=1, keepdims=True)
        cosine = rows @ rows.T
        np.fill_diagonal(cosine, -1)
        assert (group[cosine.argmax(axis=1)] == group).mean() > 0.95
        return
    assert np.allclose(found.weights.sum(axis=1), 1)
    assert np.allclose(found.words.sum(axis=1), 1)
    topic = found.weights.argmax(axis=1)
    for k in range(3):
        assert len(set(topic[group == k])) == 1
    assert len(set(topic)) == 3


def test_counts_are_those_of_the_images():
    index = grouped_index()
    counts, images = word_counts(index)
    code = index.searcher_.code_of(int(images[23]))
    assert np.array_equal(counts[[23]].toarray()[0], np.bincount(code.words, minlength=60))


def test_too_many_topics():
    with pytest.raises(ParameterError, match="n_topics must be at most 29"):
        find_topics(grouped_index(), 30)


def test_the_page_shows_images_and_words(index_path, tmp_path):
    index = ImageIndex.open(index_path)
    found = find_topics(index, 2)
    write_topics_page(tmp_path / "t.html", index, found, name="photos.index")
    page = (tmp_path / "t.html").read_text()
    assert page.count("<img") > 2 * 12
    assert "Topic 2" in page
