"""Nearest training images, and the browser of visual words."""

import numpy as np
import pytest

from cvclassic.classify import make_recipe
from cvclassic.errors import ParameterError
from cvclassic.explain import SimilarPictures, browse_words
from tests.checks import picture_labels, pictures


@pytest.fixture(scope="module")
def fisher_model():
    """A Fisher vector with a pyramid."""
    recipe = make_recipe("fast", n_gaussians=4, n_components=8, C=1.0, random_state=0)
    return recipe.fit(pictures(), picture_labels())


@pytest.mark.parametrize("kind", ["toy_model", "fisher_model"])
def test_a_training_picture_is_its_own_neighbor(kind, request):
    model = request.getfixturevalue(kind)
    similar = SimilarPictures(model, pictures(), picture_labels(), n_jobs=2)
    near = similar.nearest(pictures()[4], 3)
    assert near[0].index == 4
    assert near[0].similarity == pytest.approx(1, abs=1e-5)
    assert [one.similarity for one in near] == sorted((o.similarity for o in near), reverse=True)
    # every pair is a keypoint with itself
    assert len(near[0].parts) > 0
    np.testing.assert_array_equal(near[0].xy, near[0].matched_xy)
    assert (np.diff(near[0].parts) <= 0).all()
    assert near[0].label == picture_labels()[4]


def test_pairs_have_the_same_word(toy_model):
    from cvclassic.explain import explain_picture

    one, two = (explain_picture(toy_model, pictures()[i]) for i in (0, 3))
    similar = SimilarPictures(toy_model, pictures(), picture_labels())
    near = next(n for n in similar.nearest(pictures()[0], 12) if n.index == 3)
    for a, b in zip(near.xy, near.matched_xy, strict=True):
        left = set(one.words[(one.xy == a).all(axis=1)])
        right = set(two.words[(two.xy == b).all(axis=1)])
        assert left & right


def test_unreadable_and_blank_pictures_are_nobodys_neighbors(toy_model):
    images = [pictures()[0], "missing.png", np.zeros((64, 64), np.uint8)]
    similar = SimilarPictures(toy_model, images, ["a", "b", "c"])
    assert [(i, error.code) for i, error in similar.failures] == [(1, "not_found")]
    assert [near.index for near in similar.nearest(pictures()[3], 3)] == [0]
    with pytest.raises(ParameterError, match="as many as"):
        SimilarPictures(toy_model, images, ["a"])


def test_whole_pictures_have_neighbors_without_words(rng):
    images = rng.integers(0, 255, (8, 28, 28), np.uint8)
    model = make_recipe("pixels", "ridge").fit(images, list("abababab"))
    near = SimilarPictures(model, images, list("abababab")).nearest(images[5], 1)
    assert near[0].index == 5
    assert len(near[0].parts) == 0


@pytest.mark.parametrize("kind", ["toy_model", "fisher_model"])
def test_words(kind, request):
    model = request.getfixturevalue(kind)
    words, failures = browse_words(model, [*pictures(), "missing.png"], n_patches=4, n_jobs=2)
    assert [(i, error.code) for i, error in failures] == [(12, "not_found")]
    # fast has four Gaussians of SIFT and four of color
    numbers = list(range(15)) if kind == "toy_model" else sorted([0, 1, 2, 3] * 2)
    assert sorted(word.number for word in words) == numbers
    assert [w.weight for w in words] == sorted((w.weight for w in words), reverse=True)
    for word in words:
        assert len(word.patches) == min(4, word.n_images)
        assert word.weights.sum() == pytest.approx(0, abs=1e-6)
    again, _ = browse_words(model, pictures(), n_words=2, n_patches=4)
    assert [w.number for w in again] == [w.number for w in words[:2]]
    np.testing.assert_array_equal(again[0].patches[0], words[0].patches[0])


def test_weights_are_mean_shares(toy_model):
    """The weight of a word is what explanations give its keypoints, in the mean."""
    from cvclassic.explain import explain_picture

    words, _ = browse_words(toy_model, pictures())
    classes = toy_model.classes_.tolist()
    for word in words[:3]:
        total = 0.0
        for image in pictures():
            found = explain_picture(toy_model, image, "fine", "coarse")
            total += found.shares[found.words == word.number].sum()
        gap = word.weights[classes.index("fine")] - word.weights[classes.index("coarse")]
        assert gap == pytest.approx(total / word.n_images, rel=1e-4, abs=1e-7)


def test_words_of_whole_pictures(rng):
    model = make_recipe("pixels", "ridge").fit(
        rng.integers(0, 255, (8, 28, 28), np.uint8), list("abababab")
    )
    with pytest.raises(ParameterError, match="no visual words"):
        browse_words(model, pictures())
