"""Pages in a real headless browser."""

import base64
import json
import shutil
from pathlib import Path

import pytest

# Contrast ratio of every visible text to what lies behind it, by WCAG 2.1, section 1.4.3.
_CONTRAST = """
const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function rgba(color) {
  paint.clearRect(0, 0, 1, 1); paint.fillStyle = color; paint.fillRect(0, 0, 1, 1);
  const d = paint.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255];
}
function luminance(c) {
  const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
}
function behind(node) {
  for (let at = node; at; at = at.parentElement) {
    const c = rgba(getComputedStyle(at).backgroundColor);
    if (c[3] > .99) return c.slice(0, 3);
  }
  return [255, 255, 255];
}
const found = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode, node = text.parentElement;
  if (!text.data.trim() || !node.getClientRects().length || node.closest("script,style")) continue;
  const style = getComputedStyle(node);
  const ink = luminance(rgba(node.closest("svg") ? style.fill : style.color).slice(0, 3));
  const paper = luminance(behind(node));
  const ratio = (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
  if (ratio < 4.5) found.push([ratio.toFixed(2), text.data.trim().slice(0, 40), node.tagName]);
}
return found;
"""


class Browser:
    """Chromium, driven by Selenium."""

    def __init__(self) -> None:
        webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
        binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
        driver = shutil.which("chromedriver")
        if binary is None or driver is None:
            pytest.skip("no chromium with chromedriver is installed")
        options = webdriver.ChromeOptions()
        options.binary_location = binary
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--use-fake-device-for-media-stream",  # a camera that shows a test pattern
            "--use-fake-ui-for-media-stream",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(executable_path=driver)
        self.driver = webdriver.Chrome(options=options, service=service)

    def open(self, path: Path, width: int = 1400, dark: bool = False, fragment: str = "") -> None:
        """Open a file in a window of `width` pixels."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.driver.get(path.absolute().as_uri() + fragment)

    def visit(self, address: str, width: int = 1400, dark: bool = False) -> None:
        """Open an address in a window of `width` pixels, whatever tests before have set."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.driver.get(address)

    def cdp(self, command: str, **options):
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, options)

    def run(self, script: str, *args):
        """Result of a script."""
        return self.driver.execute_script(script, *args)

    def errors(self) -> list[str]:
        """What the console says since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses that were asked for, those inside the page left out."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("data:", "about:")):
                    found.append(url)
        return found

    def weak_contrasts(self) -> list:
        """Texts whose contrast is below 4.5."""
        return self.run(_CONTRAST)

    def overflow(self) -> int:
        """Pixels that the page is wider than its window."""
        return self.run("return document.documentElement.scrollWidth - innerWidth")

    def faults(self, path: Path) -> list:
        """What is wrong with a file: console, requests, contrast and width, light and dark."""
        self.open(path)
        found: list = [*self.errors()]
        found += [f"asks for {url}" for url in self.requests() if url != path.absolute().as_uri()]
        # what is folded is to be read, too
        self.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        return found + self.hard_to_read()

    def hard_to_read(self) -> list:
        """Weak contrasts of the page that is open, and what is too wide, in all four looks."""
        found: list = []
        for width in (1400, 390):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            self.cdp("Emulation.setDeviceMetricsOverride", **size)
            for scheme in ("light", "dark"):
                feature = {"name": "prefers-color-scheme", "value": scheme}
                self.cdp("Emulation.setEmulatedMedia", media="", features=[feature])
                if self.overflow() > 0:
                    found.append(f"{self.overflow()} pixels too wide at {width}")
                found += [(scheme, width, *weak) for weak in self.weak_contrasts()]
        return found

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.cdp("Page.printToPDF", printBackground=False)["data"])

    def screenshot(self, path: Path) -> None:
        """Image of the whole page, for looking at it."""
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000)}
        shot = self.cdp(
            "Page.captureScreenshot", captureBeyondViewport=True, clip={**clip, "scale": 1}
        )
        path.write_bytes(base64.b64decode(shot["data"]))
