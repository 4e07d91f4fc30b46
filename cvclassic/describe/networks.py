"""Files of trained networks, opened and run: ONNX (onnxruntime or OpenCV), TFLite (LiteRT)."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .._basics.opencv import silent_log
from .._basics.platform import READ_FLAGS
from .._basics.printable import first_line
from ..errors import MissingDependencyError, ParameterError
from .onnx_bytes import cut_at, has_outer_weights, layer_names, onnx_input_shape

SUFFIXES = (".onnx", ".tflite")
Forward = Callable[[np.ndarray], np.ndarray]
_MAX_BYTES = 2_000_000_000
_DEFAULT_SIDE = 224
# ImageNet's mean and deviation of red, green and blue, out of 255
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)
SCALINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "imagenet": lambda x: (
        (x - MEAN) / DEVIATION if x.shape[-1] == 3 else (x - MEAN.mean()) / DEVIATION.mean()
    ),
    "unit": lambda x: x / np.float32(255),
    "symmetric": lambda x: x / np.float32(127.5) - 1,
    "none": lambda x: x,
}


class NetworkFileError(ParameterError):
    """A network file is missing, cannot be run, or is not the expected one."""


@dataclass(frozen=True)
class Network:
    """A network that is ready to run, in one thread.

    Parameters
    ----------
    size : (int, int)
        Height and width of the images that it takes.
    color : bool
        Whether it takes three channels, else one.
    run : callable
        From pixels of shape (height, width, channels), uint8, to what it gives; channels are the
        last axis of what has four.
    """

    size: tuple[int, int]
    color: bool
    run: Callable[[np.ndarray], np.ndarray]


def read_network_file(path: str | os.PathLike) -> tuple[bytes, str]:
    """The bytes of a network file and their SHA-256 in hexadecimal digits.

    Raises
    ------
    NetworkFileError
        There is no such regular file, it cannot be read, or it is no .onnx and no .tflite.
    """
    name = os.fspath(path)
    if Path(name).suffix.lower() not in SUFFIXES:
        raise NetworkFileError(
            f"model must be a network's file (.onnx or .tflite). Got {name!r} instead."
        )
    try:
        with open(os.open(name, READ_FLAGS), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise NetworkFileError(f"{name}: is not a regular file.")
            if about.st_size > _MAX_BYTES:
                raise NetworkFileError(f"{name}: is too large ({about.st_size:,} bytes).")
            data = file.read()
    except FileNotFoundError:
        raise NetworkFileError(f"{name}: there is no such network file.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NetworkFileError(f"{name}: cannot be read ({reason}).") from None
    return data, hashlib.sha256(data).hexdigest()


def open_network(data: bytes, path: str, scaling: str, layer: str | None) -> Network:
    """Make a network ready.

    Parameters
    ----------
    data : bytes
        As `read_network_file` gives them.
    path : str
        Tells the format by its ending; for messages.
    scaling : str
        Key of `SCALINGS`: what the numbers 0 to 255 become. A TFLite file whose input is whole
        numbers says itself what they mean and takes pixels as they are.
    layer : str, optional
        Layer to stop at; None stands for the last. Only for ONNX.

    Raises
    ------
    NetworkFileError
        It is damaged, needs what the library lacks, or does not take one image.
    MissingDependencyError
        It is a .tflite file, and ai-edge-litert is not installed.
    """
    if path.lower().endswith(".tflite"):
        if layer is not None:
            raise NetworkFileError(f"layer must be None for a .tflite file. Got {layer!r} instead.")
        return _open_tflite(data, path, SCALINGS[scaling])
    return _open_onnx(data, path, SCALINGS[scaling], layer)


def _open_onnx(data: bytes, path: str, scale: Callable, layer: str | None) -> Network:
    try:
        shape = onnx_input_shape(data)
        layers = layer_names(data)
        cut = cut_at(data, layer) if layer is not None and layer in layers else data
    except (IndexError, ValueError):
        raise NetworkFileError(f"{path}: is damaged or not an ONNX file.") from None
    if layer is not None and layer not in layers:
        raise NetworkFileError(
            f"layer must be one of the network's ({', '.join(layers[-8:])}). Got {layer!r} instead."
        )
    if has_outer_weights(data):
        raise NetworkFileError(f"{path}: keeps weights in another file. Save them all in one file.")
    if len(shape) == 4 and shape[1] in (1, 3):
        channels, height, width, first = shape[1], shape[2], shape[3], True
    elif len(shape) == 4 and shape[3] in (1, 3):
        channels, height, width, first = shape[3], shape[1], shape[2], False
    else:
        raise NetworkFileError(
            f"{path}: a network for images has an input of shape (1, 3, height, width). "
            f"This one has {shape}."
        )
    forward = _with_onnxruntime(cut, path) or _with_opencv(cut, path)

    def run(pixels: np.ndarray) -> np.ndarray:
        blob = scale(pixels.astype(np.float32))[None]
        out = forward(np.ascontiguousarray(blob.transpose(0, 3, 1, 2)) if first else blob)
        return out.transpose(0, 2, 3, 1) if out.ndim == 4 and first else out

    size = (height or _DEFAULT_SIDE, width or _DEFAULT_SIDE)
    run(np.zeros((*size, channels), np.uint8))  # what cannot be run shows now
    return Network(size, channels == 3, run)


def _with_onnxruntime(data: bytes, path: str) -> Forward | None:
    """From a blob to the output by onnxruntime, which is four times as fast where installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions have no common class
        raise NetworkFileError(
            f"{path}: onnxruntime cannot use it ({first_line(error)})."
        ) from None
    # constants may be listed among the inputs
    name = session.get_inputs()[0].name

    def forward(blob: np.ndarray) -> np.ndarray:
        try:
            return session.run(None, {name: blob})[0]
        except Exception as error:
            message = f"{path}: onnxruntime cannot run it ({first_line(error)})."
            raise NetworkFileError(message) from None

    return forward


def _with_opencv(data: bytes, path: str) -> Forward:
    """From a blob to the output by OpenCV."""
    try:
        with silent_log():
            net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    except cv2.error as error:
        raise NetworkFileError(f"{path}: OpenCV cannot use it ({first_line(error)}).") from None

    def forward(blob: np.ndarray) -> np.ndarray:
        net.setInput(blob)
        try:
            with silent_log():
                return net.forward()
        except cv2.error as error:
            raise NetworkFileError(f"{path}: OpenCV cannot run it ({first_line(error)}).") from None

    return forward


def _open_tflite(data: bytes, path: str, scale: Callable) -> Network:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise MissingDependencyError(
            f"{path}: .tflite files need ai-edge-litert. Get it: pip install ai-edge-litert, "
            "or use the network as .onnx."
        ) from None
    try:
        interpreter = Interpreter(model_content=data, num_threads=1)
        interpreter.allocate_tensors()
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    except (RuntimeError, ValueError) as error:
        raise NetworkFileError(f"{path}: LiteRT cannot use it ({first_line(error)}).") from None
    shape = tuple(int(side) for side in inputs[0]["shape"])
    if len(inputs) != 1 or len(shape) != 4 or shape[0] != 1 or shape[3] not in (1, 3):
        raise NetworkFileError(
            f"{path}: a network that takes images has one input of shape "
            f"(1, height, width, 3). This one has {shape}."
        )
    kind = inputs[0]["dtype"]
    if kind not in (np.uint8, np.int8, np.float32):
        raise NetworkFileError(f"{path}: an input of type {kind.__name__} is not known.")
    factor, zero = outputs[0]["quantization"]

    def run(pixels: np.ndarray) -> np.ndarray:
        if kind == np.uint8:
            ready = pixels
        elif kind == np.int8:
            ready = (pixels.astype(np.int16) - 128).astype(np.int8)
        else:
            ready = scale(pixels.astype(np.float32))
        interpreter.set_tensor(inputs[0]["index"], ready[None])
        interpreter.invoke()
        out = interpreter.get_tensor(outputs[0]["index"]).astype(np.float32)
        return (out - np.float32(zero)) * np.float32(factor) if factor else out

    return Network(shape[1:3], shape[3] == 3, run)


class Ready:
    """Networks that are open and idle: each works in one thread at a time.

    To open one takes a tenth of a second, ten times as long as an image, and the threads of a
    pass over images end with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple, list[Network]] = {}

    @contextmanager
    def use(self, key: tuple, make: Callable[[], Network]) -> Iterator[Network]:
        """A network of `key` that nobody else uses meanwhile; of other keys three are kept."""
        with self._lock:
            idle = self._idle.pop(key, [])
            self._idle[key] = idle
            network = idle.pop() if idle else None
            while len(self._idle) > 4:
                del self._idle[next(iter(self._idle))]
        if network is None:
            network = make()
        try:
            yield network
        finally:
            with self._lock:
                self._idle.setdefault(key, []).append(network)
