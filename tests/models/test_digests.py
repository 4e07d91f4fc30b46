"""The checksum of a model file: no flipped bit goes unnoticed, and earlier files still load."""

import json
import random
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from cvclassic.errors import ModelFileError
from cvclassic.models import load_model, read_model_info
from cvclassic.models.bundles import load_bundle, save_bundle
from cvclassic.models.registry import entry_of, parameter_names

VERSION_1 = Path(__file__).with_name("version1")


def test_every_flipped_bit_is_noticed(toy_model_file, tmp_path) -> None:
    data = toy_model_file.read_bytes()
    rng = random.Random(0)
    path = tmp_path / "m"
    for _ in range(300):
        changed = bytearray(data)
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(ModelFileError):
            load_model(path)


def test_a_changed_weight_is_damage(toy_model_file, tmp_path) -> None:
    data = bytearray(toy_model_file.read_bytes())
    data[-3] ^= 1
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(ModelFileError, match="checksum does not match"):
        load_model(tmp_path / "m")


def test_a_file_without_checksum_is_damaged(toy_model_file, tmp_path) -> None:
    data = toy_model_file.read_bytes()
    digest = read_model_info(toy_model_file).digest
    text = f'\\"digest\\": \\"{digest}\\", '.encode()
    assert text in data
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length].replace(text, b"").ljust(length)
    (tmp_path / "m").write_bytes(data[:8] + header + data[8 + length :])
    with pytest.raises(ModelFileError, match="its checksum is missing"):
        load_model(tmp_path / "m")


def test_bundles_have_one_too(tmp_path) -> None:
    path = tmp_path / "b"
    save_bundle(path, "numbers", 1, {"x": np.arange(9.0)}, {"of": "me"})
    data = bytearray(path.read_bytes())
    for at in range(len(data) - 72, len(data), 5):
        changed = bytearray(data)
        changed[at] ^= 4
        path.write_bytes(changed)
        with pytest.raises(ModelFileError, match="checksum"):
            load_bundle(path, "numbers", 1)


@pytest.mark.parametrize("name", ["sift-bow-svm", "pixels-mlp", "vlad-ridge"])
def test_files_of_version_1_answer_as_they_did(name) -> None:
    """Written before classes were renamed: the answers are those that were noted then."""
    rng = np.random.default_rng(0)
    images = [
        np.kron(rng.integers(0, 256, (s, s), np.uint8), np.ones((64 // s, 64 // s), np.uint8))
        for s in (4, 8, 16) * 4
    ]
    path = VERSION_1 / f"{name}.cvmodel"
    assert read_model_info(path).digest is None
    expected = json.loads((VERSION_1 / "answers.json").read_text())[name]
    assert np.allclose(load_model(path).predict_proba(images), expected, atol=1e-4)


RELEASED = json.loads(Path(__file__).with_name("parameters-0.1.0.json").read_text())
RENAMED = {"LLC": {"regularization"}}


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_parameters_that_files_of_a_release_lack_have_a_value(name) -> None:
    """Else its models could not be loaded any more."""
    cls, state = entry_of(name)
    lacking = parameter_names(cls) - set(RELEASED[name]) - RENAMED.get(name, set())
    assert lacking <= set(state.added)
    defaults = signature(cls).parameters
    assert all(defaults[key].default == value for key, value in state.added.items())


def test_an_earlier_file_is_noted(in_process, tmp_path) -> None:
    import cvclassic
    from cvclassic.errors import ModelFileWarning

    path = VERSION_1 / "pixels-mlp.cvmodel"
    with pytest.warns(ModelFileWarning, match="has no checksum"):
        cvclassic.load_model(path)
    (tmp_path / "none.png").write_bytes(b"")
    done = in_process("classify", path, tmp_path / "none.png")
    assert done.stderr.count("Note: ") == 1
    assert "has no checksum; save it again" in done.stderr
    assert "written by an earlier version" in in_process("info", path).stdout
