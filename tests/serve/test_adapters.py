"""The adapters of the documentation, behind stubs of what the frameworks do.

`test_adapters_installed.py` runs them with the frameworks themselves.
"""

from __future__ import annotations

import asyncio
import base64
import re
import sys
import types
from pathlib import Path

import pytest

from cvclassic.images import encode_image
from tests.checks import picture_labels, pictures

pytest.importorskip("starlette")


@pytest.fixture
def adapter(root, monkeypatch, toy_model_file):
    """Runs a code block of the page behind stub modules; gives its names."""
    page = (root / "docs" / "deploy.md").read_text(encoding="utf-8")

    def load(title: str, **modules: types.ModuleType) -> dict:
        code = re.search(rf"### {title}\n\n```python\n(.*?)```", page, re.S)[1]
        for path in ("/mnt/models/photos.cvmodel", "photos.cvmodel"):
            code = code.replace(path, str(toy_model_file))
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        names = {"__name__": "adapter"}
        exec(compile(code, title, "exec", dont_inherit=True), names)
        return names

    return load


@pytest.fixture(scope="module")
def image() -> bytes:
    return encode_image(pictures()[0], ".png")


def module(name: str, **parts) -> types.ModuleType:
    """A module with these names."""
    made = types.ModuleType(name)
    made.__dict__.update(parts)
    return made


def check(record: dict) -> None:
    """A record like that of the service."""
    assert record["status"] == "ok"
    assert record["label"] in picture_labels()
    assert len(record["scores"]) == 3
    assert "model" not in record


def test_ray_serve(adapter, image) -> None:
    """A deployment is a class that is bound to arguments; a batch is a list in and a list out."""

    def deployment(**options):
        assert set(options) <= {"num_replicas", "max_ongoing_requests", "ray_actor_options"}

        def decorate(cls):
            cls.bind = classmethod(lambda cls, *arguments: cls(*arguments))
            return cls

        return decorate

    def batch(**options):
        assert set(options) == {"max_batch_size", "batch_wait_timeout_s"}

        def decorate(function):
            async def one(self, item):
                return (await function(self, [item]))[0]

            return one

        return decorate

    serve = module("ray.serve", deployment=deployment, batch=batch)
    names = adapter("Ray Serve", ray=module("ray", serve=serve), **{"ray.serve": serve})

    class Request:
        async def body(self) -> bytes:
            return image

    check(asyncio.run(names["app"](Request())))


def test_bentoml(adapter, image, tmp_path: Path) -> None:
    """A file of a form comes as a path."""
    stub = module("bentoml", service=lambda **_: lambda cls: cls, api=lambda function: function)
    names = adapter("BentoML", bentoml=stub)
    (tmp_path / "a").write_bytes(image)
    check(names["Classifier"]().predict(image=tmp_path / "a"))
    (tmp_path / "a").write_bytes(b"no image")
    record = names["Classifier"]().predict(image=tmp_path / "a")
    assert (record["status"], record["code"]) == ("error", "unsupported_format")


def test_kserve(adapter, image) -> None:
    """Instances in, predictions out."""

    class Model:
        def __init__(self, name: str) -> None:
            self.name, self.ready = name, False

    names = adapter("KServe", kserve=module("kserve", Model=Model, ModelServer=object))
    model = names["Classifier"]("photos")
    assert model.load()
    assert model.ready
    text = base64.b64encode(image).decode()
    payload = {"instances": [{"b64": text}, {"b64": base64.b64encode(b"x").decode()}]}
    first, second = asyncio.run(model.predict(payload))["predictions"]
    check(first)
    assert second["code"] == "unsupported_format"
