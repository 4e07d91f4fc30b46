"""The teaching page in a browser, and its numerical modules alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from cvclassic.images import read_image


class Modules:
    """The page's JavaScript modules, called from here.

    Arrays go in as ``{width, height, data}`` planes and come back as NumPy arrays.
    """

    def __init__(self, browser, path: Path) -> None:
        browser.open(path)
        self.browser = browser

    def __call__(self, body: str, **values):
        """Value of a function body; the names of `values` and of all exports can be used."""
        sent = {name: encode(value) for name, value in values.items()}
        script = """
            const [names, values] = arguments;
            const exported = Object.assign({}, ...Object.values(cvclassic));
            const scope = { ...exported, ...values };
            const run = new Function(...Object.keys(scope), names);
            const plain = (v) => ArrayBuffer.isView(v) ? Array.from(v)
                : v && v.width !== undefined && ArrayBuffer.isView(v.data)
                ? { width: v.width, height: v.height, data: Array.from(v.data) } : v;
            return JSON.stringify(run(...Object.values(scope)), (_, v) => plain(v));
        """
        return decode(json.loads(self.browser.run(script, body, sent)))


def encode(value):
    """NumPy arrays of two axes as planes, of one axis as lists."""
    if isinstance(value, np.ndarray) and value.ndim == 2:
        height, width = value.shape
        return {"width": width, "height": height, "data": value.ravel().tolist()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def decode(value):
    """Planes as arrays, wherever they stand."""
    if isinstance(value, dict):
        if set(value) == {"width", "height", "data"}:
            return np.array(value["data"]).reshape(value["height"], value["width"])
        return {key: decode(part) for key, part in value.items()}
    return [decode(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def modules_page(tmp_path_factory, root) -> Path:
    """An empty page with all numerical modules, without the policy of the real one."""
    from cvclassic.teach import bundle
    from cvclassic.teach.building import read_modules

    modules = read_modules(root / "sample_images")
    names = sorted(n for n in modules if n.startswith(("numerics/", "data/")))
    entry = "".join(f'import {{ }} from "./{name}";\n' for name in names)
    path = tmp_path_factory.mktemp("teach") / "modules.html"
    script = bundle({**modules, "all.js": entry}, "all.js")
    path.write_text(f"<meta charset=utf-8><script>{script}</script>", encoding="utf-8")
    return path


@pytest.fixture
def js(browser, modules_page) -> Modules:
    """A browser in which the numerical modules can be called."""
    return Modules(browser, modules_page)


@pytest.fixture(scope="session")
def face(root) -> np.ndarray:
    """A gray photograph of 128 x 128 pixels."""
    import cv2

    rgb = read_image(root / "sample_images" / "face" / "astronaut.jpg")
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[20:276, 90:346]
    return cv2.resize(gray, (128, 128), interpolation=cv2.INTER_AREA)
