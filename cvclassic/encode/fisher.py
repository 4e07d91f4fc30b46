"""Fisher vectors: the gradient of a Gaussian mixture's likelihood, as an image's vector."""

from __future__ import annotations

import numpy as np

from .._basics.checks import check_bool, check_integer, check_number
from .._basics.parameters import Pyramid, Seed
from .._basics.saving import SavedState, divides, require, require_shape
from ..describe import Describer, LocalFeatures, power_normalize
from .base import LocalEncoder, prior_share
from .mixture import (
    density_table,
    fit_mixture,
    mixture_sums,
    principal_components,
    smooth_mixture,
)
from .pyramid import cell_groups, sum_groups
from .vocabulary import codebook_size

_POSITION_SCALE = np.float32(0.3)  # spread like that of a leading component, for K-means


def fisher_gradient(
    sums: np.ndarray, weights: np.ndarray, means: np.ndarray, variances: np.ndarray
) -> np.ndarray:
    """Gradient for means and deviations from posterior-weighted sums, Fisher-normalized.

    Parameters
    ----------
    sums : ndarray of shape (..., k, 2 d + 1), float32
        From `mixture_sums`.
    weights : ndarray of shape (k,)
    means, variances : ndarray of shape (k, d)

    Returns
    -------
    ndarray of shape (..., 2 k d), float32
        Means first, then deviations; zeros where there were no descriptors.

    References
    ----------
    Sánchez et al., IJCV 105(3), 2013, equations 17 and 18.

    Examples
    --------
    >>> sums = np.array([[5, 13, 2]], np.float32)  # of the descriptors 2 and 3
    >>> fisher_gradient(sums, np.ones(1), np.zeros((1, 1)), np.ones((1, 1))).round(3)
    array([2.5  , 3.889], dtype=float32)
    """
    k, d = means.shape
    mass, first, second = sums[..., -1:], sums[..., :d], sums[..., d:-1]
    n = np.maximum(mass.sum(axis=-2, keepdims=True), np.float32(1e-9))
    share = 1 / (n * np.sqrt(weights)[:, None])
    out = np.empty((*sums.shape[:-2], 2, k, d), np.float32)
    out[..., 0, :, :] = (first - mass * means) * (share / np.sqrt(variances))
    spread = second - 2 * means * first + (means**2 - variances) * mass
    out[..., 1, :, :] = spread * (share / (np.sqrt(2) * variances))
    return out.reshape(*sums.shape[:-2], 2 * k * d)


def fisher_vector(
    descriptors: np.ndarray,
    weights: np.ndarray,
    means: np.ndarray,
    variances: np.ndarray,
    *,
    improved: bool = True,
) -> np.ndarray:
    """Fisher vector of a bag of descriptors under a diagonal Gaussian mixture.

    Parameters
    ----------
    descriptors : ndarray of shape (n, d), float32
    weights : ndarray of shape (k,), float32
    means, variances : ndarray of shape (k, d), float32
    improved : bool, default=True
        Signed square root and Euclidean length 1.

    Returns
    -------
    ndarray of shape (2 k d,), float32
        Means of all Gaussians first, then deviations, as in VLFeat (scikit-image puts weights
        before them and has the deviations with the opposite sign); zeros if there are no
        descriptors.

    References
    ----------
    Sánchez et al., "Image classification with the Fisher vector: theory and practice",
    IJCV 105(3), 2013, equations 17 and 18, and section 2.3.

    Examples
    --------
    >>> x = np.array([[2.0], [3.0]], np.float32)
    >>> one = np.ones((1, 1), np.float32)
    >>> fisher_vector(x, one[0], 0 * one, one, improved=False).round(3)
    array([2.5  , 3.889], dtype=float32)
    """
    center = np.asarray(weights @ means, np.float32)
    moved = means - center
    table = density_table(weights, moved, variances)
    sums, _ = mixture_sums(descriptors - center, table)
    vector = fisher_gradient(sums, weights, moved, variances)
    return power_normalize(vector, 0.5) if improved else vector


class FisherVector(LocalEncoder):
    """Improved Fisher vector of local features, with a spatial pyramid.

    `fit` learns principal components and a diagonal Gaussian mixture from a class-balanced
    sample of local descriptors; where it comes from few images, the Gaussians are moved towards
    that of all descriptors (`prior_share` says why and how far).

    `transform` gives for every cell of the pyramid the
    gradient of the descriptors' mean log-likelihood for the mixture's means and deviations.

    Parameters
    ----------
    describer : Describer or None, default=None
        Gives the local features. None stands for ``SIFT()``.
    n_gaussians : int, default=128
        Size of the mixture; a quarter of the number of local features where there are fewer than
        two per Gaussian.
    n_components : int or None, default=64
        Principal components that the descriptors are projected on; None (or at least
        their length) keeps them as they are.
    power : float, default=0.5
        Exponent of the signed power normalization; 1 leaves it out.
    augment_position : bool, default=False
        Append x and y (as shares of width and height) to the projected descriptors, so
        that the mixture sees where things are: a compact alternative to a pyramid.
    pyramid : sequence of (rows, columns), default=((1, 1),)
        Grids of a spatial pyramid; each cell has a vector of its own, of length 1.
    sample_mb : float, default=128
        Bound on the descriptors that the mixture is learned from, in 10^6 bytes.
    random_state : int, RandomState or None, default=None
        Seed of sampling and clustering. With an integer the result is the same for every
        `n_jobs`.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    mean_, components_ : ndarray of shape (d,) and (n_components, d), float32
        The projection; `components_` is None where descriptors are kept as they are.
    weights_ : ndarray of shape (k,), float32
    means_, variances_ : ndarray of shape (k, n_components), float32
        The mixture of k Gaussians, at most n_gaussians, in projected coordinates (position last).
    n_features_out_ : int

    References
    ----------
    Perronnin, Sánchez & Mensink, "Improving the Fisher kernel for large-scale image
    classification", ECCV 2010. Position: Sánchez, Perronnin & de Campos, "Modeling the
    spatial layout of images beyond spatial pyramids", Pattern Recognition Letters 33(16),
    2012, section 3.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (6, 64, 64), np.uint8)
    >>> encoder = FisherVector(n_gaussians=4, n_components=8, random_state=0)
    >>> encoder.fit_transform(images).shape
    (6, 64)
    """

    saved_state = SavedState(
        arrays={"mean_": 1, "components_": 2, "weights_": 1, "means_": 2, "variances_": 2},
        optional=("components_",),
        scalars={"n_features_out_": int},
        bounds={"power": (0.01, 4), "pyramid": (1, 1000), "sample_mb": (0, 1e9)},
    )

    _codebook_name = "n_gaussians"

    def __init__(
        self,
        describer: Describer | None = None,
        n_gaussians: int = 128,
        n_components: int | None = 64,
        power: float = 0.5,
        augment_position: bool = False,
        pyramid: Pyramid = ((1, 1),),
        sample_mb: float = 128,
        random_state: Seed = None,
        n_jobs: int | None = None,
    ) -> None:
        self.describer = describer
        self.n_gaussians = n_gaussians
        self.n_components = n_components
        self.power = power
        self.augment_position = augment_position
        self.pyramid = pyramid
        self.sample_mb = sample_mb
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_encoder(self) -> None:
        check_integer("n_gaussians", self.n_gaussians, 1)
        check_integer("n_components", self.n_components, 1, none=True)
        check_number("power", self.power, 0, exclusive=True)
        check_bool("augment_position", self.augment_position)

    def _fit_codebook(self, sample: np.ndarray, rng: np.random.RandomState) -> None:
        d = self._describer.n_dims
        self.mean_, self.components_ = sample[:, :d].mean(axis=0), None
        if self.n_components is not None and self.n_components < d:
            self.mean_, self.components_ = principal_components(sample[:, :d], self.n_components)
        n_gaussians = codebook_size(self.n_gaussians, len(sample), 2)
        self.weights_, means, variances = fit_mixture(
            self.project(sample), n_gaussians, random_state=rng, n_jobs=self.n_jobs
        )
        share = prior_share(self._n_images, n_gaussians)
        self.means_, self.variances_ = smooth_mixture(self.weights_, means, variances, share)

    def project(self, rows: np.ndarray) -> np.ndarray:
        """Descriptors (with position, if augmented) in the mixture's coordinates."""
        d = len(self.mean_)
        if self.components_ is None:
            moved = rows[:, :d] - self.mean_
        else:  # the mean is taken off what is shorter
            moved = rows[:, :d] @ self.components_.T
            moved -= self.components_ @ self.mean_
        return np.concatenate([moved, rows[:, d:]], axis=1) if rows.shape[1] > d else moved

    def _sample_dims(self) -> int:
        return self._describer.n_dims + 2 * self.augment_position

    def codebook_rows(self, features: LocalFeatures) -> np.ndarray:
        if not self.augment_position:
            return features.descriptors
        height, width = features.image_shape
        position = features.xy * np.array([1 / width, 1 / height], np.float32) - np.float32(0.5)
        return np.concatenate([features.descriptors, _POSITION_SCALE * position], axis=1)

    def _cell_dims(self) -> int:
        return 2 * self.means_.size

    def _n_learned(self) -> int:
        return len(self.weights_)

    def encode_features(self, features: LocalFeatures, cells: np.ndarray) -> np.ndarray:
        order, bounds, owners = cell_groups(cells)
        table = density_table(self.weights_, self.means_, self.variances_)
        x = self.project(self.codebook_rows(features))[order]
        sums = sum_groups(
            mixture_sums(x, table, bounds)[0], owners, sum(r * c for r, c in self.pyramid)
        )
        out = fisher_gradient(sums, self.weights_, self.means_, self.variances_)
        return power_normalize(out, self.power).ravel()

    def _check_saved(self) -> None:
        d = self._describer.n_dims
        require_shape(self, "mean_", (d,))
        if self.components_ is not None:
            require(self.components_.shape[1] == d, f"components_ must have {d} columns")
            d = len(self.components_)
        shape = (len(self.weights_), d + 2 * self.augment_position)
        self._check_codebook(len(self.weights_))
        require_shape(self, "weights_", shape[:1])
        require_shape(self, "means_", shape)
        require_shape(self, "variances_", shape)
        require(bool((self.weights_ > 0).all()), "weights_ must be > 0")
        require(divides(self.variances_), "variances_ must be > 0")
        self._check_saved_columns()
