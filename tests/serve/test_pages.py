"""The pages in a real browser, used as a person would."""

from __future__ import annotations

import base64
import time

import pytest

from cvclassic.images import encode_image
from tests.checks import picture_labels, pictures
from tests.serve.conftest import halves

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


_TRANSFER = """
const [text, kind] = arguments;
const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const transfer = new DataTransfer();
transfer.items.add(new File([bytes], "given.png", {type: "image/png"}));
const options = {bubbles: true, cancelable: true};
document.dispatchEvent(kind === "drop"
  ? new DragEvent("drop", {...options, dataTransfer: transfer})
  : new ClipboardEvent("paste", {...options, clipboardData: transfer}));
"""


def cards(browser) -> list[str]:
    """Texts of the answers."""
    found = browser.driver.find_elements("css selector", "#answers .card")
    return [card.text for card in found]


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_images_are_dropped_and_pasted(browser, served, way) -> None:
    browser.visit(served.address)
    wait_for(lambda: browser.run("return state.models.length"))
    data = base64.b64encode(encode_image(pictures()[0], ".png")).decode()
    browser.run(_TRANSFER, data, way)
    (text,) = wait_for(lambda: cards(browser))
    assert any(label in text for label in set(picture_labels()))


@pytest.mark.slow
def test_the_camera_is_looked_at(browser, by_id, served) -> None:
    browser.visit(served.address)
    wait_for(lambda: browser.run("return state.models.length"))
    by_id("webcam").click()
    wait_for(lambda: by_id("shoot").is_displayed())
    assert by_id("webcam").get_attribute("aria-pressed") == "true"
    wait_for(lambda: browser.run("return document.getElementById('video').videoWidth"))
    by_id("live").click()
    wait_for(lambda: cards(browser))
    assert not browser.driver.find_elements("css selector", "#history li")
    by_id("live").click()
    wait_for(lambda: not browser.run("return state.busy"))
    by_id("shoot").click()
    wait_for(lambda: browser.driver.find_elements("css selector", "#history li"))
    assert by_id("webcam").get_attribute("aria-pressed") == "false"
    assert not by_id("video").is_displayed()


@pytest.mark.slow
def test_models_side_by_side_and_masks(browser, by_id, all_kinds, model_files, tmp_path) -> None:
    path = tmp_path / "halves.png"
    path.write_bytes(encode_image(halves(6)[0], ".png"))
    browser.visit(all_kinds.address)
    wait_for(lambda: browser.run("return state.models.length"))
    by_id("file").send_keys(str(path))
    wait_for(lambda: len(cards(browser)) == len(model_files))
    names = [card.split("\n")[0] for card in cards(browser)]
    assert names == list(model_files)
    segment = cards(browser)[names.index("segment")]
    assert "dark" in segment
    assert "bright" in segment
    left, right = browser.run("""
        const canvas = document.getElementById("marks");
        const pen = canvas.getContext("2d"), y = canvas.height / 2;
        const at = (x) => pen.getImageData(x, y, 1, 1).data.slice(0, 3).join();
        const box = Math.min(canvas.width, canvas.height);
        return [at((canvas.width - box) / 2 + 9), at((canvas.width + box) / 2 - 9)];
    """)
    assert left != right  # the two halves have colors of their own
    assert "[" in cards(browser)[names.index("search")]  # names of the index's images


def test_everything_by_keyboard(browser, by_id, served, tmp_path) -> None:
    from selenium.webdriver.common.keys import Keys

    path = tmp_path / "a.png"
    path.write_bytes(encode_image(pictures()[0], ".png"))
    browser.visit(served.address)
    wait_for(lambda: browser.run("return state.models.length"))
    by_id("file").send_keys(str(path))
    wait_for(lambda: cards(browser))
    reached = []
    for _ in range(12):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        node = browser.driver.switch_to.active_element
        reached.append(node.get_attribute("id") or node.tag_name)
        if reached[-1] == "why":
            assert (
                browser.run("return getComputedStyle(arguments[0]).outlineStyle", node) == "solid"
            )
            node.send_keys(Keys.SPACE)
        if reached[-1] == "code":
            break
    controls = ["choose", "webcam", "why", "language", "copy", "code"]
    assert [name for name in reached if name in controls] == controls
    wait_for(lambda: "keypoints" in cards(browser)[0])
    browser.driver.find_element("css selector", "#history button").send_keys(Keys.ENTER)
    assert len(cards(browser)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_texts_can_be_read_and_fit_on_a_phone(browser, by_id, all_kinds, tmp_path, dark) -> None:
    path = tmp_path / "halves.png"
    path.write_bytes(encode_image(halves(6)[0], ".png"))
    browser.visit(all_kinds.address, 390, dark)
    wait_for(lambda: browser.run("return state.models.length"))
    by_id("file").send_keys(str(path))
    wait_for(lambda: len(cards(browser)) == 5)
    assert browser.weak_contrasts() == []
    assert browser.overflow() <= 0


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
    assert browser.hard_to_read() == []
    by_id("train").click()
    wait_for(lambda: by_id("try").is_displayed(), 300)
    by_id("try").click()
    wait_for(lambda: driver.find_elements("id", "file"))
    by_id("file").send_keys(files[sorted(files)[0]][0])
    wait_for(lambda: sorted(files)[0] in driver.find_element("id", "answers").text)


@pytest.mark.slow
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
