"""VLFeat's C library (Debian: libvlfeat1), called through ctypes."""

from __future__ import annotations

import ctypes
import ctypes.util

import numpy as np

_INT, _FLOAT_P = ctypes.c_int, ctypes.POINTER(ctypes.c_float)


class _Keypoint(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("x", "y", "s", "norm")]


class _Geometry(ctypes.Structure):
    _fields_ = [
        (name, _INT) for name in ("n_bin_t", "n_bin_x", "n_bin_y", "bin_size_x", "bin_size_y")
    ]


class _DsiftFilter(ctypes.Structure):
    """VlDsiftFilter of vl/dsift.h, 0.9.21; its setters are inline, so fields are set."""

    _fields_ = [
        ("width", _INT),
        ("height", _INT),
        ("step_x", _INT),
        ("step_y", _INT),
        ("min_x", _INT),
        ("min_y", _INT),
        ("max_x", _INT),
        ("max_y", _INT),
        ("geometry", _Geometry),
        ("flat_window", _INT),
        ("window_size", ctypes.c_double),
        ("n_frames", _INT),
        ("descriptor_size", _INT),
        ("frames", ctypes.POINTER(_Keypoint)),
        ("descriptors", _FLOAT_P),
    ]


def load() -> ctypes.CDLL | None:
    """Return the library, or None where it is not installed."""
    name = ctypes.util.find_library("vl") or "libvl.so.1"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.vl_dsift_new_basic.restype = ctypes.POINTER(_DsiftFilter)
    library.vl_dsift_new_basic.argtypes = [_INT] * 4
    library.vl_dsift_process.argtypes = [ctypes.POINTER(_DsiftFilter), _FLOAT_P]
    library.vl_dsift_process.restype = None
    library.vl_dsift_delete.argtypes = [ctypes.POINTER(_DsiftFilter)]
    library.vl_dsift_delete.restype = None
    library._vl_dsift_update_buffers.argtypes = [ctypes.POINTER(_DsiftFilter)]
    library._vl_dsift_update_buffers.restype = None
    return library


def _library() -> ctypes.CDLL:
    """The library, which must be installed."""
    library = load()
    if library is None:
        raise OSError("libvl is not installed (Debian: apt-get install libvlfeat1)")
    return library


class VlfeatDenseSift:
    """`vl_dsift` on one image size; the filter is built once, as its manual advises."""

    def __init__(
        self, width, height, *, step, bin_size, window="exact", window_size=1.5, origin=(0, 0)
    ):
        self._library = _library()
        self._filter = self._library.vl_dsift_new_basic(width, height, step, bin_size)
        state = self._filter.contents
        state.flat_window = int(window == "flat")
        state.window_size = window_size
        state.min_x, state.min_y = origin
        self._library._vl_dsift_update_buffers(self._filter)

    def describe(self, gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (n, 2), contrast (n,) and descriptors (n, 128) of an image in 0 ... 1."""
        plane = np.ascontiguousarray(gray, np.float32)
        self._library.vl_dsift_process(self._filter, plane.ctypes.data_as(_FLOAT_P))
        state = self._filter.contents
        n = state.n_frames
        frames = np.ctypeslib.as_array(
            ctypes.cast(state.frames, ctypes.POINTER(ctypes.c_double)), (n, 4)
        )
        descriptors = np.ctypeslib.as_array(state.descriptors, (n, state.descriptor_size))
        return frames[:, :2].copy(), frames[:, 3].copy(), descriptors.copy()

    def close(self) -> None:
        """Free the filter."""
        if self._filter:
            self._library.vl_dsift_delete(self._filter)
            self._filter = None


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def fisher_vector(
    descriptors: np.ndarray, weights, means, variances, *, improved: bool = True, fast: bool = False
) -> np.ndarray:
    """`vl_fisher_encode` with one thread; `fast` keeps each descriptor's best Gaussian only."""
    library, size = _library(), ctypes.c_uint64
    library.vl_fisher_encode.restype = size
    library.vl_set_num_threads(size(1))
    k, d = means.shape
    out = np.zeros(2 * k * d, np.float32)
    library.vl_fisher_encode(
        *(_pointer(out), _INT(1), _pointer(means), size(d), size(k), _pointer(variances)),
        *(_pointer(weights), _pointer(descriptors), size(len(descriptors))),
        _INT(3 * improved + 4 * fast),
    )
    return out


def vlad_vector(
    descriptors: np.ndarray, words: np.ndarray, assignment: np.ndarray, *, intra: bool = True
) -> np.ndarray:
    """`vl_vlad_encode` with one thread; `assignment` is (n, k), float32, one 1 a row."""
    library, size = _library(), ctypes.c_uint64
    library.vl_set_num_threads(size(1))
    k, d = words.shape
    out = np.zeros(k * d, np.float32)
    library.vl_vlad_encode(
        *(_pointer(out), _INT(1), _pointer(words), size(d), size(k)),
        *(_pointer(descriptors), size(len(descriptors)), _pointer(assignment), _INT(int(intra))),
    )
    return out
