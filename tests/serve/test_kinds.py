"""Models of all tasks by the same doors."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import numpy as np
import pytest

from cvclassic.errors import ModelFileError
from cvclassic.images import encode_image, read_image
from cvclassic.images.labels import decode_rle
from tests.checks import pictures
from tests.serve.conftest import halves

pytest.importorskip("starlette")

from cvclassic.serve.models import describe_model


def test_who_answers_loads_nothing_that_predicts() -> None:
    code = (
        "import sys, cvclassic.serve.app, cvclassic.serve.server\n"
        "print({'scipy', 'sklearn', 'skimage', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.slow
def test_models_say_what_they_are(all_kinds, model_files) -> None:
    listed = all_kinds.ask("/models")[1]["models"]
    assert [model["kind"] for model in listed] == list(model_files)
    by_kind = {model["kind"]: model for model in listed}
    assert by_kind["segment"]["classes"] == ["dark", "bright"]
    assert by_kind["people"]["classes"] == ["Eileen"]
    assert by_kind["search"]["n_images"] == 12


@pytest.mark.slow
def test_masks_of_segmentation_models(all_kinds) -> None:
    pixels, truth = halves(5)
    data = encode_image(pixels, ".png")
    _, answer, _ = all_kinds.ask("/predict?model=segment", data)
    mask = read_image(base64.b64decode(answer["mask"]))
    assert mask.shape == truth.shape
    assert (mask == truth).mean() > 0.97
    n_bright = int((mask == 1).sum())
    assert answer["areas"] == {"dark": mask.size - n_bright, "bright": n_bright}
    assert answer["classes"] == ["dark", "bright"]
    _, answer, _ = all_kinds.ask("/predict?model=segment&mask=rle", data)
    assert "mask" not in answer
    runs = answer["masks"]["bright"]
    assert np.array_equal(decode_rle((*runs["size"], runs["counts"])), mask == 1)
    _, answer, _ = all_kinds.ask("/predict?model=segment&mask=none", data)
    assert not {"mask", "masks"} & set(answer)
    assert answer["areas"]["bright"] == n_bright
    assert all_kinds.ask("/predict?model=segment&mask=jpeg", data)[0] == 422


@pytest.mark.slow
def test_hits_of_an_index(all_kinds) -> None:
    data = encode_image(pictures()[3], ".png")
    _, answer, _ = all_kinds.ask("/predict?model=search&top=3", data)
    hits = answer["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert hits[0]["path"] == "[3]"
    assert len(all_kinds.ask("/predict?model=search", data)[1]["hits"]) == 10


@pytest.mark.slow
def test_names_of_a_gallery_and_boxes_of_faces(all_kinds, root) -> None:
    portrait = read_image(root / "sample_images" / "face" / "astronaut.jpg")
    data = encode_image(portrait[: len(portrait) // 2], ".png")
    _, answer, _ = all_kinds.ask("/predict?model=faces", data)
    (found,) = answer["detections"]
    assert 100 < found["x"] + found["width"] / 2 < answer["width"] - 100
    _, answer, _ = all_kinds.ask("/predict?model=people", data)
    (face,) = answer["faces"]
    assert face["name"] == "Eileen"
    assert len(face["box"]) == 4
    assert "label" not in answer


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classify", "segment", "search", "people", "faces"])
def test_bad_images_are_records_of_every_kind(all_kinds, kind) -> None:
    status, answer, _ = all_kinds.ask(f"/predict?model={kind}", b"no image")
    assert (status, answer["status"], answer["code"]) == (200, "error", "unsupported_format")
    blank = encode_image(np.zeros((64, 64), np.uint8), ".png")
    status, answer, _ = all_kinds.ask(f"/predict?model={kind}&explain=1", blank)
    assert (status, answer["status"] != "error") == (200, True), answer


@pytest.mark.slow
def test_what_cannot_be_served_is_said(tmp_path, model_files) -> None:
    (tmp_path / "x").write_bytes(b"no model")
    for path, word in ((tmp_path / "x", "not a"), (tmp_path / "none", "no such")):
        with pytest.raises(ModelFileError, match=word):
            describe_model(path)
    from cvclassic.models.bundles import save_bundle

    save_bundle(tmp_path / "y", "cvclassic-landmarks", 1, {"a": np.zeros(2)}, {})
    with pytest.raises(ModelFileError, match="cvclassic-landmarks cannot be served"):
        describe_model(tmp_path / "y")
    save_bundle(tmp_path / "z", "cvclassic-objects", 1, {"a": np.zeros(2)}, {"classes": 3})
    with pytest.raises(ModelFileError, match="damaged"):
        describe_model(tmp_path / "z")
    json.dumps([describe_model(path) for path in model_files.values()])
