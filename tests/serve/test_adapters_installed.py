"""The adapters of the documentation as processes of the frameworks, where these are installed."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.http_load import free_port
from cvclassic.images import encode_image
from tests.checks import picture_labels, pictures

pytestmark = pytest.mark.slow
BAD = b"no image"


def needs(name: str) -> None:
    """Skip where a framework is not installed."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


@contextmanager
def running(
    folder: Path, root: Path, model: Path, title: str, command: list[str]
) -> Iterator[None]:
    """A file of the page with the model's path in it, as a process."""
    page = (root / "docs" / "deploy.md").read_text(encoding="utf-8")
    code = re.search(rf"### {title}\n\n```python\n# (\w+\.py)(.*?)```", page, re.S)
    text = re.sub(r'"[^"]*photos\.cvmodel"', repr(str(model)), code[2])
    (folder / code[1]).write_text("#" + text, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, *command], cwd=folder, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def ask(url: str, body: bytes, kind: str, patience: float = 120) -> dict | list:
    """The answer to a POST, once the service is there."""
    end = time.monotonic() + patience
    while True:
        request = urllib.request.Request(url, body, {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > end:
                raise
            time.sleep(1)


def check(good: dict, bad: dict) -> None:
    """The record of an image, and that of what is none."""
    assert good["status"] == "ok"
    assert good["label"] in picture_labels()
    assert len(good["scores"]) == 3
    assert (bad["status"], bad["code"]) == ("error", "unsupported_format")


def test_ray_serve(tmp_path, root, toy_model_file) -> None:
    needs("ray")
    command = ["-m", "ray.serve.scripts", "run", "ray_app:app"]
    with running(tmp_path, root, toy_model_file, "Ray Serve", command):
        image = encode_image(pictures()[0], ".png")
        url = "http://127.0.0.1:8000/"
        check(*(ask(url, body, "application/octet-stream") for body in (image, BAD)))


def test_bentoml(tmp_path, root, toy_model_file) -> None:
    needs("bentoml")
    port = free_port()
    command = ["-m", "bentoml", "serve", "service:Classifier", "-p", str(port)]
    with running(tmp_path, root, toy_model_file, "BentoML", command):

        def form(body: bytes) -> bytes:
            head = 'Content-Disposition: form-data; name="image"; filename="a"'
            return b"--x\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n--x--\r\n"

        url, kind = f"http://127.0.0.1:{port}/predict", "multipart/form-data; boundary=x"
        bodies = (encode_image(pictures()[0], ".png"), BAD)
        check(*(ask(url, form(body), kind) for body in bodies))


def test_kserve(tmp_path, root, toy_model_file) -> None:
    needs("kserve")
    port = free_port()
    command = ["model.py", "--http_port", str(port), "--enable_grpc", "false"]
    with running(tmp_path, root, toy_model_file, "KServe", command):
        bodies = (encode_image(pictures()[0], ".png"), BAD)
        content = {"instances": [{"b64": base64.b64encode(body).decode()} for body in bodies]}
        url = f"http://127.0.0.1:{port}/v1/models/photos:predict"
        answer = ask(url, json.dumps(content).encode(), "application/json")
        check(*answer["predictions"])
