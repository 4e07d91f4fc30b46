"""A network of one convolution as an ONNX file, written by hand: field numbers of onnx.proto."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def message(*fields: tuple[int, int | bytes | str]) -> bytes:
    """A protobuf message of numbers and bytes."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(data)) + data
    return out


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = message(*((1, message((1, side))) for side in shape))
    return message((1, name), (2, message((1, message((1, 1), (2, dims))))))


def _tensor(name: str, array: np.ndarray) -> bytes:
    dims = [(1, side) for side in array.shape]
    return message(*dims, (2, 1), (8, name), (9, array.astype("<f4").tobytes()))


def _node(kind: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    named = [(1, name) for name in inputs]
    return message(*named, (2, output), (3, output), (4, kind), *((5, a) for a in attributes))


def _ints(name: str, *values: int) -> bytes:
    return message((1, name), *((8, value) for value in values), (20, 7))


def weights(channels: int = 3, n: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Kernels of shape (n, channels, 3, 3) and biases of the convolution."""
    rng = np.random.default_rng(seed)
    kernels = rng.normal(0, 0.3, (n, channels, 3, 3)).astype(np.float32)
    return kernels, rng.uniform(0.2, 1, n).astype(np.float32)


def network_bytes(side: int = 64, channels: int = 3, n: int = 8, seed: int = 0) -> bytes:
    """Convolution (3 x 3, stride 2), ReLU ("features"), mean over the image ("pool")."""
    kernels, biases = weights(channels, n, seed)
    nodes = [
        _node("Conv", ["image", "kernels", "biases"], "conv", _ints("kernel_shape", 3, 3),
              _ints("strides", 2, 2), _ints("pads", 1, 1, 1, 1)),
        _node("Relu", ["conv"], "features"),
        _node("GlobalAveragePool", ["features"], "pool"),
    ]  # fmt: skip
    graph = message(
        *((1, node) for node in nodes),
        (2, "tiny"),
        (5, _tensor("kernels", kernels)),
        (5, _tensor("biases", biases)),
        # old files list constants among the inputs, first
        (11, _value("kernels", kernels.shape)),
        (11, _value("image", (1, channels, side, side))),
        (12, _value("pool", (1, n, 1, 1))),
    )
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 13))))


@cache
def tiny_network() -> str:
    """Path of such a file, the same all through a run of the tests."""
    path = Path(tempfile.mkdtemp(prefix="cvclassic-tests-")) / "tiny.onnx"
    path.write_bytes(network_bytes())
    return str(path)


def network_params(recipe: str) -> dict[str, str]:
    """What the recipes that need a network are given for one."""
    return {"model": tiny_network()} if recipe in ("embedding", "fused") else {}
