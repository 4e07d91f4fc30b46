"""What clients see: a running service on loopback, asked by HTTP."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from cvclassic.images import encode_image
from cvclassic.model import load_model
from tests.checks import pictures

pytest.importorskip("starlette")


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    return [encode_image(image, ".png") for image in pictures()[:4]]


def multipart(parts: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    """A form with files."""
    lines = []
    for name, data in parts:
        head = f'--XX\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        lines.append(head.encode() + data + b"\r\n")
    return b"".join([*lines, b"--XX--\r\n"]), "multipart/form-data; boundary=XX"


def test_answers_are_those_of_the_model(served, files, toy_model_file, tmp_path) -> None:
    model = load_model(toy_model_file)
    for i, data in enumerate(files):
        path = tmp_path / f"{i}.png"
        path.write_bytes(data)
        (record,) = model.classify(path, top=2)
        status, answer, headers = served.ask("/predict?top=2&name=a.png", data)
        assert status == 200
        assert headers["X-Request-ID"]
        assert (answer["path"], answer["status"], answer["model"]) == ("a.png", "ok", "toys")
        assert answer["label"] == record.label
        assert [score["label"] for score in answer["scores"]] == [name for name, _ in record.scores]
        for score, (_, probability) in zip(answer["scores"], record.scores, strict=True):
            assert score["probability"] == pytest.approx(probability, abs=1e-5)


def test_every_way_to_send_images_gives_the_same(served, files) -> None:
    _, raw, _ = served.ask("/predict?name=x", files[0])
    text = base64.b64encode(files[0]).decode()
    for content in (
        {"name": "x", "image": text},
        {"name": "x", "image": f"data:image/png;base64,{text}"},
    ):
        body = json.dumps(content).encode()
        status, answer, _ = served.ask("/predict", body, Content_Type="application/json")
        assert (status, answer) == (200, raw)
    body = json.dumps([text, {"name": "x", "image": text}]).encode()
    _, answer, _ = served.ask("/predict", body, Content_Type="application/json")
    assert [record["path"] for record in answer["records"]] == ["image 1", "x"]
    assert answer["records"][1] == raw
    body, kind = multipart([("x", files[0])])
    _, answer, _ = served.ask("/predict", body, Content_Type=kind)
    assert answer == raw
    body, kind = multipart([("x", files[0]), ("y", files[1])])
    _, answer, _ = served.ask("/predict", body, Content_Type=kind)
    assert [record["path"] for record in answer["records"]] == ["x", "y"]
    assert answer["records"][0] == raw


def test_explanations_name_keypoints(served, files) -> None:
    _, answer, _ = served.ask("/predict?explain=1", files[0])
    why = answer["explanation"]
    assert why["label"] == answer["label"] != why["against"]
    assert 0 < len(why["keypoints"]) <= why["keypoints_total"]
    assert max(abs(point["share"]) for point in why["keypoints"]) == 1
    assert all(0 <= point["x"] <= 1 and 0 <= point["y"] <= 1 for point in why["keypoints"])


def test_bad_images_are_records(served, files) -> None:
    status, answer, _ = served.ask("/predict", b"no image at all")
    assert (status, answer["status"]) == (200, "error")
    assert answer["code"] == "unsupported_format"
    assert "label" not in answer
    body, kind = multipart([("cut.png", files[0][:60]), ("good.png", files[0]), ("0.png", b"")])
    _, answer, _ = served.ask("/predict", body, Content_Type=kind)
    assert [record["status"] for record in answer["records"]] == ["error", "ok", "error"]
    assert answer["records"][2]["code"] == "empty"


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "word"),
    [
        ("/predict?model=none", b"x", "image/png", 404, "no model 'none'"),
        ("/predict?top=0", b"x", "image/png", 422, "top must be"),
        ("/predict?top=x", b"x", "image/png", 422, "top must be"),
        ("/predict?explain=2", b"x", "image/png", 422, "explain must be"),
        ("/predict?topp=2", b"x", "image/png", 422, "unknown parameter 'topp'"),
        ("/predict", b"{", "application/json", 400, "not valid JSON"),
        ("/predict", b"[" * 10_000, "application/json", 400, "not valid JSON"),
        ("/predict", b"[]", "application/json", 400, "no image"),
        ("/predict", b"7", "application/json", 422, "base64"),
        ("/predict", b'{"image": 7}', "application/json", 422, "base64"),
        ("/predict", b'"%%%"', "application/json", 422, "base64"),
        ("/predict", b'{"url": "http://127.0.0.1/x"}', "application/json", 403, "not fetched"),
        ("/predict", b"x", "multipart/form-data", 400, "multipart"),
        ("/predict", b"x", "multipart/form-data; boundary=A", 400, "multipart"),
        ("/nowhere", b"x", "image/png", 404, "not found"),
    ],
)
def test_problems_say_what_is_wrong(served, path, body, kind, status, word) -> None:
    found, answer, headers = served.ask(path, body, Content_Type=kind)
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert answer["status"] == status
    assert answer["title"]
    assert word in answer["detail"]


def test_wrong_method(served) -> None:
    status, answer, headers = served.ask("/predict")
    assert (status, headers["allow"]) == (405, "POST")
    assert answer["status"] == 405


def test_batches_stream_in_order(served, files) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for i in range(40):
            zipped.writestr(f"{i}.png", files[i % 4] if i != 7 else b"broken")
        zipped.writestr("notes.txt", "text")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for i in range(3):
            info = tarfile.TarInfo(f"{i}.png")
            info.size = len(files[i])
            tar.addfile(info, io.BytesIO(files[i]))
    status, lines, headers = served.ask(
        "/predict/batch", archive.getvalue(), Content_Type="application/zip"
    )
    records = [json.loads(line) for line in lines.splitlines()]
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    names = [record["path"] for record in records]
    assert names[:40] == [f"{i}.png" for i in range(40)]
    assert [record["status"] for record in records[:40]].count("error") == 1
    _, lines, _ = served.ask("/predict/batch", packed.getvalue(), Content_Type="application/gzip")
    assert [json.loads(line)["path"] for line in lines.splitlines()] == ["0.png", "1.png", "2.png"]
    body, kind = multipart([(f"{i}", files[i % 4]) for i in range(100)])  # more than /predict takes
    assert served.ask("/predict", body, Content_Type=kind)[0] == 413
    _, lines, _ = served.ask("/predict/batch", body, Content_Type=kind)
    assert [json.loads(line)["path"] for line in lines.splitlines()] == [str(i) for i in range(100)]
    _, lines, _ = served.ask("/predict/batch", b"PK\3\4nothing", Content_Type="application/zip")
    (record,) = [json.loads(line) for line in lines.splitlines()]
    assert record["status"] == "error"


def test_models_ready_and_metrics(served, files) -> None:
    _, answer, _ = served.ask("/models")
    (model,) = answer["models"]
    assert (model["name"], model["kind"]) == ("toys", "classify")
    assert len(model["classes"]) == 3
    assert served.ask("/ready")[1] == {"status": "ready", "models": ["toys"]}
    served.ask("/predict", files[0])
    _, text, headers = served.ask("/metrics")
    assert headers["content-type"].startswith("text/plain")
    lines = text.decode().splitlines()
    counted = [
        line for line in lines if line.startswith('cvclassic_images_total{code="",model="toys')
    ]
    assert float(counted[0].split()[-1]) >= 1
    for name in ("requests_total", "request_seconds_bucket", "queue", "workers", "batch_size_sum"):
        assert any(line.startswith(f"cvclassic_{name}") for line in lines), name


def test_the_document_describes_the_routes(toy_model_file) -> None:
    from cvclassic.serve import create_app
    from cvclassic.serve.openapi import openapi_document

    app = create_app({"toys": str(toy_model_file)})
    app.state.service.close()
    described = {
        (path, method.upper())
        for path, methods in openapi_document()["paths"].items()
        for method in methods
    }
    there = {(route.path, method) for route in app.routes for method in route.methods - {"HEAD"}}
    assert described == there
    document = json.dumps(openapi_document())
    schemas = openapi_document()["components"]["schemas"]
    for name in {part.split('"')[0] for part in document.split("#/components/schemas/")[1:]}:
        assert name in schemas


def test_many_clients_at_once(served, files) -> None:
    def one(i: int):
        return served.ask(f"/predict?name={i}", files[i % 4])

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(64)))
    assert [answer["path"] for _, answer, _ in answers] == [str(i) for i in range(64)]
    assert {status for status, _, _ in answers} == {200}
    alone = [served.ask("/predict", data)[1]["label"] for data in files]
    assert [answer["label"] for _, answer, _ in answers] == [alone[i % 4] for i in range(64)]
