"""ONNX files as protobuf messages: the input's shape, and the part of a graph before a layer.

The field numbers are those of ``onnx/onnx.proto``: ModelProto.graph is 7; GraphProto.node 1,
.initializer 5, .input 11 and .output 12; NodeProto.input 1, .output 2 and .name 3; TensorProto.name
8; ValueInfoProto.name 1 and .type 2; TypeProto.tensor_type 1, its elem_type 1 and shape 2;
TensorShapeProto.dim 1, its dim_value 1.
"""

from __future__ import annotations

from collections.abc import Iterator


def onnx_input_shape(data: bytes) -> tuple[int, ...]:
    """Shape of the first input that is not a constant; 0 where the file leaves a side open.

    Read from the file's own bytes, because `cv2.dnn` does not tell.

    Raises
    ------
    ValueError, IndexError
        It is no ONNX file.
    """
    graph = memoryview(_first(data, 7))
    constants, inputs = set(), []
    for field, value in _fields(graph):
        if field == 5:
            constants.add(_first(value, 8))
        elif field == 11:
            inputs.append(value)
    for info in inputs:
        if _first(info, 1) in constants:
            continue
        shape = _first(_first(_first(info, 2), 1), 2)
        dims = [value for field, value in _fields(memoryview(shape)) if field == 1]
        return tuple(_side(dim) for dim in dims)
    raise ValueError("no input")


def has_outer_weights(data: bytes) -> bool:
    """Whether weights lie in other files, which a network could make be read.

    Such a tensor names its file in an entry whose key is "location".
    """
    return b"\x0a\x08location" in data


def layer_names(data: bytes) -> list[str]:
    """Names of the nodes in the order of the file.

    Raises
    ------
    ValueError, IndexError
        It is no ONNX file.
    """
    graph = memoryview(_first(data, 7))
    return [_text(_first(node, 3)) for field, node in _fields(graph) if field == 1]


def cut_at(data: bytes, layer: str) -> bytes:
    """The network up to a layer: its first output becomes the only one, later nodes go.

    Parameters
    ----------
    data : bytes
        An ONNX file.
    layer : str
        Name of a node, one of `layer_names`.

    Returns
    -------
    bytes
        An ONNX file.

    Raises
    ------
    ValueError, IndexError
        There is no such node, or it is no ONNX file.
    """
    graph = list(_fields(memoryview(_first(data, 7))))
    nodes = [node for field, node in graph if field == 1]
    made = {name: i for i, node in enumerate(nodes) for name in _all(node, 2)}
    last = next(i for i, node in enumerate(nodes) if _text(_first(node, 3)) == layer)
    needed, todo = {last}, [last]
    while todo:
        for name in _all(nodes[todo.pop()], 1):
            before = made.get(name)
            if before is not None and before not in needed:
                needed.add(before)
                todo.append(before)
    # float (1), and an empty shape: OpenCV wants one, and both work out what it really is
    kind = _message((1, _message((1, 1), (2, b""))))
    output = _message((1, _first(nodes[last], 2)), (2, kind))
    kept = [_message((1, node)) for i, node in enumerate(nodes) if i in needed]
    # 13 holds types of inner values, which may name what has gone
    kept += [_message((field, value)) for field, value in graph if field not in (1, 12, 13)]
    cut = b"".join([*kept, _message((12, output))])
    outside = [_message((field, value)) for field, value in _fields(memoryview(data)) if field != 7]
    return b"".join([*outside, _message((7, cut))])


def _all(message, field: int) -> list[bytes]:
    return [bytes(v) for n, v in _fields(memoryview(message)) if n == field]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _message(*fields: tuple[int, int | bytes | memoryview]) -> bytes:
    """A message of numbers and bytes."""
    out = []
    for number, value in fields:
        if isinstance(value, int):
            out += [_as_varint(number << 3), _as_varint(value)]
        else:
            out += [_as_varint(number << 3 | 2), _as_varint(len(value)), bytes(value)]
    return b"".join(out)


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _side(dim) -> int:
    return next((int(v) for field, v in _fields(dim) if field == 1 and isinstance(v, int)), 0)


def _first(message, field: int) -> bytes:
    """The first value of a field that holds bytes; empty where there is none."""
    for number, value in _fields(memoryview(message)):
        if number == field and isinstance(value, memoryview):
            return bytes(value)
    return b""


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Numbers and values of a protobuf message's fields."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == 2:
            n, at = _varint(message, at)
        elif kind in (1, 5):
            n = 8 if kind == 1 else 4
        else:
            raise ValueError("not a protobuf message")
        if at + n > len(message):
            raise ValueError("cut")
        yield key >> 3, message[at : at + n]
        at += n


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("not a protobuf message")
