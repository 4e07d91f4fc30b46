"""Each part of the page, used as a student would use it."""

import re
import time
from pathlib import Path

import numpy as np
import pytest

from cvclassic.images import write_image

PARTS = ("convolution", "network", "sift", "words", "faces", "boxes", "margin")


class Page:
    """The teaching page in the browser."""

    def __init__(self, browser, path: Path) -> None:
        self.browser = browser
        self.path = path

    def open(self, part: str = "", width: int = 1400, dark: bool = False) -> None:
        """Open a part and wait until everything in it is there."""
        self.browser.open(self.path, width=width, dark=dark, fragment=f"#{part}")
        self.wait("document.documentElement.dataset.ready === 'yes'")
        self.wait("!document.querySelector('article:not([hidden]) .wait')", seconds=60)
        self.settle()

    def wait(self, condition: str, seconds: float = 20) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while not self.browser.run(f"return {condition}"):
            assert time.monotonic() < end, f"never: {condition}\n{self.browser.errors()}"
            time.sleep(0.05)

    def settle(self) -> None:
        """Let two frames be drawn."""
        self.browser.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
        )

    def click(self, name: str) -> None:
        self.browser.run(f"document.querySelector('article:not([hidden]) [name={name}]').click()")
        self.settle()

    def set(self, name: str, value) -> None:
        """Move a slider or choose from a list."""
        self.browser.run(
            """const open = document.querySelector("article:not([hidden])");
            const input = open.querySelector(`[name="${arguments[0]}"]`);
            input.value = arguments[1];
            for (const kind of ["input", "change"]) {
              input.dispatchEvent(new Event(kind, { bubbles: true }));
            }""",
            name,
            str(value),
        )
        self.settle()

    def choose(self, name: str, value: str) -> None:
        """Pick one of few."""
        self.browser.run(
            "document.querySelector(`[name='${arguments[0]}'][value='${arguments[1]}']`).click()",
            name,
            value,
        )
        self.settle()

    def step(self, title: str) -> str:
        """All text of a step."""
        return self.browser.run(
            "return document.querySelector(`section[aria-label='${arguments[0]}']`).innerText",
            title,
        )

    def numbers(self, label: str) -> list[list[str]]:
        """What a grid of numbers shows, found by the beginning of its label."""
        rows = self.browser.run(
            """const grid = document.querySelector(`[aria-label^="${arguments[0]}"]`);
            const columns = Number(grid.style.getPropertyValue("--columns"));
            const cells = [...grid.children].map((c) => c.textContent || c.value || "");
            return Array.from({ length: cells.length / columns },
              (_, y) => cells.slice(y * columns, (y + 1) * columns));""",
            label,
        )
        return rows

    def press(self, label: str, *keys: str) -> None:
        """Focus a canvas or a number by its label and press keys on it."""
        self.browser.run("document.querySelector(`[aria-label^='${arguments[0]}']`).focus()", label)
        for key in keys:
            for kind in ("keyDown", "keyUp"):
                code = {"Enter": 13, "Delete": 46, "ArrowRight": 39}.get(key, 0)
                text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
                self.browser.cdp(
                    "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
                )
        self.settle()

    def drag(self, label: str, *path: tuple[float, float]) -> None:
        """Press on a canvas, move and let go; places are shares of its sides."""
        box = self.browser.run(
            """const canvas = document.querySelector(`[aria-label^='${arguments[0]}']`);
            canvas.scrollIntoView({ block: "center" });
            const { left, top, width, height } = canvas.getBoundingClientRect();
            return [left, top, width, height];""",
            label,
        )
        points = [(box[0] + u * box[2], box[1] + v * box[3]) for u, v in path]
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1), "mouseReleased"]
        for kind, (x, y) in zip(kinds, [*points, points[-1]], strict=True):
            self.browser.cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                             buttons=1, clickCount=1)  # fmt: skip
        self.settle()

    def painted(self, label: str) -> float:
        """Standard deviation of a canvas's colors: 0 if nothing is drawn."""
        return self.browser.run(
            """const canvas = document.querySelector(`[aria-label^='${arguments[0]}']`);
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            let [sum, squares, n] = [0, 0, 0];
            for (let i = 0; i < data.length; i += 52) {
              sum += data[i]; squares += data[i] ** 2; n++;
            }
            return Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 0));""",
            label,
        )

    def check_calm(self) -> None:
        """No console message and no request."""
        assert self.browser.errors() == []
        assert [url for url in self.browser.requests() if not url.startswith("file:")] == []


@pytest.fixture(scope="session")
def teaching_page(root, tmp_path_factory) -> Path:
    """The page as the command writes it."""
    from cvclassic.teach import write_teaching_page

    path = tmp_path_factory.mktemp("page") / "teach.html"
    write_teaching_page(path, root / "sample_images")
    return path


@pytest.fixture
def page(browser, teaching_page):
    """The page; after the test nothing may have gone wrong in it."""
    page = Page(browser, teaching_page)
    yield page
    page.check_calm()


def number(pattern: str, text: str) -> float:
    """The number that a pattern's first group finds in a text."""
    found = re.search(pattern, text)
    assert found, f"{pattern!r} is not in {text!r}"
    return float(found[1].rstrip(".").replace("−", "-").replace(",", ""))


@pytest.mark.slow
def test_convolution(page) -> None:
    page.open("convolution")
    title = "A kernel slides over numbers"
    # the edge: Sobel answers where it lies, and nowhere else
    page.click("end-numbers")
    page.click("step-numbers")
    assert "= 0" in page.step(title)
    page.click("step-numbers")
    assert "= 28" in page.step(title)
    # textbook sizes
    page.set("stride", 2)
    assert "⌊(7 + 0 − 3) / 2⌋ + 1 = 3" in page.step(title)
    page.set("padding", "same")
    assert "⌊(7 + 2 − 3) / 2⌋ + 1 = 4" in page.step(title)
    assert len(page.numbers("Input")) == 9
    # a number is changed with the keyboard, and a weight is typed
    before = page.numbers("Input")
    page.browser.run("document.querySelectorAll('[aria-label^=\"Input, 7\"] button')[12].click()")
    assert page.numbers("Input") != before
    page.browser.run(
        """const cell = document.querySelector('[aria-label^="Weight in row 2, column 2"]');
        cell.value = "1/4"; cell.dispatchEvent(new Event("input", { bubbles: true }));"""
    )
    assert page.numbers("Kernel as it is laid")[1][1] == "0.25"
    assert page.browser.run("return document.querySelector('[name=kernel]').value") == "own"
    page.browser.run(
        """const cell = document.querySelector('[aria-label^="Weight in row 2, column 2"]');
        cell.value = "x"; cell.dispatchEvent(new Event("input", { bubbles: true }));"""
    )
    assert page.numbers("Kernel as it is laid")[1][1] == "0.25"  # nonsense changes nothing
    # the window over the image follows the mouse and the arrow keys
    title = "The same kernel over an image"
    page.drag("Image with the window", (0.2, 0.2), (0.6, 0.5))
    place = re.search(r"column (\d+), row (\d+)", page.step(title)).groups()
    page.press("Image with the window", "ArrowRight")
    assert f"column {int(place[0]) + 1}, row {place[1]}" in page.step(title)
    assert page.painted("Feature map") > 1
    # a layer: two kernels less, other pooling
    title = "Feature maps, ReLU, pooling, flatten"
    assert "3 × 128 × 128 → flatten → 49,152 numbers" in page.step(title)
    page.click("use-sobel_y")
    page.set("pool-size", 4)
    page.choose("pooling", "average")
    assert "2 × 64 × 64 → flatten → 8,192 numbers" in page.step(title)


@pytest.mark.slow
def test_network(page) -> None:
    page.open("network")
    # the perceptron ends without mistakes on groups that lie apart ...
    title = "One perceptron"
    page.click("train-perceptron")
    page.wait("document.querySelector('[name=train-perceptron]').textContent === 'Train'")
    assert "0 mistakes on 40 points" in page.step(title)
    # ... and points can be added with mouse and keys
    page.drag("Points of two classes", (0.5, 0.1))
    assert "on 41 points" in page.step(title)
    page.press("Points of two classes", "ArrowRight", "Enter")
    assert "on 42 points" in page.step(title)
    page.press("Points of two classes", "Delete")
    assert "on 41 points" in page.step(title)
    page.set("perceptron-points", "xor")
    for _ in range(80):
        page.browser.run("document.querySelector('[name=step-perceptron]').click()")
    assert number(r"(\d+) mistakes? on 40 points", page.step(title)) > 0
    # a network learns the moons
    title = "A small network, live"
    start = number(r"Validation: loss ([\d.]+)", page.step(title))
    page.click("train-network")
    page.wait(
        "/Epoch ([5-9]\\d\\d|\\d,\\d)/.test(document.querySelector('main').innerText)",
        60,
    )
    page.click("train-network")
    assert number(r"Validation: loss ([\d.]+)", page.step(title)) < 0.6 * start
    assert number(r"([\d.]+)% correct\.\s*$", page.step(title).split("Epoch")[1]) > 80
    page.set("hidden-1-net", 3)
    assert "Epoch 0." in page.step(title)
    # without a penalty the validation loss ends higher
    title = "Over-fitting, and a cure"
    page.click("train-both")
    page.wait(
        "/after [4-9]\\d\\d epochs/.test(document.querySelector('.pair').innerText)",
        40,
    )
    page.click("train-both")
    losses = re.findall(r"validation loss ([\d.]+)", page.step(title))
    assert float(losses[0]) > 1.3 * float(losses[1])


def test_sift(page, root) -> None:
    page.open("sift")
    page.choose("octave", "2")
    assert "128 × 128" in page.step("Stage 1: the pyramid")
    title = "Stages 2 and 3: keypoints"
    counts = [
        number(rf"{name}: ([\d,]+)", page.step(title))
        for name in ("Extrema", "With enough contrast", "Not on an edge")
    ]
    assert counts == sorted(counts, reverse=True)
    page.set("edge", 2)
    assert number(r"Not on an edge: ([\d,]+)", page.step(title)) < counts[2]
    page.set("edge", 10)
    # the library counts the same on the same pixels
    gray = np.array(
        page.browser.run(
            "const i = cvclassic['ui/images.js'].current.value.image;"
            "return [i.height, i.width, ...i.data]"
        )
    )
    from cvclassic.detect import sift_stages

    expected = sift_stages(gray[2:].reshape(int(gray[0]), int(gray[1])).astype(np.uint8))
    found = [len(expected.extrema), len(expected.strong), len(expected.stable)]
    np.testing.assert_allclose(counts, found, atol=6)
    # another keypoint is followed: numbers below change
    before = page.numbers("Its own layer"), page.step("Stage 4: 128 numbers")
    page.drag("Image with keypoints", (0.55, 0.75))
    after = page.numbers("Its own layer"), page.step("Stage 4: 128 numbers")
    assert before[0] != after[0]
    assert before[1] != after[1]
    page.press("Image with keypoints", "ArrowRight")
    assert page.numbers("Its own layer") != after[0]
    # the middle number is the extreme one of all 27
    layers = [page.numbers(name) for name in ("Layer below", "Its own layer", "Layer above")]
    values = np.array(layers, dtype=object)
    values = np.vectorize(lambda text: float(text.replace("−", "-")))(values)
    assert np.abs(values).max() == pytest.approx(abs(values[1, 1, 1]))
    page.press("The turned surroundings", "ArrowRight")
    assert "Cell 7 of 16" in page.step("Stage 4: 128 numbers")


@pytest.mark.slow
def test_words(page) -> None:
    page.open("words")
    assert "24 training images of 4 classes" in page.step("From images to patches")
    title = "K-means: the vocabulary"
    page.set("k", 8)
    page.click("half-kmeans")
    first = number(r"Sum of squared distances: ([\d.]+)", page.step(title))
    assert "Move centers" in page.step(title)
    page.click("half-kmeans")
    assert "Assign patches" in page.step(title)
    page.click("half-kmeans")
    assert number(r"Sum of squared distances: ([\d.]+)", page.step(title)) < first
    page.click("finish-kmeans")
    assert "Done." in page.step(title)
    assert page.painted("The patches nearest") > 5
    # a keypoint and its word
    title = "An image as a histogram"
    page.press("Test image with its keypoints", "ArrowRight")
    assert re.search(r"Keypoint 1 → word \d", page.step(title))
    # most test images are labeled right, and the choice of an image is shared
    title = "From a histogram to a decision"
    right, total = map(int, re.search(r"(\d+) of (\d+) test images", page.step(title)).groups())
    assert total == 16
    assert right >= 12
    page.click("test-9")
    assert "This image shows stars" in page.step(title)


@pytest.mark.slow
def test_faces(page) -> None:
    page.open("faces")
    # the sum of a rectangle that is marked with the keyboard
    page.set("integral-x", 0)
    page.set("integral-y", 0)
    page.set("integral-w", 2)
    page.set("integral-h", 2)
    grid = page.numbers("Image. Press two")
    expected = sum(int(grid[y][x]) for y in range(2) for x in range(2))
    assert f"= {expected}\n" in page.step("The integral image")
    # a Haar feature moves
    title = "A Haar feature"
    before = page.step(title)
    page.press("Image with a Haar feature", "ArrowRight", "ArrowRight")
    assert page.step(title) != before
    page.set("pattern", "chessboard")
    assert "Difference" in page.step(title)
    # the cascade finds the one face
    title = "The cascade"
    left = []
    for stage in (0, 1, 5, 22):
        page.set("stage", stage)
        left.append(number(r"([\d,]+) (?:windows of all sizes|of [\d,]+ windows are left)",
                           page.step(title).split("After")[-1]))  # fmt: skip
    assert left == sorted(left, reverse=True)
    assert left[2] < 0.2 * left[0]
    assert "1 face found" in page.step(title)
    # a window beside the face is rejected, the face is not
    page.drag("Image with the windows", (0.42, 0.23))
    assert "passes all stages" in page.step("One window, followed")
    page.drag("Image with the windows", (0.15, 0.8))
    assert "rejected by stage" in page.step("One window, followed")
    page.set("window-stage", 2)
    page.set("window-stump", 16)
    assert "Stage 2: all votes add up to" in page.step("One window, followed")


@pytest.mark.slow
def test_boxes(page) -> None:
    page.open("boxes")
    title = "Sliding windows"
    coarse = number(r"= ([\d,]+)", page.step(title))
    page.set("window-stride", 4)
    assert 3.3 * coarse < number(r"= ([\d,]+)", page.step(title)) < 4.7 * coarse
    # boxes laid on each other have IoU 1, apart 0
    title = "IoU: how well does a box fit?"
    value = number(r"= ([\d.]+)", page.step(title))
    page.press("Two boxes", "ArrowRight")
    assert number(r"= ([\d.]+)", page.step(title)) != value
    page.drag("Two boxes", (0.39, 0.26), (0.85, 0.85))
    assert number(r"= ([\d.]+)", page.step(title)) == 0
    assert "Does not count as found" in page.step(title)
    # suppression, decision by decision
    title = "NMS: one box per object"
    assert "12 boxes" in page.step(title)
    page.click("next-nms")
    assert re.search(r"Keep the box with score 0\.9\d\. Remove 0\.", page.step(title))
    page.set("nms-limit", 0.2)
    while "Done" not in page.step(title):
        page.click("next-nms")
    assert number(r"Done: (\d+) box", page.step(title)) <= 3
    page.choose("nms-boxes", "faces")
    page.set("nms-limit", 0.3)
    while "Done" not in page.step(title):
        page.click("next-nms")
    assert number(r"Done: (\d+) box", page.step(title)) <= 3


def test_margin(page) -> None:
    page.open("margin")
    title = "Draw the line yourself"
    assert number(r"Your margin: ([\d.]+)", page.step(title)) < number(
        r"possible: ([\d.]+)", page.step(title)
    )
    page.click("take-widest")
    assert "You have found it" in page.step(title)
    page.press("Points and your line", "ArrowRight", "ArrowRight")
    assert "You have found it" not in page.step(title)
    # what is no support vector does not matter
    title = "A linear support vector machine"
    width = number(r"\|w\| = ([\d.]+)", page.step(title))
    page.click("only-support-linear")
    assert number(r"\|w\| = ([\d.]+)", page.step(title)) == pytest.approx(width, abs=0.002)
    # a small C widens the margin
    page.set("svm-c-linear", -2)
    assert number(r"\|w\| = ([\d.]+)", page.step(title)) > 1.2 * width
    # the ring needs a curve
    title = "Curved borders: the RBF kernel"
    assert "0 training points misclassified" in page.step(title)
    support = number(r"(\d+) support vectors", page.step(title))
    page.set("svm-gamma", 2.5)
    assert number(r"(\d+) support vectors", page.step(title)) > support


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1400])
def test_every_part_fits_can_be_read_and_has_tasks(page, width) -> None:
    for part in ("", *PARTS):
        page.open(part, width=width)
        assert page.browser.overflow() <= 0, part
        unnamed = page.browser.run(
            """return [...document.querySelectorAll(
              "article:not([hidden]) :is(canvas[role], input, select, button)")].filter((e) =>
              !e.labels?.length && !e.getAttribute("aria-label") && !e.textContent.trim())
              .map((e) => e.outerHTML)"""
        )
        assert unnamed == [], part
        answers = page.browser.run(
            """const open = document.querySelector("article:not([hidden])");
            return [...open.querySelectorAll(".tasks li")].map((li) => {
              li.querySelector("summary").click(); return li.innerText; })"""
        )
        assert part == "" or 4 <= len(answers) <= 8
        assert all(len(text) > 60 for text in answers)
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            page.browser.cdp("Emulation.setEmulatedMedia", media="", features=[feature])
            page.settle()
            assert page.browser.weak_contrasts() == [], (part, scheme)


@pytest.mark.slow
def test_slides_are_turned_with_keys(page) -> None:
    page.open("convolution")
    page.browser.run("document.querySelector('[name=slides]').click()")

    def now() -> tuple[str, int]:
        return page.browser.run(
            """const steps = [...document.querySelectorAll("article:not([hidden]) .step")]
              .filter((s) => s.getClientRects().length);
            return [steps.map((s) => s.getAttribute("aria-label")).join(), steps.length];"""
        )

    assert now() == ["Convolution", 1]
    size = page.browser.run("return parseFloat(getComputedStyle(document.body).fontSize)")
    assert size >= 18
    page.press("Slides", "PageDown")
    assert now() == ["A kernel slides over numbers", 1]
    page.press("Slides", "ArrowRight", "PageDown", "PageDown", "PageDown")
    page.wait("location.hash === '#network'")
    assert now() == ["Perceptron and network", 1]
    page.press("Slides", "PageUp")
    page.wait("location.hash === '#convolution'")
    assert now() == ["Tasks", 1]
    page.press("Slides", "Escape")
    assert now()[1] > 3


def test_light_and_dark_can_be_chosen(page) -> None:
    page.open("margin")
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = page.browser.run(paper)
    page.browser.run("document.querySelector('[name=theme]').click()")
    page.settle()
    assert page.browser.run(paper) != light
    assert page.browser.weak_contrasts() == []


@pytest.mark.slow
def test_an_image_of_ones_own(page, tmp_path, rng) -> None:
    page.open("sift")
    before = page.step("Stages 2 and 3: keypoints")
    image = np.full((300, 500, 3), 90, np.uint8)
    for _ in range(30):
        x, y, r = rng.integers(20, 480), rng.integers(20, 280), rng.integers(4, 16)
        image[max(y - r, 0) : y + r, max(x - r, 0) : x + r] = rng.integers(0, 256, 3)
    write_image(tmp_path / "own.png", image)
    field = page.browser.driver.find_elements("css selector", "article:not([hidden]) input.file")[0]
    field.send_keys(str(tmp_path / "own.png"))
    page.wait("cvclassic['ui/images.js'].current.value.name === 'own'")
    page.settle()
    assert page.browser.run(
        "const i = cvclassic['ui/images.js'].current.value.image; return [i.width, i.height]"
    ) == [256, 154]
    assert page.step("Stages 2 and 3: keypoints") != before
    # what is no image gets a line, and changes nothing
    (tmp_path / "text.png").write_text("no image", encoding="utf-8")
    field.send_keys(str(tmp_path / "text.png"))
    page.wait(
        "document.querySelector('article:not([hidden]) .said').textContent.includes('text.png')"
    )
    assert page.browser.run("return cvclassic['ui/images.js'].current.value.image.width") == 256
