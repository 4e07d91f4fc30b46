"""Moduli of Morlet wavelets, averaged over cells: numbers only, planned once for a size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

_FREQUENCY = 0.75 * np.pi  # of the finest wavelet, in radians per pixel
_WIDTH = 0.8  # of its envelope, in pixels; doubled from scale to scale
_SLANT = 2.0  # how much narrower an envelope is along the waves' crests, in frequency


@dataclass(frozen=True, eq=False)
class Band:
    """The wavelets of one scale, as parts of the spectrum that they leave.

    A modulus does not depend on where its band lies in the spectrum, so only a window around the
    wavelet's frequency is transformed back: that is the plane, reduced without aliasing.

    Parameters
    ----------
    places : ndarray of shape (n_orientations, m, m), int
        Where the frequencies of the window are in a spectrum of M x M numbers, row by row.
    values : ndarray of shape (n_orientations, m, m), complex64
        The wavelets there, with what moves the samples to the centers of their pixels.
    """

    places: np.ndarray
    values: np.ndarray

    def moduli(self, spectra: np.ndarray) -> np.ndarray:
        """Moduli of planes after each wavelet.

        Parameters
        ----------
        spectra : ndarray of shape (..., M, M), complex64

        Returns
        -------
        ndarray of shape (..., n_orientations, m, m), float32
        """
        flat = spectra.reshape(*spectra.shape[:-2], -1)
        cut = flat.take(self.places, axis=-1, mode="clip")  # every place exists
        cut *= self.values
        return np.abs(fft.ifft2(cut, overwrite_x=True))


@dataclass(frozen=True, eq=False)
class WaveletPlan:
    """Everything that the moduli of a square image of one size need.

    Parameters
    ----------
    margin : int
        Pixels that the image is reflected by on each side.
    bands : dict of (int, int) to Band
        Wavelets of a scale for a plane of a resolution: -1 is the image, j the moduli of scale j.
    means : list of ndarray of shape (n_cells, M), float32
        Gaussian means over cells, along one side, for moduli of each scale.
    image_means : ndarray of shape (n_cells, N), float32
        The same for the image.
    """

    margin: int
    bands: dict[tuple[int, int], Band]
    means: list[np.ndarray]
    image_means: np.ndarray

    @property
    def n_scales(self) -> int:
        """Number of scales."""
        return len(self.means)

    def moduli(self, planes: np.ndarray) -> list[np.ndarray]:
        """Moduli of planes of shape (n, side, side), as `first_order` gives them."""
        return self._moduli(self._padded(planes))

    def first_order(self, planes: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Means of planes and of their moduli, and the moduli.

        Parameters
        ----------
        planes : ndarray of shape (n, side, side)

        Returns
        -------
        ndarray of shape (n, 1 + n_scales * n_orientations, n_cells, n_cells), float32
        list of ndarray of shape (n, n_orientations, m, m), float32
            One for each scale.
        """
        padded = self._padded(planes)
        moduli = self._moduli(padded)
        paths = [_average(padded[:, None], self.image_means)]
        paths += [_average(m, means) for m, means in zip(moduli, self.means, strict=True)]
        return np.concatenate(paths, axis=1), moduli

    def second_order(self, moduli: list[np.ndarray]) -> np.ndarray:
        """Means of the moduli of moduli, at coarser scales than their own.

        Returns
        -------
        ndarray of shape (n, n_paths, n_cells, n_cells), float32
            n_paths is n_scales * (n_scales - 1) / 2 * n_orientations².
        """
        paths = []
        for j, planes in enumerate(moduli[:-1]):
            spectra = fft.fft2(planes)
            for k in range(j + 1, self.n_scales):
                found = _average(self.bands[j, k].moduli(spectra), self.means[k])
                paths.append(found.reshape(len(found), -1, *found.shape[-2:]))
        return np.concatenate(paths, axis=1)

    def _padded(self, planes: np.ndarray) -> np.ndarray:
        border = (self.margin, self.margin)
        return np.pad(planes.astype(np.float32, copy=False), ((0, 0), border, border), "symmetric")

    def _moduli(self, padded: np.ndarray) -> list[np.ndarray]:
        spectrum = fft.fft2(padded)
        return [self.bands[-1, j].moduli(spectrum) for j in range(self.n_scales)]


@lru_cache(maxsize=8)
def wavelet_plan(side: int, n_scales: int, n_orientations: int) -> WaveletPlan:
    """Plan the moduli of images of one size.

    Parameters
    ----------
    side : int
        A multiple of ``2**n_scales``, in pixels.
    n_scales, n_orientations : int

    References
    ----------
    Bruna & Mallat, "Invariant scattering convolution networks", PAMI 35(8), 2013, sections 2.1
    (wavelets) and 2.2.

    Examples
    --------
    >>> plan = wavelet_plan(32, 3, 8)
    >>> paths, moduli = plan.first_order(np.zeros((1, 32, 32)))
    >>> paths.shape, plan.second_order(moduli).shape
    ((1, 25, 4, 4), (1, 192, 4, 4))
    """
    cell = 2**n_scales
    margin = cell
    whole = side + 2 * margin
    scales = range(n_scales)
    bands = {(-1, k): _band(whole, -1, k, n_orientations) for k in scales}
    bands |= {(j, k): _band(whole, j, k, n_orientations) for j in scales for k in scales if j < k}
    width = _WIDTH * cell / 2
    centers = (np.arange(side // cell) + 0.5) * cell - 0.5 + margin
    means = [_means(whole >> j, 2**j, centers, width) for j in scales]
    return WaveletPlan(margin, bands, means, _means(whole, 1, centers, width))


def _band(whole: int, j: int, k: int, n_orientations: int) -> Band:
    """Wavelets of scale k, for planes of `whole` pixels that were reduced to those of scale j."""
    step = 2 ** max(j, 0)  # pixels between samples of these planes, and
    size = whole >> k  # of the result, whose samples lie 2^k pixels apart
    shift = (2**k - step) / 2  # to the centers of the result's pixels, in pixels
    window = np.arange(size) - size // 2
    places, values = [], []
    for angle in np.pi * np.arange(n_orientations) / n_orientations:
        center = np.rint(_FREQUENCY / 2**k * whole / (2 * np.pi) * _direction(angle)).astype(int)
        y, x = center[1] + window, center[0] + window
        there_y, there_x = np.meshgrid(
            *(2 * np.pi / whole * axis for axis in (y, x)), indexing="ij"
        )
        along, across = _rotate(there_x, there_y, angle)
        width = _WIDTH * 2**k
        wave = np.exp(-(width**2) / 2 * ((along - _FREQUENCY / 2**k) ** 2 + (_SLANT * across) ** 2))
        blob = np.exp(-(width**2) / 2 * (along**2 + (_SLANT * across) ** 2))
        wave -= np.exp(-(width**2) / 2 * (_FREQUENCY / 2**k) ** 2) * blob  # no answer to a constant
        moved = np.exp(1j * shift * (there_x + there_y))
        # a part of the spectrum transformed back is larger by the ratio of the sizes
        side = whole // step
        places.append((y % side)[:, None] * side + x % side)
        values.append(wave * moved * (size * step / whole) ** 2)
    return Band(np.array(places), np.array(values, np.complex64))


def _direction(angle: float) -> np.ndarray:
    return np.array([np.cos(angle), np.sin(angle)])


def _rotate(x: np.ndarray, y: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along a direction and across it."""
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _average(planes: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Means of planes over cells: (..., M, M) to (..., n_cells, n_cells)."""
    return means @ planes @ means.T


def _means(size: int, step: int, centers: np.ndarray, width: float) -> np.ndarray:
    """Gaussian weights of samples around each center, rows of sum 1."""
    places = (np.arange(size) + 0.5) * step - 0.5
    weights = np.exp(-(((places - centers[:, None]) / width) ** 2) / 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
