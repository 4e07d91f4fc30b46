"""The named bank of convolution kernels."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable

import numpy as np

from .._basics.named import load_named
from .._basics.suggest import did_you_mean
from ..errors import ParameterError
from ..images.checks import check_positive, check_real, check_whole

MAX_KERNEL_SIDE = 255


def _fixed(rows: list[list[float]], scale: float = 1.0) -> Callable[[], np.ndarray]:
    """A builder for a kernel without parameters."""
    return lambda: np.array(rows, dtype=np.float64) * scale


def _box(size: int = 3, normalize: bool = False) -> np.ndarray:
    """All ones, or their mean."""
    size = check_whole("size", size, 1, MAX_KERNEL_SIDE)
    kernel = np.ones((size, size))
    return kernel / kernel.size if normalize else kernel


def _gaussian(sigma: float = 1.0, size: int | None = None) -> np.ndarray:
    """Sampled Gaussian with sum one."""
    x, y = _grid(sigma, size)
    kernel = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def _log(sigma: float = 1.4, size: int | None = None) -> np.ndarray:
    """Laplacian of Gaussian, shifted to sum zero so that a flat image gives zero."""
    x, y = _grid(sigma, size)
    r2 = (x**2 + y**2) / (2 * sigma**2)
    kernel = -(1 - r2) * np.exp(-r2) / (np.pi * sigma**4)
    return kernel - kernel.mean()


def _motion(length: int = 9, angle: float = 0.0) -> np.ndarray:
    """A line of the given length (pixels) and angle (degrees, anticlockwise from the x axis)."""
    length = check_whole("length", length, 1, MAX_KERNEL_SIDE)
    radius = (length - 1) / 2
    half = math.ceil(radius)
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    # Bilinear splats of a finely sampled line keep the mass even at odd angles.
    steps = np.linspace(-radius, radius, 8 * length + 1)
    theta = math.radians(check_real("angle", angle))
    x, y = half + steps * math.cos(theta), half - steps * math.sin(theta)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    for dx in (0, 1):
        for dy in (0, 1):
            weight = (1 - np.abs(x - x0 - dx)) * (1 - np.abs(y - y0 - dy))
            inside = weight > 1e-9
            np.add.at(kernel, (y0[inside] + dy, x0[inside] + dx), weight[inside])
    return kernel / kernel.sum()


def _gabor(
    wavelength: float = 6.0,
    angle: float = 0.0,
    sigma: float | None = None,
    phase: float = 0.0,
    aspect: float = 0.5,
    size: int | None = None,
) -> np.ndarray:
    """Cosine under a Gaussian, with sum zero and absolute sum one."""
    wavelength = check_positive("wavelength", wavelength)
    aspect = check_positive("aspect", aspect)
    # 0.56 wavelengths is one octave of half-response bandwidth (Daugman 1985).
    sigma = 0.56 * wavelength if sigma is None else check_positive("sigma", sigma)
    if size is None:
        size = 2 * math.ceil(2.5 * max(sigma, min(sigma / aspect, 4 * sigma))) + 1
    x, y = _grid(sigma, size)
    theta = math.radians(check_real("angle", angle))
    along = x * math.cos(theta) - y * math.sin(theta)
    across = x * math.sin(theta) + y * math.cos(theta)
    envelope = np.exp(-(along**2 + (aspect * across) ** 2) / (2 * sigma**2))
    kernel = envelope * np.cos(2 * np.pi * along / wavelength + math.radians(phase))
    # Removing the mean under the envelope makes the filter blind to brightness.
    kernel -= envelope * (kernel.sum() / envelope.sum())
    return kernel / max(np.abs(kernel).sum(), 1e-12)


# Name -> what builds the kernel, and a line on what it does. A builder with a file of its own is
# named as "module:function", and its module is loaded when the kernel is asked for.
_BUILDERS: dict[str, tuple[Callable[..., np.ndarray] | str, str]] = {
    "identity": (_fixed([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), "the image itself"),
    "box": (_box, "sum of the neighbors; with normalize=true their mean"),
    "gaussian3": (_fixed([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 1 / 16), "binomial 3x3 blur"),
    "gaussian": (_gaussian, "Gaussian blur of any sigma"),
    "edge_diagonal": (_fixed([[1, 0, -1], [0, 0, 0], [-1, 0, 1]]), "mixed second derivative"),
    "laplacian4": (_fixed([[0, 1, 0], [1, -4, 1], [0, 1, 0]]), "Laplacian over 4 neighbors"),
    "laplacian8": (
        _fixed([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
        "Laplacian over 8 neighbors, sign turned (outline)",
    ),
    "sharpen": (_fixed([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]), "identity minus Laplacian"),
    "sobel_x": (_fixed([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), "derivative along x"),
    "sobel_y": (_fixed([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]), "derivative along y"),
    "scharr_x": (
        _fixed([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]),
        "derivative along x, better rotation symmetry than Sobel",
    ),
    "scharr_y": (
        _fixed([[-3, -10, -3], [0, 0, 0], [3, 10, 3]]),
        "derivative along y, better rotation symmetry than Sobel",
    ),
    "prewitt_x": (_fixed([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]), "derivative along x"),
    "prewitt_y": (_fixed([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]), "derivative along y"),
    "log": (_log, "Laplacian of Gaussian"),
    "emboss": (_fixed([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]), "relief lit from the upper left"),
    "motion": (_motion, "motion blur along a line"),
    "gabor": (_gabor, "grating under a Gaussian: one frequency, one orientation"),
}


def kernel_names() -> dict[str, str]:
    """List the bank.

    Returns
    -------
    dict of str to str
        Name of each kernel and a line on what it does.

    Examples
    --------
    >>> kernel_names()["laplacian4"]
    'Laplacian over 4 neighbors'
    """
    return {name: text for name, (_, text) in _BUILDERS.items()}


def kernel_parameters(name: str) -> dict[str, object]:
    """Parameters that a named kernel takes, with their defaults.

    Examples
    --------
    >>> kernel_parameters("box")
    {'size': 3, 'normalize': False}
    """
    return {
        key: parameter.default
        for key, parameter in inspect.signature(_builder(name)).parameters.items()
    }


def get_kernel(name: str, **parameters: float) -> np.ndarray:
    """Build a kernel of the bank.

    Parameters
    ----------
    name : str
        One of `kernel_names`.
    **parameters
        What the kernel takes, such as ``sigma`` (pixels), ``size`` (pixels), ``angle`` (degrees).

    Returns
    -------
    ndarray of shape (height, width), float64
        Written as for correlation: the top left entry weighs the upper left neighbor.

    Raises
    ------
    ParameterError
        For an unknown name or parameter, or a value out of range.

    References
    ----------
    .. [1] R. Szeliski, "Computer Vision: Algorithms and Applications", 2nd ed., 2022, section 3.2.
    .. [2] D. Marr and E. Hildreth, "Theory of edge detection", 1980, p. 190 (Laplacian of
       Gaussian).
    .. [3] J. Daugman, "Uncertainty relation for resolution in space, spatial frequency, and
       orientation", JOSA A 2(7), 1985, eq. 15 (Gabor).

    Examples
    --------
    >>> get_kernel("laplacian4").astype(int)
    array([[ 0,  1,  0],
           [ 1, -4,  1],
           [ 0,  1,  0]])
    >>> get_kernel("gaussian", sigma=0.8).shape
    (7, 7)
    """
    builder = _builder(name)
    allowed = inspect.signature(builder).parameters
    unknown = sorted(set(parameters) - set(allowed))
    if unknown:
        takes = ", ".join(allowed) or "no parameters"
        raise ParameterError(f"kernel {name!r} takes {takes}. Got {', '.join(unknown)} instead.")
    return builder(**parameters)


def gabor_bank(
    wavelengths: tuple[float, ...] = (4.0, 8.0), n_angles: int = 6, phase: float = 0.0
) -> list[np.ndarray]:
    """Gabor kernels at several wavelengths and evenly spread orientations.

    Parameters
    ----------
    wavelengths : tuple of float
        Pixels per period.
    n_angles : int
        Orientations in half a turn.
    phase : float
        Degrees: 0 responds to bars, 90 to edges.

    Returns
    -------
    list of ndarray
        ``len(wavelengths) * n_angles`` kernels, wavelength by wavelength.

    Examples
    --------
    >>> len(gabor_bank((4.0, 8.0), n_angles=4))
    8
    """
    if not isinstance(n_angles, (int, np.integer)) or n_angles < 1:
        raise ParameterError(f"n_angles must be an integer >= 1. Got {n_angles!r} instead.")
    angles = [180.0 * i / n_angles for i in range(n_angles)]
    return [
        get_kernel("gabor", wavelength=w, angle=a, phase=phase) for w in wavelengths for a in angles
    ]


def _builder(name: str) -> Callable[..., np.ndarray]:
    """The builder of a named kernel."""
    if not isinstance(name, str) or name not in _BUILDERS:
        raise ParameterError(
            f"kernel must be one of {', '.join(_BUILDERS)}. Got {name!r} instead."
            f"{did_you_mean(name, _BUILDERS)}"
        )
    return load_named(_BUILDERS[name][0], __package__)


def _grid(sigma: float, size: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates around the center; four sigma to each side unless a size is given."""
    sigma = check_positive("sigma", sigma)
    if size is None:
        if sigma > (MAX_KERNEL_SIDE - 1) / 8:
            raise ParameterError(
                f"sigma must be at most {(MAX_KERNEL_SIDE - 1) // 8} unless size is given. "
                f"Got {sigma:g} instead."
            )
        size = 2 * math.floor(4 * sigma + 0.5) + 1
    size = check_whole("size", size, 1, MAX_KERNEL_SIDE)
    x = np.arange(size) - (size - 1) / 2
    return np.meshgrid(x, x)
