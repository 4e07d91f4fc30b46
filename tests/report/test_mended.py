"""Pages and figures do what people missed: ties, few images, filters, sizes of files."""

import numpy as np
import pytest

from cvclassic.draw import draw_outlines, encode_drawing
from cvclassic.evaluate import Predictions, compare_predictions
from cvclassic.explain import VisualWord
from cvclassic.report import words_page, write_compare_page
from cvclassic.report.evaluation_page import calibration_chart


def predictions(right: list[bool]) -> Predictions:
    """Answers to images of two classes, right where it is said."""
    n = len(right)
    truth = ["a" if i % 2 else "b" for i in range(n)]
    other = {"a": "b", "b": "a"}
    labels = [one if good else other[one] for one, good in zip(truth, right, strict=True)]
    shares = np.array([[0.9, 0.1] if label == "a" else [0.1, 0.9] for label in labels])
    return Predictions([f"{i}.png" for i in range(n)], truth, labels, ["a", "b"], shares)


@pytest.fixture
def write(tmp_path):
    """Write the page of two models; its text."""

    def page(first: list[bool], second: list[bool], images=None) -> str:
        answers = [predictions(first), predictions(second)]
        found = compare_predictions(["one", "two"], answers)
        extras = [{"n_bytes": None, "ms_per_image": None}] * 2
        path = tmp_path / "c.html"
        write_compare_page(path, found, extras, [], answers, images)
        return path.read_text(encoding="utf-8")

    return page


def test_a_tie_highlights_no_model(write) -> None:
    page = write([True, False, True, True], [False, True, True, True])
    models = page[page.index('id="models"') : page.index('id="accuracy"')]
    assert 'class="strong"' not in models
    assert "one, two have the same accuracy" in page


def test_images_on_which_models_differ_are_shown(write) -> None:
    images = {f"{i}.png": np.full((40, 60), 10 * i, np.uint8) for i in range(4)}
    page = write([True, True, True, False], [False, True, True, False], images)
    part = page[page.index('id="images"') :]
    assert "Only one is correct" in part
    assert "No model is correct" in part
    assert part.count("<img") == 2
    models = page[page.index('id="models"') : page.index('id="accuracy"')]
    assert models.count('class="strong"') == 1


def test_calibration_joins_only_bins_with_enough_images() -> None:
    rng = np.random.default_rng(0)
    top = np.r_[np.full(40, 0.95), np.full(40, 0.75), np.full(2, 0.55)]
    shares = np.c_[top, 1 - top]
    truth = ["a" if rng.random() < share else "b" for share in top]
    n = len(top)
    seen = Predictions([str(i) for i in range(n)], truth, ["a"] * n, ["a", "b"], shares)
    chart = calibration_chart(seen)["chart"]
    line = chart[chart.index('<polyline class="line one"') :].split(">")[0]
    assert line.count(",") == 2
    assert chart.count("dot few") == 1
    assert "fewer than 10 images" in chart


def test_words_are_filtered_by_class(browser, tmp_path) -> None:
    words = [
        VisualWord(i, 0, 3, [np.full((48, 48), 90, np.uint8)], np.array(weights))
        for i, weights in enumerate(([0.5, -0.5], [-0.5, 0.5], [0.4, -0.4]))
    ]
    path = tmp_path / "words.html"
    path.write_text(words_page(words, ["cat", "a very long name of a class"], "Words", "cvclassic"))
    for width in (390, 1400):
        for dark in (False, True):
            browser.open(path, width, dark)
            assert browser.overflow() <= 0
            assert browser.weak_contrasts() == []
            assert browser.errors() == []
    shown = "return [...document.querySelectorAll('.word')].filter((w) => !w.hidden).length"
    assert browser.run(shown) == 3
    browser.run(
        "const menu = document.querySelector('select');"
        "menu.value = 'k0'; menu.dispatchEvent(new Event('change'))"
    )
    assert browser.run(shown) == 2
    assert browser.run("return document.querySelector('[role=status]').textContent") == "2 of 3"


def test_no_word_is_broken_on_a_phone(browser, page_file) -> None:
    """The longest word of each label is on one line: its box is one line high."""
    browser.open(page_file, 390)
    broken = browser.run(
        """const found = [];
        for (const cell of document.querySelectorAll("td.label bdi, th button")) {
          const range = document.createRange(), text = cell.firstChild;
          if (!text || text.nodeType !== 3) continue;
          for (const match of text.data.matchAll(/\\S+/g)) {
            range.setStart(text, match.index); range.setEnd(text, match.index + match[0].length);
            if (range.getClientRects().length > 1) found.push(match[0]);
          }
        }
        return found;"""
    )
    assert broken == []


@pytest.mark.slow
def test_figures_are_at_most_a_megabyte() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1500, 1500, 3), np.uint8)
    for suffix in (".png", ".why.png", ".jpg"):
        assert len(encode_drawing(noise, suffix)) <= 1_000_000
    flat = np.full((50, 50, 3), 7, np.uint8)
    from cvclassic.images import read_image

    assert (read_image(encode_drawing(flat)) == flat).all()  # small ones stay as they are


def test_mser_draws_outlines_of_its_regions() -> None:
    from cvclassic.detect import blobs_mser
    from cvclassic.detect.regions import mser_regions

    y, x = np.mgrid[:120, :120]
    image = np.full((120, 120), 60, np.uint8)
    image[(x - 60) ** 2 / 4 + (y - 60) ** 2 < 20**2] = 220
    regions, blobs = mser_regions(image), blobs_mser(image)
    assert len(regions) == len(blobs) > 0
    np.testing.assert_allclose([r.mean(axis=0) for r in regions], blobs.xy, atol=0.5)
    drawn = draw_outlines(image, regions, blobs.response)
    assert drawn.shape[0] % 120 == 0
    factor = drawn.shape[0] // 120
    assert (drawn[60 * factor, 60 * factor] == drawn[60 * factor, 64 * factor]).all()
    edge = drawn[60 * factor, 95 * factor : 105 * factor]  # the long axis ends at x = 100
    assert len(np.unique(edge, axis=0)) > 2
