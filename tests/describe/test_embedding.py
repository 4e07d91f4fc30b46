"""Networks that are brought along: the numbers, and what can be wrong with a file."""

import importlib.util
import os
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cvclassic.describe import Embedding, NetworkFileError
from cvclassic.describe.networks import Ready, open_network
from cvclassic.describe.onnx_bytes import onnx_input_shape
from cvclassic.errors import CvclassicError, MissingDependencyError
from tests.checks import pictures
from tests.tiny_network import message, network_bytes, tiny_network, weights


def expected(image: np.ndarray, mean, deviation) -> np.ndarray:
    """The tiny network in NumPy: convolution with stride 2, ReLU, mean, length 1."""
    kernels, biases = weights()
    x = (image.astype(np.float64) - mean) / deviation
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))[::2, ::2]
    out = np.maximum(np.einsum("yxcij,ncij->yxn", windows, kernels) + biases, 0).mean(axis=(0, 1))
    return out / np.linalg.norm(out)


@pytest.mark.parametrize(
    ("scaling", "mean", "deviation"),
    [
        ("imagenet", [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]),
        ("unit", 0, 255),
        ("symmetric", 127.5, 127.5),
        ("none", 0, 1),
    ],
)
def test_the_vector_is_what_the_network_says(scaling, mean, deviation) -> None:
    images = pictures(3)
    found = Embedding(tiny_network(), scaling=scaling).fit_transform(images)
    for row, image in zip(found, images, strict=True):
        np.testing.assert_allclose(row, expected(image, mean, deviation), atol=1e-4)


def test_signed_roots_come_before_the_length() -> None:
    plain = Embedding(tiny_network()).fit_transform(pictures(3))
    root = Embedding(tiny_network(), power=0.5).fit_transform(pictures(3))
    expected = np.sqrt(plain)  # behind a rectifier nothing is negative
    np.testing.assert_allclose(
        root, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5
    )
    assert not np.allclose(root, plain, atol=1e-2)


def test_files_are_taken_for_networks_of_imagenet() -> None:
    found = [
        Embedding(tiny_network(), scaling=s).fit_transform(pictures(3)) for s in (None, "imagenet")
    ]
    assert np.array_equal(*found)


def test_a_layer_with_height_and_width_is_averaged() -> None:
    whole = Embedding(tiny_network()).fit_transform(pictures())
    np.testing.assert_allclose(
        Embedding(tiny_network(), layer="features").fit_transform(pictures()), whole, atol=1e-5
    )


def test_gray_networks_take_gray(tmp_path) -> None:
    (tmp_path / "gray.onnx").write_bytes(network_bytes(channels=1))
    assert Embedding(tmp_path / "gray.onnx").fit_transform(pictures()).shape == (12, 8)


@pytest.mark.parametrize(("side", "channels"), [(16, 3), (40, 1)])
def test_shape_is_read_from_the_file(side: int, channels: int) -> None:
    assert onnx_input_shape(network_bytes(side, channels)) == (1, channels, side, side)


def test_threads_have_networks_of_their_own() -> None:
    images = pictures(40)
    one = Embedding(tiny_network(), n_jobs=1).fit(images)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: one.transform(images[i : i + 4]), range(0, 40, 4)))
    assert np.array_equal(np.concatenate(found), one.transform(images))


def test_a_network_is_opened_once_per_thread_at_work(monkeypatch) -> None:
    """The threads of a pass end with it, and a server makes many passes."""
    opened = []

    def counting(*args):
        opened.append(args[1])
        return open_network(*args)

    monkeypatch.setattr("cvclassic.describe.embedding.open_network", counting)
    monkeypatch.setattr("cvclassic.describe.embedding._ready", Ready())
    images = pictures(40)
    embedding = Embedding(tiny_network(), n_jobs=2).fit(images)
    first = embedding.transform(images)
    for _ in range(5):
        assert np.array_equal(embedding.transform(images), first)
    assert 1 <= len(opened) <= 2


def test_networks_not_asked_for_lately_are_let_go() -> None:
    ready, made = Ready(), []

    def make(key: int) -> object:
        made.append(key)
        return object()

    def use(key: int) -> None:
        with ready.use((key,), lambda: make(key)):
            pass

    for key in (0, 1, 0, 2, 3, 4, 0, 1):  # 1 is the one that had to go for 4
        use(key)
    assert made == [0, 1, 2, 3, 4, 1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged or not an ONNX"),
        (b"garbage" * 100, "damaged or not an ONNX"),
        (network_bytes()[:-40], "damaged|cannot"),
        (network_bytes()[:200], "damaged|cannot"),
        (message((7, message((11, message((1, "x")))))), "for images has an input"),
        (b"\xff" * 50, "damaged or not an ONNX"),
    ],
)
def test_damaged_files(content: bytes, reason: str, tmp_path) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(NetworkFileError, match=reason) as caught:
        Embedding(str(tmp_path / "bad.onnx")).fit(pictures())
    assert "bad.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cut_files_never_crash() -> None:
    data = network_bytes()
    for end in range(0, len(data), 37):
        with pytest.raises(NetworkFileError):
            open_network(data[:end], "cut.onnx", "unit", None)


def test_files_that_are_none(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "weights.pt").write_bytes(b"x")
    for name, reason in [
        ("missing.onnx", "no such network file"),
        ("pipe.onnx", "not a regular file"),
        ("folder.onnx", "directory|not a regular file"),
        ("weights.pt", r"\.onnx or \.tflite"),
    ]:
        with pytest.raises(NetworkFileError, match=reason):
            Embedding(tmp_path / name).fit(pictures())


def test_layers_that_are_not_there() -> None:
    with pytest.raises(NetworkFileError, match=re.escape("conv") + ".*'fc7'"):
        Embedding(tiny_network(), layer="fc7").fit(pictures())


def test_a_file_that_changes_is_not_used(tmp_path, monkeypatch) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(network_bytes(seed=5))
    fitted = Embedding(str(path)).fit(pictures())
    before = fitted.transform(pictures())
    path.write_bytes(network_bytes(seed=6))
    assert np.array_equal(fitted.transform(pictures()), before)  # what is open is the right one
    monkeypatch.setattr("cvclassic.describe.embedding._ready", Ready())
    with pytest.raises(NetworkFileError, match="changed"):
        fitted.transform(pictures())


@pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is not None, reason="ai-edge-litert is installed"
)
def test_tflite_says_what_it_needs(tmp_path) -> None:
    (tmp_path / "net.tflite").write_bytes(b"x")
    with pytest.raises(MissingDependencyError, match="pip install ai-edge-litert"):
        Embedding(tmp_path / "net.tflite").fit(pictures())


@pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None, reason="ai-edge-litert is not installed"
)
def test_tflite(tmp_path, data_dir) -> None:
    (tmp_path / "bad.tflite").write_bytes(b"x" * 1000)
    with pytest.raises(CvclassicError, match="LiteRT cannot use it"):
        Embedding(tmp_path / "bad.tflite").fit(pictures())
    path = data_dir / "opponents" / "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
    found = Embedding(path).fit_transform(pictures(3))
    assert found.shape == (3, 1024)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    with pytest.raises(NetworkFileError, match="layer must be None"):
        Embedding(path, layer="x").fit(pictures(3))
