"""Pages in a browser: nothing loaded, nothing broken, readable by everybody."""

import time
from dataclasses import replace

import numpy as np
import pytest

from cvclassic.draw import make_thumbnail
from cvclassic.draw.charts import Line, draw_chart, number_axis, percent_axis
from cvclassic.errors import ParameterError
from cvclassic.evaluate import LearningCurve, Predictions, score_predictions
from cvclassic.report import check_page_path, write_page
from cvclassic.report.confusion_matrix import build_matrix
from cvclassic.report.evaluation_page import EvaluationReport, evaluation_page
from tests.report.conftest import HOSTILE, report_of

WIDTHS = (390, 1400)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_quiet_fits_and_can_be_read(browser, page_file, width, dark) -> None:
    browser.open(page_file, width, dark)
    browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
    assert browser.overflow() <= 0
    assert browser.weak_contrasts() == []
    assert browser.errors() == []
    assert browser.requests() == [page_file.as_uri()]


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_names_are_shown_and_not_obeyed(browser, hostile_file, width) -> None:
    browser.open(hostile_file, width)
    assert browser.errors() == []
    assert browser.requests() == [hostile_file.as_uri()]
    assert browser.overflow() <= 0
    text = browser.run("return document.body.textContent")
    for name in HOSTILE:
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
        assert shown in text
    assert browser.run("return document.querySelectorAll('script').length") == 1
    assert browser.run("return document.querySelectorAll('[onerror]').length") == 0


def test_names_are_escaped_in_the_source() -> None:
    page = evaluation_page(report_of(list(HOSTILE)))
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "onerror=alert(1)>" not in page.replace("&gt;", "")
    page.encode()  # no lone surrogate is left


def test_numbers_in_the_matrix_lead_to_their_pictures(browser, page_file) -> None:
    browser.open(page_file)
    links = browser.driver.find_elements("css selector", ".confusion td.wrong a")
    count, target = int(links[0].text), links[0].get_attribute("hash")[1:]
    links[0].click()
    time.sleep(0.2)
    script = "return document.getElementById(arguments[0])"
    assert browser.run(f"{script}.closest('details').open", target)
    assert browser.run(f"{script}.querySelectorAll('img').length", target) == count
    assert browser.run("return document.activeElement.id") == target
    top = browser.run(f"{script}.getBoundingClientRect().top", target)
    assert -1 <= top < 800


def test_every_number_of_the_matrix_has_its_pictures(browser, page_file) -> None:
    browser.open(page_file)
    assert browser.run(
        """return [...document.querySelectorAll(".confusion td a")].every((link) => {
          const cell = document.getElementById(link.hash.slice(1));
          return cell && cell.querySelectorAll("li").length === Number(link.textContent);
        })"""
    )


def test_a_link_with_a_fragment_opens_its_drawer(browser, page_file) -> None:
    browser.open(page_file)
    target = browser.run("return document.querySelector('.confusion td a').hash")
    browser.open(page_file, fragment=target)
    assert browser.run(
        "return document.querySelector(arguments[0]).closest('details').open", target
    )


@pytest.mark.slow
@pytest.mark.parametrize("by", ["click", "enter", "space"])
def test_tables_are_sorted(browser, page_file, by) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(page_file)
    head = browser.driver.find_element("css selector", "#classes th[data-sort=number]:nth-child(3)")
    button = head.find_element("tag name", "button")
    cells = """return [...document.querySelectorAll("#classes tbody tr")]
        .map((row) => Number(row.cells[2].dataset.v))"""

    def press() -> None:
        if by == "click":
            button.click()
        else:
            browser.run("arguments[0].focus()", button)
            button.send_keys(Keys.ENTER if by == "enter" else Keys.SPACE)

    assert head.get_attribute("aria-sort") == "none"
    press()
    assert head.get_attribute("aria-sort") == "descending"
    assert browser.run(cells) == sorted(browser.run(cells), reverse=True)
    press()
    assert head.get_attribute("aria-sort") == "ascending"
    assert browser.run(cells) == sorted(browser.run(cells))
    others = "return document.querySelectorAll('#classes th[aria-sort=ascending]').length"
    assert browser.run(others) == 1


def test_the_keyboard_gets_everywhere(browser, page_file) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(page_file)
    browser.driver.find_element("tag name", "body").send_keys(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    assert browser.run("return document.activeElement.getBoundingClientRect().top") >= 0
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "content"
    assert browser.run(
        """return [...document.querySelectorAll(".wide")]
        .every((box) => box.tabIndex === 0 && box.getAttribute("aria-label"))"""
    )
    assert browser.run("return [...document.images].every((image) => image.alt)")
    assert browser.run(
        "const ids = [...document.querySelectorAll('[id]')].map((n) => n.id);"
        "return new Set(ids).size === ids.length"
    )


def test_the_page_can_be_printed(browser, page_file) -> None:
    browser.open(page_file, dark=True)
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    assert browser.weak_contrasts() == []
    assert browser.run("return getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.run("return getComputedStyle(document.querySelector('.wide')).overflowX") == (
        "visible"
    )
    assert browser.pdf().startswith(b"%PDF")


@pytest.mark.slow
def test_a_page_of_many_classes_stays_small_and_quick(browser, tmp_path) -> None:
    report = report_of([f"class {i:03}" for i in range(101)], n=15)
    start = time.process_time()
    size = write_page(tmp_path / "many.html", evaluation_page(report))
    assert size < 10e6
    assert time.process_time() - start < 5
    browser.open(tmp_path / "many.html", 390)
    assert browser.overflow() <= 0
    assert browser.errors() == []
    assert browser.run("return document.querySelectorAll('.drawer').length") == 101


def test_thumbnails_that_do_not_fit_are_left_out_evenly() -> None:
    picture = make_thumbnail(np.zeros((80, 80, 3), np.uint8))
    truth, labels = ["a"] * 30 + ["b"] * 10, ["a"] * 20 + ["b"] * 20
    paths = [str(i) for i in range(40)]
    seen = Predictions(paths, truth, labels, ["a", "b"])
    scores = score_predictions(truth, labels, np.zeros((40, 2)), ["a", "b"])
    thumbs = dict.fromkeys(paths, picture)
    whole = build_matrix(scores["labels"], scores["confusion"], seen, thumbs)
    assert [len(c.pictures) for row in whole.drawers for c in row.cells] == [10, 20, 10]
    few = build_matrix(
        scores["labels"], scores["confusion"], seen, thumbs, budget=12 * len(picture.data)
    )
    shown = [len(cell.pictures) for row in few.drawers for cell in row.cells]
    assert sum(shown) == 12
    assert shown[0] == 6  # mistakes go on where the others stop at three
    assert few.drawers[0].cells[0].left_out == 4


def test_a_page_without_probabilities_pictures_or_mistakes() -> None:
    seen = Predictions(["x", "y"], ["a", "b"], ["a", "b"], ["a", "b"])
    scores = score_predictions(["a", "b"], ["a", "b"], np.zeros((2, 2)), ["a", "b"])
    page = evaluation_page(EvaluationReport("m", "d", scores, seen))
    assert "There are none." in page
    assert 'id="calibration"' not in page


def test_a_learning_curve_is_drawn_where_there_is_one() -> None:
    shares = np.array([[0.3, 0.4], [0.5, 0.6], [0.7, 0.7]])
    curve = LearningCurve([1, 2, 5], shares, shares, False, 10)
    page = evaluation_page(replace(report_of(["a", "b"]), learning_curve=curve))
    assert 'id="curve"' in page
    assert page.count('class="dot two"') == 3


def test_a_page_does_not_replace_what_is_no_page_of_ours(tmp_path) -> None:
    path = tmp_path / "photos.html"
    path.write_text("<p>my own</p>")
    with pytest.raises(ParameterError, match="not a cvclassic page"):
        check_page_path(path)
    assert path.read_text() == "<p>my own</p>"
    path.write_text(evaluation_page(report_of(["a", "b"])))
    check_page_path(path)
    with pytest.raises(ParameterError, match=r"\.html"):
        check_page_path(tmp_path / "page.txt")


def test_charts_hold_their_points_inside() -> None:
    chart = draw_chart(
        number_axis("x", 0, 10),
        percent_axis("y"),
        [Line("<a>", [0, 5, 10], [0.0, 0.5, 1.0]), Line("b", [0], [float("nan")])],
    )
    assert "<a>" not in chart
    assert "nan" not in chart
    assert chart.count("<circle") == 3
