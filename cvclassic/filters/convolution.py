"""Correlation and convolution with stride, padding, channels and several filters at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from .._basics.checks import check_choice, short_repr
from ..errors import ParameterError
from ..images.checks import check_whole
from .kernel_text import parse_kernel

_Fill = Literal["constant", "reflect", "symmetric", "edge", "wrap"]

# Names of padding that keep the size at stride 1, and how numpy.pad calls the fill.
FILLS: dict[str, _Fill] = {
    "same": "constant",
    "reflect": "reflect",
    "symmetric": "symmetric",
    "edge": "edge",
    "wrap": "wrap",
}


def output_size(size: int, kernel: int, stride: int = 1, padding: int | str = 0) -> int:
    """Length of one side of a feature map.

    ``floor((size + 2 padding - kernel) / stride) + 1``; with a padding that is named, such as
    ``"same"``, ``kernel - 1`` pixels are added in all and the result is ``ceil(size / stride)``.

    Parameters
    ----------
    size, kernel : int
        Pixels.
    stride : int
        Pixels.
    padding : int or str
        Pixels on each side, or ``"valid"``, ``"same"``, ``"reflect"``, ``"symmetric"``,
        ``"edge"``, ``"wrap"``.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ParameterError
        When the kernel is larger than the padded image.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 6.

    Examples
    --------
    >>> output_size(7, 3), output_size(224, 7, stride=2, padding=3), output_size(7, 3, 2, "same")
    (5, 112, 4)
    """
    size, kernel = check_whole("size", size, 1), check_whole("kernel", kernel, 1)
    stride = check_whole("stride", stride, 1)
    before, after = _pad_amounts(padding, (kernel, kernel))[0]
    room = size + before + after - kernel
    if room < 0:
        raise ParameterError(
            f"kernel must fit into the padded image. Got a kernel of {kernel} pixels on "
            f"{size} + {before + after} padded pixels instead."
        )
    return room // stride + 1


def convolve(
    image: np.ndarray,
    kernels: str | np.ndarray | Sequence,
    *,
    stride: int = 1,
    padding: int | str | tuple[int, int] = 0,
    operation: str = "correlation",
    channels: str = "sum",
) -> np.ndarray:
    """Filter an image with one or several kernels.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), any number type
        The image.
    kernels : kernel or sequence of kernels
        Each as `parse_kernel` takes it: a name of the bank, a text, JSON or an array of shape
        (kh, kw) or (kh, kw, C). All must have the same height and width. A single array of four
        axes is (n_filters, kh, kw, C).
    stride : int
        Pixels between neighboring outputs, along both axes.
    padding : int, (int, int) or str
        Zeros on each side (y, x), or ``"valid"`` (none), ``"same"`` (zeros so that the size is kept
        at stride 1), ``"reflect"`` (d c b | a b c d | c b a), ``"symmetric"`` (c b a | a b c),
        ``"edge"`` (a a a | a b c), ``"wrap"``. An even kernel gets the odd pixel at the end.
    operation : {"correlation", "convolution"}
        Correlation, what neural networks call convolution, lays the kernel on the image as it is
        written. True convolution turns it by half a turn first.
    channels : {"sum", "separate"}
        What a two-axis kernel does on an image with channels: filter each and add up, as a layer
        of a CNN with equal weights does, or keep them apart.

    Returns
    -------
    ndarray of shape (n_filters, H', W')
        Feature maps: float64 for float64 images, else float32. With ``channels="separate"`` and C
        channels there are ``n_filters * C`` of them, the channels of the first filter first. Sizes
        follow `output_size`.

    Raises
    ------
    ParameterError
        For shapes that do not fit, or a kernel that is larger than the padded image.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", 2016, eq. 9.4 (convolution)
       and 9.6 (correlation).

    Examples
    --------
    >>> import numpy as np
    >>> convolve(np.eye(4), "1 0; 0 1").astype(int)[0]
    array([[2, 0, 0],
           [0, 2, 0],
           [0, 0, 2]])
    >>> convolve(np.zeros((9, 9, 3)), ["sobel_x", "sobel_y"], stride=2, padding="same").shape
    (2, 5, 5)
    """
    image = _checked_image(image)
    check_choice("operation", operation, ("correlation", "convolution"))
    check_choice("channels", channels, ("sum", "separate"))
    stride = check_whole("stride", stride, 1)
    bank = as_bank(kernels)
    height, width = bank[0].shape[:2]
    pads = _pad_amounts(padding, (height, width))
    for size, kernel, (before, after) in zip(image.shape, (height, width), pads, strict=False):
        output_size(size + before + after, kernel, stride)
    if operation == "convolution":
        bank = [kernel[::-1, ::-1] for kernel in bank]
    dtype = np.float64 if image.dtype == np.float64 else np.float32
    stack = image[:, :, None] if image.ndim == 2 else image
    fill: _Fill = FILLS.get(padding, "constant") if isinstance(padding, str) else "constant"
    planes = [
        _pad(np.ascontiguousarray(stack[:, :, c], dtype), pads, fill) for c in range(stack.shape[2])
    ]
    maps = []
    for kernel in bank:
        per_channel = _over_channels(kernel, len(planes), channels)
        answers = [
            _correlate(plane, weights, stride)
            for plane, weights in zip(planes, per_channel, strict=True)
        ]
        if channels == "separate" and kernel.ndim == 2:
            maps.extend(answers)
        else:
            maps.append(sum(answers[1:], answers[0]))
    return np.stack(maps)


def as_bank(kernels: str | np.ndarray | Sequence) -> list[np.ndarray]:
    """Kernels in any of the ways that `convolve` takes them, as a list of arrays.

    Examples
    --------
    >>> [kernel.shape for kernel in as_bank(["sobel_x", "1 0 1; 0 0 0; 1 0 1"])]
    [(3, 3), (3, 3)]
    """
    if isinstance(kernels, str):
        bank = [parse_kernel(kernels)]
    elif isinstance(kernels, np.ndarray):
        bank = [parse_kernel(k) for k in (kernels if kernels.ndim == 4 else [kernels])]
    else:
        try:
            entries = list(kernels)
        except TypeError:
            raise ParameterError(
                "kernels must be a kernel or a sequence of them. "
                f"Got {short_repr(kernels)} instead."
            ) from None
        if entries and isinstance(entries[0], (list, tuple)) and np.isscalar(entries[0][0]):
            entries = [entries]  # one kernel written as nested lists
        bank = [parse_kernel(entry) for entry in entries]
    if not bank:
        raise ParameterError("kernels must hold at least one kernel. Got none instead.")
    if len({kernel.shape[:2] for kernel in bank}) > 1:
        sizes = ", ".join(sorted({"x".join(map(str, kernel.shape[:2])) for kernel in bank}))
        raise ParameterError(f"kernels must all have the same size. Got {sizes} instead.")
    return bank


def center_pad(bank: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Grow kernels of odd sides with zeros to a common size, so that they can share a call.

    Examples
    --------
    >>> [k.shape for k in center_pad([parse_kernel("identity"), parse_kernel("gaussian:size=5")])]
    [(5, 5), (5, 5)]
    """
    height = max(kernel.shape[0] for kernel in bank)
    width = max(kernel.shape[1] for kernel in bank)
    grown = []
    for kernel in bank:
        dy, dx = height - kernel.shape[0], width - kernel.shape[1]
        pads = [(dy // 2, dy - dy // 2), (dx // 2, dx - dx // 2)] + [(0, 0)] * (kernel.ndim - 2)
        grown.append(np.pad(kernel, pads))
    return grown


def _correlate(plane: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Valid, strided correlation of one plane."""
    height, width = kernel.shape
    rows, columns = plane.shape[0] - height + 1, plane.shape[1] - width + 1
    if stride >= max(height, width):
        # Whole-plane filtering would throw nearly all of its work away.
        windows = np.lib.stride_tricks.sliding_window_view(plane, kernel.shape)[::stride, ::stride]
        return np.einsum("ijkl,kl->ij", windows, kernel.astype(plane.dtype), optimize=True)
    depth = cv2.CV_64F if plane.dtype == np.float64 else cv2.CV_32F
    full = cv2.filter2D(plane, depth, kernel, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    return full[:rows:stride, :columns:stride]


def _over_channels(kernel: np.ndarray, n_channels: int, channels: str) -> list[np.ndarray]:
    """One two-axis kernel for each channel."""
    if kernel.ndim == 2:
        return [kernel] * n_channels
    if kernel.shape[2] != n_channels:
        raise ParameterError(
            f"kernels with channels must have as many as the image, {n_channels}. "
            f"Got {kernel.shape[2]} instead."
        )
    if channels == "separate":
        raise ParameterError("channels='separate' needs kernels of shape (height, width).")
    return [np.ascontiguousarray(kernel[:, :, c]) for c in range(n_channels)]


def _pad_amounts(
    padding: int | str | tuple[int, int], kernel: tuple[int, int]
) -> list[tuple[int, int]]:
    """(before, after) along y and x."""
    if isinstance(padding, str):
        check_choice("padding", padding, ("valid", *FILLS))
        if padding == "valid":
            return [(0, 0), (0, 0)]
        return [((side - 1) // 2, side - 1 - (side - 1) // 2) for side in kernel]
    pair = padding if isinstance(padding, (tuple, list)) else (padding, padding)
    if len(pair) != 2:
        raise ParameterError(
            f"padding must be one number or two. Got {short_repr(padding)} instead."
        )
    return [(check_whole("padding", n, 0, 10_000),) * 2 for n in pair]


def _pad(plane: np.ndarray, pads: list[tuple[int, int]], fill: _Fill) -> np.ndarray:
    """The padded plane; nothing is copied when there is nothing to pad."""
    return np.pad(plane, pads, mode=fill) if any(n for pair in pads for n in pair) else plane


def _checked_image(image: np.ndarray) -> np.ndarray:
    """An image of two or three axes that holds real numbers."""
    image = np.asarray(image)
    if image.ndim not in (2, 3) or 0 in image.shape or image.dtype.kind not in "buif":
        raise ParameterError(
            "image must hold numbers in shape (H, W) or (H, W, channels), none of them 0. "
            f"Got shape {image.shape}, {image.dtype} instead."
        )
    return image
