"""A model of landmarks in a file: the same points, and nothing but such a model comes out."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from cvclassic.errors import DataError, ModelFileError
from cvclassic.faces import (
    FaceLandmarks,
    bounding_boxes,
    load_landmarks,
    load_marked_faces,
    save_landmarks,
)
from cvclassic.faces.landmarks import shape_trees
from cvclassic.images import write_image
from cvclassic.models.digests import digest_of


@pytest.fixture(scope="module", params=["descent", "trees"])
def saved(request, make_faces, tmp_path_factory):
    images, points = make_faces(10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape_trees, "N_STAGES", 2)
        patch.setattr(shape_trees, "N_TREES", 5)
        model = FaceLandmarks(method=request.param, n_starts=1).fit(images, points)
    path = tmp_path_factory.mktemp("model") / "faces.cvlandmarks"
    save_landmarks(path, model, {"faces": 10})
    return model, path, images, points


def description(path) -> dict:
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["cvclassic"])


def test_a_model_and_its_copy_agree_to_the_last_bit(saved, tmp_path) -> None:
    model, path, images, points = saved
    again, summary = load_landmarks(path)
    boxes = bounding_boxes(points)
    assert np.array_equal(again.predict(images, boxes), model.predict(images, boxes))
    assert again.get_params() == model.get_params()
    assert summary == {"faces": 10}
    save_landmarks(tmp_path / "b", again, summary)
    assert (tmp_path / "b").read_bytes() == path.read_bytes()


def test_every_cut_file_is_refused(saved, tmp_path) -> None:
    _, path, _, _ = saved
    data = path.read_bytes()
    for length in (0, 5, 9, 100, 3000, len(data) // 2, len(data) - 1):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(ModelFileError, match="cut: "):
            load_landmarks(tmp_path / "cut")


def test_damage_is_found(saved, tmp_path) -> None:
    _, path, _, _ = saved
    arrays, text = load_file(path), description(path)

    def refused(message: str, changed: dict, content: dict | None = None) -> None:
        new = text if content is None else {**text, "content": content}
        new = {**new, "digest": digest_of(new, changed)}
        save_file(changed, tmp_path / "bad", metadata={"cvclassic": json.dumps(new)})
        with pytest.raises(ModelFileError, match=message):
            load_landmarks(tmp_path / "bad")

    for name, array in arrays.items():
        rest = {key: value for key, value in arrays.items() if key != name}
        refused("is missing", rest)
        refused("has the shape", {**rest, name: array[..., None]})
        refused(
            "has the wrong type",
            {**rest, name: array.astype("i4" if array.dtype.kind == "f" else "f4")},
        )
        if array.dtype.kind == "f":
            refused("not finite", {**rest, name: np.full_like(array, np.nan)})
        else:
            refused("point at nothing", {**rest, name: array + 1000})
            refused("point at nothing", {**rest, name: array - 1000})
    refused("unexpected arrays", {**arrays, "more": np.zeros(2, np.float32)})
    content = text["content"]
    refused("unexpected entries", arrays, {**content, "more": 1})
    refused("parameters are invalid", arrays, {**content, "params": {}})
    refused("has no stages", arrays, {**content, "stages": []})
    refused("damaged", arrays, {**content, "params": {**content["params"], "method": "os"}})
    refused("damaged", arrays, {**content, "stages": [{}] * len(content["stages"])})
    odd = [{**stage, "scale": 1e9} for stage in content["stages"]]
    refused("scale is invalid", arrays, {**content, "stages": odd})


def test_other_files_are_told_apart(toy_model_file, tmp_path) -> None:
    with pytest.raises(ModelFileError, match="not a cvclassic-landmarks file"):
        load_landmarks(toy_model_file)
    with pytest.raises(ModelFileError, match="no such model file"):
        load_landmarks(tmp_path / "none")
    with pytest.raises(ModelFileError, match="not fitted"):
        save_landmarks(tmp_path / "a", FaceLandmarks())
    assert not list(tmp_path.iterdir())


def test_marked_faces_are_read_or_listed(make_faces, tmp_path) -> None:
    images, points = make_faces(3)
    for i, image in enumerate(images):
        write_image(tmp_path / f"{i}.png", image)
    (tmp_path / "broken.png").write_bytes(b"no image")
    write_image(tmp_path / "unmarked.png", images[0])
    content = {f"{i}.png": shape.tolist() for i, shape in enumerate(points)}
    content |= {"broken.png": points[0].tolist(), "gone.png": points[0].tolist()}
    write_image(tmp_path / "few.png", images[0])
    write_image(tmp_path / "far.png", images[0])
    content |= {"few.png": points[0][:5].tolist(), "far.png": (points[0] + 900).tolist()}
    (tmp_path / "points.json").write_text(json.dumps(content))
    faces = load_marked_faces(tmp_path, tmp_path / "points.json")
    assert faces.names == ["0.png", "1.png", "2.png"]
    np.testing.assert_allclose(faces.points, points)
    assert faces.unmarked == 1
    codes = {name: code for name, code, _ in faces.failures}
    assert codes == {
        "broken.png": "unsupported_format",
        "gone.png": "not_found",
        "few.png": "bad_points",
        "far.png": "bad_points",
    }
    messages = {name: message for name, _, message in faces.failures}
    assert messages["few.png"] == "expected 68 points (x, y). Got 5 points"
    assert "far outside the image (128 x 128 pixels)" in messages["far.png"]


def test_files_that_are_none_of_points(tmp_path) -> None:
    for text, message in (("{", "is not valid JSON"), ("[1]", "expected"), ("{}", "expected")):
        (tmp_path / "points.json").write_text(text)
        with pytest.raises(DataError, match=message):
            load_marked_faces(tmp_path, tmp_path / "points.json")
    with pytest.raises(DataError, match="cannot be read"):
        load_marked_faces(tmp_path, tmp_path / "none.json")
