"""Drawings of explanations, words and predictions."""

import dataclasses

import numpy as np
import pytest

from cvclassic.draw import (
    draw_explanation,
    draw_neighbors,
    draw_prediction,
    draw_words,
    mark_shares,
    overlay_shares,
    share_map,
)
from cvclassic.draw.explanations import AGAINST, FOR
from cvclassic.draw.panels import PAPER
from cvclassic.draw.typesetting import cut_text, font_of
from cvclassic.draw.words import telling_classes
from cvclassic.explain import (
    SimilarPictures,
    VisualWord,
    browse_words,
    explain_picture,
    find_flipping_set,
)
from cvclassic.report import words_page
from tests.checks import picture_labels, pictures

HOSTILE = "<script>\x1b[2J\n\udcff" + "w" * 300


def near(pixels: np.ndarray, color: tuple) -> np.ndarray:
    return (np.abs(pixels.astype(int) - color).max(axis=2) < 12).sum()


@pytest.fixture
def found(toy_model):
    """Explanation of a toy."""
    return explain_picture(toy_model, pictures()[0])


def test_the_map_keeps_signs_and_places(found):
    shares = np.zeros(len(found))
    left, right = found.xy[:, 0].argmin(), found.xy[:, 0].argmax()
    shares[left], shares[right] = 1.0, -0.5
    one = dataclasses.replace(found, shares=shares)
    heat = share_map(one, (128, 128))
    assert heat[:, :64].sum() > 0 > heat[:, 64:].sum()
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    np.testing.assert_allclose([x, y], (found.xy[left] + 0.5) * 2 - 0.5, atol=2)


def test_colors_say_for_and_against(found):
    picture = np.full((64, 64, 3), 128, np.uint8)
    for sign, color, other in ((1, FOR, AGAINST), (-1, AGAINST, FOR)):
        one = dataclasses.replace(found, shares=sign * np.abs(found.shares))
        marks = mark_shares(picture, one)
        assert near(marks, color) > 0
        assert near(marks, other) == 0
        heat = overlay_shares(picture, one).astype(int)
        assert (heat[..., 2] - heat[..., 0]).mean() * sign > 0


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 3), (500, 900, 3), (2000, 100, 3), (9, 9)])
def test_any_size(toy_model, found, shape):
    picture = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    drawn = draw_explanation(picture, found, find_flipping_set(toy_model, pictures()[0]))
    assert drawn.dtype == np.uint8
    assert drawn.shape[1] <= 2000
    assert drawn.shape[0] <= 1000


def test_hostile_and_empty(found):
    named = dataclasses.replace(
        found, label=HOSTILE, classes=(HOSTILE, *found.classes[1:]), against=found.classes[1]
    )
    assert draw_explanation(pictures()[0], named).shape[2] == 3
    nothing = dataclasses.replace(
        found,
        xy=found.xy[:0],
        scale=found.scale[:0],
        shares=found.shares[:0],
        words=found.words[:0],
        members=found.members[:0],
    )
    assert draw_explanation(np.zeros((20, 20), np.uint8), nothing).shape[2] == 3
    zero = dataclasses.replace(found, shares=0 * found.shares)
    assert draw_explanation(pictures()[0], zero).shape[2] == 3


def test_neighbors(toy_model, found):
    near_ones = SimilarPictures(toy_model, pictures(), picture_labels()).nearest(pictures()[0], 2)
    drawn = draw_neighbors(
        pictures()[0], found, near_ones, [pictures()[one.index] for one in near_ones]
    )
    assert drawn.shape[1] == 720
    wide = draw_neighbors(
        pictures()[0],
        found,
        near_ones,
        [pictures()[one.index] for one in near_ones],
        width=1400,
    )
    assert wide.shape[1] == 1400
    assert wide.shape[0] < drawn.shape[0]
    assert (wide[-60:, 720:1300] != PAPER).any(), "the right half is used"


def test_predictions():
    picture = np.full((90, 60, 3), (200, 30, 30), np.uint8)
    full = draw_prediction(picture, "cat", [("cat", 1.0), ("dog", 0.0)])
    half = draw_prediction(picture, "cat", [("cat", 0.5), ("dog", 0.5)])
    assert near(full, FOR) > 1.8 * near(half, FOR) > 0
    assert near(full, (200, 30, 30)) > 50_000
    odd = draw_prediction(picture[..., 0], HOSTILE, [(HOSTILE, 0.3)] * 5, HOSTILE)
    assert odd.shape[1] == full.shape[1]
    assert draw_prediction(picture, "unclassifiable", []).shape[1] == full.shape[1]


def test_words(toy_model):
    words, _ = browse_words(toy_model, pictures(), n_patches=3)
    sheet = draw_words(words, toy_model.classes_.tolist(), HOSTILE)
    assert sheet.shape[0] > 15 * 50
    bare = [VisualWord(1, 0, 0, [], None), VisualWord(2, 1, 0, [], None)]
    assert draw_words(bare, ["a"]).shape[2] == 3


def test_the_page_is_escaped_and_whole(toy_model):
    words, _ = browse_words(toy_model, pictures(), n_patches=3)
    page = words_page(words, [HOSTILE, "<img src=x onerror=alert(1)>", "&amp;"], HOSTILE)
    assert page.count("<article") == 15
    assert page.count("<script") == 1  # the page's own
    for bad in ("<script>alert", "<img src=x", "\x1b", "\udcff"):
        assert bad not in page
    assert "http:" not in page
    assert "https:" not in page
    assert "&amp;amp;" in page
    page.encode("utf-8")


def test_weights_that_round_to_zero_are_not_listed():
    word = VisualWord(1, 0, 3, [], np.array([0.5, 0.0004, -0.0004, -0.2]))
    up, down = telling_classes(word, list("abcd"))
    assert [label for label, _ in up] == ["a"]
    assert [label for label, _ in down] == ["d"]
    page = words_page([word], list("abcd"))
    assert "0.000" not in page


def test_patches_are_shown_in_their_images(toy_model):
    words, _ = browse_words(toy_model, pictures(), n_patches=3)
    seen = [word for word in words if word.patches]
    assert all(1 <= len(word.contexts) <= 2 for word in seen)
    assert all(np.any(word.contexts[0] != word.contexts[0].mean()) for word in seen)


def test_text_is_cut_to_fit():
    font = font_of(15)
    assert cut_text("short", font, 200) == "short"
    cut = cut_text("a long text that does not fit", font, 100)
    assert cut.endswith("…")
    assert font.getlength(cut) <= 100
