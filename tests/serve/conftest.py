"""Services as real processes on loopback."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from tests.checks import pictures


class Served:
    """A running ``cvclassic serve``."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cvclassic_cli", "serve", "--port", "0", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
        )
        self.lines: list[str] = []
        self.ready = threading.Event()
        self.address = ""
        threading.Thread(target=self._read, daemon=True).start()
        if not self.ready.wait(300) or not self.address:
            self.process.kill()
            raise AssertionError("the service did not start: " + "".join(self.lines))

    def _read(self) -> None:
        for line in self.process.stderr or ():
            self.lines.append(line)
            if found := re.search(r"Serving on (http://[^/\s]+)", line):
                self.address = found.group(1)
                self.ready.set()
        self.ready.set()

    def ask(self, path: str, body: bytes | None = None, **headers: str):
        """Status, parsed body and headers."""
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(self.address + path, data=body, headers=names)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return response.status, _parsed(response), response.headers
        except urllib.error.HTTPError as error:
            return error.code, _parsed(error), error.headers

    def workers(self) -> list[int]:
        """Process numbers of the workers: children of the process that starts them."""
        psutil = pytest.importorskip("psutil")
        servers = psutil.Process(self.process.pid).children()
        return [one.pid for server in servers for one in server.children()]

    def stop(self, number: int = signal.SIGTERM, patience: float = 60) -> int:
        """End it by a signal, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(patience)

    def wait_for(self, condition, patience: float = 300) -> None:
        """Wait until something holds."""
        end = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.05)


def _parsed(response):
    data = response.read()
    kind = response.headers.get("content-type", "")
    return json.loads(data) if "json" in kind and "ndjson" not in kind else data


@pytest.fixture(scope="session")
def served(toy_model_file, tmp_path_factory):
    """A service of the toy model, for tests that leave it as it is."""
    pytest.importorskip("starlette")
    service = Served(f"toys={toy_model_file}", "--workers", "1", cwd=tmp_path_factory.mktemp("s"))
    yield service
    service.process.kill()


def halves(seed: int, side: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """An image that is bright on one side and dark on the other, and where it is bright."""
    noise = np.random.default_rng(seed).integers(0, 60, (side, side, 3))
    mask = np.zeros((side, side), np.int32)
    mask[:, : side // 3 + 4 * seed] = 1
    return (noise + 150 * mask[..., None]).astype(np.uint8), mask


@pytest.fixture(scope="session")
def model_files(toy_model_file, tmp_path_factory, root) -> dict[str, str]:
    """A small model of each kind by its kind."""
    from cvclassic.faces import Gallery, HaarFaceDetector, largest_face, save_gallery
    from cvclassic.images import read_image
    from cvclassic.search import ImageIndex
    from cvclassic.segment import PixelClassifier, save_segmentation

    folder = tmp_path_factory.mktemp("kinds")
    images, masks = zip(*(halves(seed) for seed in range(3)), strict=True)
    classifier = PixelClassifier(n_trees=4, depth=3, context=False, random_state=0)
    classifier.fit(list(images), list(masks))
    summary = {"names": ["dark", "bright"], "values": [0, 255]}
    save_segmentation(folder / "halves.cvsegment", classifier, summary)
    ImageIndex(n_words=20, compact=False).fit(pictures()).save(folder / "toys.index")
    gallery = Gallery("hog")
    shown = read_image(root / "sample_images" / "face" / "astronaut.jpg")
    gallery.enroll("Eileen", [largest_face(shown, gallery.source, HaarFaceDetector()).pixels])
    save_gallery(folder / "people.faces", gallery)
    return {
        "classify": str(toy_model_file),
        "segment": str(folder / "halves.cvsegment"),
        "search": str(folder / "toys.index"),
        "people": str(folder / "people.faces"),
        "faces": "faces",
    }


@pytest.fixture(scope="session")
def all_kinds(model_files, tmp_path_factory):
    """A service of a model of each kind, named by its kind."""
    pytest.importorskip("starlette")
    names = [name if name == path else f"{name}={path}" for name, path in model_files.items()]
    service = Served(*names, "--workers", "1", "--timeout", "300", cwd=tmp_path_factory.mktemp("s"))
    yield service
    service.process.kill()


@pytest.fixture
def start(tmp_path):
    """Starts services that are ended with the test."""
    started: list[Served] = []

    def begin(*arguments: str) -> Served:
        started.append(Served(*arguments, cwd=tmp_path))
        return started[-1]

    yield begin
    for service in started:
        service.process.kill()
