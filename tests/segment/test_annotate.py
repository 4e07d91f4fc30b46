"""The page to scribble on: saves, predicts, and keeps others out."""

import http.client
import json
import threading

import numpy as np
import pytest

from cvclassic.errors import DataError
from cvclassic.images import encode_image, read_image, write_image
from cvclassic.images.label_pictures import read_label_picture
from cvclassic.segment.annotation import Annotation
from cvclassic.serve.annotate import make_annotation_server


@pytest.fixture
def folder(tmp_path):
    """Two images: left dark, right light."""
    (tmp_path / "images" / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a.png", "deep/b.png"):
        image = np.where(np.arange(90) < 45, 60, 160) + rng.normal(0, 9, (70, 90))
        write_image(tmp_path / "images" / name, np.clip(image, 0, 255).astype(np.uint8))
    return tmp_path


@pytest.fixture
def server(folder):
    annotation = Annotation(folder / "images", folder / "marks")
    running = make_annotation_server(annotation)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def ask(server, method: str, path: str, body: bytes | None = None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def marks() -> np.ndarray:
    drawn = np.zeros((70, 90), np.uint8)
    drawn[30:33, 5:30], drawn[30:33, 60:85] = 1, 2
    return drawn


def test_scribble_save_and_see(server, folder) -> None:
    state = json.loads(ask(server, "GET", "/state")[1])
    assert [image["name"] for image in state["images"]] == ["a.png", "deep/b.png"]
    assert ask(server, "GET", "/prediction/0")[0] == 400
    status, said = ask(server, "PUT", "/marks/0", encode_image(marks(), ".png"))
    assert (status, json.loads(said)["marked"]) == (200, 150)
    assert np.array_equal(read_label_picture(folder / "marks" / "a.png"), marks())
    for i in (0, 1):  # also on the image without scribbles
        status, png = ask(server, "GET", f"/prediction/{i}")
        assert status == 200
        colors = read_image(png)
        assert (colors[:, :42] == colors[35, 10]).all(axis=2).mean() > 0.95
        assert (colors[:, 48:] == colors[35, 80]).all(axis=2).mean() > 0.95
        assert (colors[35, 10] != colors[35, 80]).any()
    again = Annotation(folder / "images", folder / "marks")
    assert np.array_equal(again.marks(0), marks())


def test_colors_of_a_canvas_are_numbers(server, folder) -> None:
    canvas = np.dstack([marks()] * 3)
    assert ask(server, "PUT", "/marks/1", encode_image(canvas, ".png"))[0] == 200
    assert np.array_equal(read_label_picture(folder / "marks" / "deep" / "b.png"), marks())


def test_pages(server) -> None:
    for path, part in (("/", b"<title>Annotate"), ("/annotate.js", b"use strict"),
                       ("/annotate.css", b"canvas")):  # fmt: skip
        status, body = ask(server, "GET", path)
        assert status == 200
        assert part in body


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {"Host": "evil.example"}, 403),
        ("PUT", "/marks/0", {"Origin": "http://evil.example"}, 403),
        ("GET", "/image/99", {}, 404),
        ("GET", "/../../etc/passwd", {}, 404),
        ("PUT", "/image/0", {}, 400),
        ("PUT", "/marks/0", {}, 400),
    ],
)
def test_what_is_refused(server, folder, method, path, headers, status) -> None:
    assert ask(server, method, path, b"x" if method == "PUT" else None, **headers)[0] == status
    assert not (folder / "marks").exists()


def test_marks_that_do_not_fit(server) -> None:
    for wrong in (np.zeros((5, 5), np.uint8), np.full((70, 90), 9, np.uint8)):
        assert ask(server, "PUT", "/marks/0", encode_image(wrong, ".png"))[0] == 400


def test_large_images_are_marked_in_full_size(folder) -> None:
    write_image(folder / "images" / "c.png", np.zeros((1000, 2000), np.uint8))
    annotation = Annotation(folder / "images", folder / "marks")
    shown = annotation.pixels(1).shape
    assert max(shown) <= 1000
    drawn = np.zeros(shown, np.uint8)
    drawn[10:20] = 2
    annotation.mark(1, drawn)
    assert read_label_picture(folder / "marks" / "c.png").shape == (1000, 2000)


def test_nothing_to_annotate(tmp_path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError):
            Annotation(place, tmp_path / "marks")


@pytest.mark.slow
def test_in_a_browser(server, folder, browser) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    driver = browser.driver
    browser.visit(f"http://127.0.0.1:{server.server_address[1]}/")
    wait = WebDriverWait(driver, 30)
    wait.until(lambda d: "two classes" in d.find_element(By.ID, "status").text)
    stage = driver.find_element(By.ID, "stage")
    width = stage.size["width"]
    for key, x in (("1", -width // 4), ("2", width // 4)):
        driver.find_element(By.TAG_NAME, "body").send_keys(key)
        pen = ActionChains(driver).move_to_element_with_offset(stage, x, 0)
        pen.click_and_hold().move_by_offset(10, 20).release().perform()
    wait.until(lambda d: "Result after" in d.find_element(By.ID, "status").text)
    saved = read_label_picture(folder / "marks" / "a.png")
    assert set(np.unique(saved[:, :45])) == {0, 1}
    assert set(np.unique(saved[:, 45:])) == {0, 2}
    assert browser.hard_to_read() == []
