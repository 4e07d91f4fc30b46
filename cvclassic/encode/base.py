"""What all encoders share: sampling for the codebook, cells of a pyramid, streaming."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from .._basics.checks import check_number
from .._basics.label_sets import is_multilabel
from .._basics.parameters import Seed
from .._basics.saving import require
from ..describe import SIFT, Describer, ImageTransformer, LocalFeatures
from ..errors import DataError, ParameterError
from ..images import in_threads, load_pixels, map_blocks
from .vocabulary import codebook_note

_SAMPLE_IMAGES = 400  # images that the codebook's sample is drawn from, at least
_PRIOR = 0.05  # images per word that the prior of a codebook counts for
_LEAST = 0.02  # share of the prior that is too little to matter


def balanced_order(y, n: int, rng: np.random.RandomState) -> np.ndarray:
    """Order of n images that takes the classes in turn, at random within a class.

    Parameters
    ----------
    y : sequence of n labels, or None
        None stands for a single class, and so do several labels per image.
    n : int
    rng : numpy.random.RandomState

    Returns
    -------
    ndarray of shape (n,), int

    Examples
    --------
    >>> order = balanced_order(["a", "a", "a", "b"], 4, np.random.RandomState(0))
    >>> 3 in order[:2]
    True
    """
    shuffled = rng.permutation(n)
    if y is None:
        return shuffled
    if len(y) != n:
        raise ParameterError(f"y must have one label for each of the {n} images. Got {len(y)}.")
    if is_multilabel(y):
        return shuffled
    labels = np.unique(np.asarray(y), return_inverse=True)[1][shuffled]
    turn = np.empty(n, int)
    for label in range(labels.max() + 1):
        members = np.flatnonzero(labels == label)
        turn[members] = np.arange(len(members))
    return shuffled[np.argsort(turn, kind="stable")]


def cell_index(
    xy: np.ndarray, image_shape: tuple[int, int], pyramid: tuple[tuple[int, int], ...]
) -> np.ndarray:
    """Cell of a spatial pyramid that each position lies in, for every level.

    Parameters
    ----------
    xy : ndarray of shape (n, 2), float32
    image_shape : tuple of int
        Height and width.
    pyramid : tuple of (rows, columns)
        One grid a level.

    Returns
    -------
    ndarray of shape (n_levels, n), int
        Cells are numbered through all levels, row by row.

    References
    ----------
    Lazebnik, Schmid & Ponce, "Beyond bags of features", CVPR 2006, section 3.

    Examples
    --------
    >>> cell_index(np.array([[9.0, 0.0]]), (10, 10), ((1, 1), (2, 2)))
    array([[0],
           [2]])
    """
    x = (xy[:, 0] + 0.5) / image_shape[1]
    y = (xy[:, 1] + 0.5) / image_shape[0]
    cells = np.empty((len(pyramid), len(xy)), int)
    first = 0
    for level, (rows, columns) in enumerate(pyramid):
        row = np.clip((y * rows).astype(int), 0, rows - 1)
        column = np.clip((x * columns).astype(int), 0, columns - 1)
        cells[level] = first + row * columns + column
        first += rows * columns
    return cells


def check_pyramid(pyramid) -> None:
    """Raise `ParameterError` unless `pyramid` is a sequence of (rows, columns)."""
    try:
        good = len(pyramid) > 0 and all(
            len(grid) == 2 and all(int(side) == side and side >= 1 for side in grid)
            for grid in pyramid
        )
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ParameterError(
            "pyramid must be a sequence of (rows, columns), such as ((1, 1), (2, 2)). "
            f"Got {pyramid!r} instead."
        )


def prior_share(n_images: int, n_words: int) -> float:
    """How much of a codebook should come from the mean of all descriptors, not from each word's.

    Words that are fitted to a few images fit them so well that the differences between them and
    the images' own descriptors cancel: where each class has words of its own, sums of
    differences say nothing of the class. Words that are moved towards the mean of everything leave
    differences that all point away from it, so that sums also count descriptors. This is the
    mean of the posterior under a normal prior that counts like a twentieth of an image per word.

    Parameters
    ----------
    n_images : int
        That the words were learned from.
    n_words : int

    Returns
    -------
    float
        From 0 to 1; 0 where there are so many images that it would be below 0.02.

    References
    ----------
    Gauvain & Lee, "Maximum a posteriori estimation for multivariate Gaussian mixture observations
    of Markov chains", IEEE Transactions on Speech and Audio Processing 2(2), 1994, section III.

    Examples
    --------
    >>> round(prior_share(24, 64), 3), prior_share(1500, 64)
    (0.118, 0.0)
    """
    share = _PRIOR * n_words / (_PRIOR * n_words + n_images)
    return share if share >= _LEAST else 0.0


class LocalEncoder(ImageTransformer):
    """Base of encoders: a bag of local features becomes one vector.

    Sub-classes have the parameters `describer`, `pyramid`, `sample_mb`, `random_state` and
    `n_jobs`, and the methods

    - ``_check_encoder()``: validates their own parameters;
    - ``_fit_codebook(sample, rng)``: learns from descriptors of shape (n, d), float32, of
      `_n_images` images;
    - ``_cell_dims()``: length of the vector of one cell;
    - ``encode_features(features, cells)``: the vector of one image; `cells` is `cell_index`'s
      result. Never called for an image without features.
    """

    describer: Describer | None
    sample_mb: float
    random_state: Seed
    _n_images: int  # while it is fitted
    _codebook_name = "n_words"

    def _check(self) -> None:
        if self.describer is not None and not isinstance(self.describer, Describer):
            raise ParameterError(
                f"describer must be a describer such as SIFT(), or None. Got {self.describer!r}."
            )
        self._describer.check_parameters()
        check_pyramid(self.pyramid)
        check_number("sample_mb", self.sample_mb, 0, exclusive=True)
        self._check_encoder()

    @property
    def _describer(self) -> Describer:
        return SIFT() if self.describer is None else self.describer

    @property
    def max_side(self) -> int | None:
        """Long side that images are reduced to before they are described."""
        return self._describer.max_side

    @property
    def block_sizes_(self) -> list[int]:
        """Columns of each level of the pyramid, in order."""
        return [rows * columns * self._cell_dims() for rows, columns in self.pyramid]

    def local_features(self, image) -> LocalFeatures:
        """Local features of one image, as `transform` sees them.

        Parameters
        ----------
        image : path, encoded bytes, ndarray or Picture

        Returns
        -------
        LocalFeatures
            In the pixels of the image reduced to `max_side`.
        """
        describer = self._describer
        return describer.describe_pixels(load_pixels(image, describer.max_side))

    def _fit_images(self, X, y) -> None:
        rng = check_random_state(self.random_state)
        sample = self._sample(X, y, rng)
        self._n_images = len(X)
        with in_threads():
            self._fit_codebook(sample, rng)
        del self._n_images
        self.n_features_out_ = sum(self.block_sizes_)

    def _sample(self, X, y, rng: np.random.RandomState) -> np.ndarray:
        """Descriptors for the codebook: as many from each class, at most `sample_mb`.

        As many images are described as are needed for variety or to fill the sample,
        not all: `transform` describes them all anyway.
        """
        n_dims = self._sample_dims()
        room = max(1, int(self.sample_mb * 1e6 / (4 * n_dims)))
        order = balanced_order(y, len(X), rng)
        n_pictures = min(len(X), _SAMPLE_IMAGES)
        share = -(-room // n_pictures)
        seeds = rng.randint(2**31, size=len(X))
        jobs = [(X[i], share, seed) for i, seed in zip(order, seeds, strict=True)]
        sample = np.empty((room, n_dims), np.float32)
        filled = described = 0
        while described < len(jobs):
            chunk = jobs[described : described + 64]
            for block in map_blocks(self._describe_some, chunk, n_jobs=self.n_jobs):
                for descriptors in block:
                    taken = descriptors[: room - filled]
                    sample[filled : filled + len(taken)] = taken
                    filled += len(taken)
            described += len(chunk)
            if filled == room or (described >= n_pictures and filled >= room // 4):
                break
        if filled == 0:
            raise DataError(
                f"No local features were found in any of the {described} training images that "
                "were tried: they are blank, or too small for this describer."
            )
        return sample[:filled]

    def _describe_some(self, jobs: list) -> list[np.ndarray]:
        """Up to `share` random descriptors of each image."""
        out = []
        for image, share, seed in jobs:
            descriptors = self.codebook_rows(self.local_features(image))
            if len(descriptors) > share:
                rows = np.random.default_rng(seed).choice(len(descriptors), share, replace=False)
                descriptors = descriptors[np.sort(rows)]
            out.append(descriptors)
        return out

    def block_vectors(self, images: list) -> np.ndarray:
        """Vectors of a few images, (n, n_features_out), computed in this thread."""
        out = np.zeros((len(images), self.n_features_out_), np.float32)
        for row, image in zip(out, images, strict=True):
            features = self.local_features(image)
            if len(features):
                cells = cell_index(features.xy, features.image_shape, self.pyramid)
                row[:] = self.encode_features(features, cells)
        return out

    def _sample_dims(self) -> int:
        """Length of a row that `codebook_rows` gives."""
        return self._describer.n_dims

    def codebook_rows(self, features: LocalFeatures) -> np.ndarray:
        """What the codebook learns from: the descriptors, unless an encoder adds to them."""
        return features.descriptors

    def _check_saved_columns(self) -> None:
        """Raise `ModelFileError` unless the number of columns is that of the parameters."""
        expected = sum(self.block_sizes_)
        require(self.n_features_out_ == expected, f"n_features_out_ must be {expected}")

    def _check_codebook(self, n_words: int) -> None:
        """Raise `ModelFileError` unless `fit` can give a codebook of that size."""
        asked = getattr(self, self._codebook_name)
        require(1 <= n_words <= asked, f"there must be 1 to {self._codebook_name}={asked} words")

    @property
    def codebook_note(self) -> str | None:
        """A sentence where `fit` learned fewer words (or Gaussians) than requested."""
        name = self._codebook_name
        return codebook_note(name, getattr(self, name), self._n_learned())

    def _n_learned(self) -> int:
        return len(self.words_)

    def _check_encoder(self) -> None:
        raise NotImplementedError

    def _fit_codebook(self, sample: np.ndarray, rng: np.random.RandomState) -> None:
        raise NotImplementedError

    def _cell_dims(self) -> int:
        raise NotImplementedError

    def encode_features(self, features: LocalFeatures, cells: np.ndarray) -> np.ndarray:
        """The vector of one image, out of features and the cells that they lie in."""
        raise NotImplementedError
