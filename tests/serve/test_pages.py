"""The pages in a real browser, used as a person would."""

from __future__ import annotations

import time

import pytest

from cvclassic.images import encode_image
from tests.checks import picture_labels, pictures

pytest.importorskip("starlette")


def wait_for(condition, patience: float = 90):
    """Wait until something is true, and give it."""
    end = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found


@pytest.fixture
def by_id(browser):
    return lambda name: browser.driver.find_element("id", name)


def test_an_image_is_dropped_and_explained(browser, by_id, served, tmp_path) -> None:
    path = tmp_path / "stripes.png"
    path.write_bytes(encode_image(pictures()[0], ".png"))
    driver = browser.driver
    browser.visit(served.address)
    by_id("file").send_keys(str(path))
    card = wait_for(lambda: driver.find_elements("css selector", "#answers .card"))[0]
    assert card.find_element("tag name", "h3").text == "toys"
    label = card.find_element("class name", "answer").text
    assert label in set(picture_labels())
    bars = card.find_elements("css selector", ".bar meter")
    assert len(bars) == 3
    by_id("why").click()
    wait_for(lambda: "keypoints" in driver.find_element("id", "answers").text)
    drawn = driver.execute_script(
        "const c = document.getElementById('marks');"
        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)"
    )
    assert drawn
    assert len(driver.find_elements("css selector", "#history li")) == 1
    assert "/predict?top=5" in by_id("code").text
    path.write_bytes(b"no image")
    by_id("file").send_keys(str(path))
    wait_for(lambda: "unsupported_format" in by_id("answers").text)


@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_fits(browser, served, width) -> None:
    driver = browser.driver
    browser.visit(served.address, width)
    inner, content = driver.execute_script(
        "return [document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    )
    assert content <= inner
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.mark.slow
def test_teach_it_yourself(browser, by_id, start, tmp_path) -> None:
    """Two classes, a few images each, train, try: without leaving the page."""
    service = start("--collect", "cups", "--workers", "1")
    driver = browser.driver
    browser.visit(service.address + "/collect")
    labels = picture_labels()
    files: dict[str, list[str]] = {}
    for i, image in enumerate(pictures()):
        path = tmp_path / f"{i}.png"
        path.write_bytes(encode_image(image, ".png"))
        files.setdefault(labels[i], []).append(str(path))
    for name in sorted(files)[:2]:
        by_id("new-class").send_keys(name)
        by_id("add").click()
        field = wait_for(
            lambda name=name: driver.find_elements(
                "css selector", f'input[aria-label="Images of {name}"]'
            )
        )[0]
        field.send_keys("\n".join(files[name]))
        wait_for(lambda name=name: len(list((tmp_path / "cups" / name).glob("*.jpg"))) >= 4)
    wait_for(lambda: by_id("train").is_enabled())
    by_id("train").click()
    wait_for(lambda: by_id("try").is_displayed(), 300)
    by_id("try").click()
    wait_for(lambda: driver.find_elements("id", "file"))
    by_id("file").send_keys(files[sorted(files)[0]][0])
    wait_for(lambda: sorted(files)[0] in driver.find_element("id", "answers").text)


def test_collected_names_stay_in_the_folder(start, tmp_path) -> None:
    service = start("--collect", "cups", "--workers", "1")
    for name in ("..", "../x", "a%2Fb", "", ".hidden", "x" * 300):
        assert service.ask(f"/collect/classes?class={name}", b"")[0] == 422, name
    assert service.ask("/collect/classes?class=cup", b"")[0] == 200
    assert service.ask("/collect/images?class=cup", b"no image")[0] == 422
    image = encode_image(pictures()[0], ".png")
    assert service.ask("/collect/images?class=other", image)[0] == 404
    added = service.ask("/collect/images?class=cup", image)[1]["added"]
    assert service.ask(f"/collect/images/cup/{added}")[0] == 200
    assert service.ask("/collect/images/cup/..%2F..%2Fpasswd")[0] == 404
    assert service.ask("/predict", image)[0] == 409  # nothing is trained yet
    assert [path.name for path in (tmp_path / "cups").iterdir()] == ["cup"]
