"""Patch words: what small patches look like, learned by K-means, as a layer of kernels."""

from __future__ import annotations

import cv2
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_choice, check_integer, check_number
from .._basics.parameters import Seed
from .._basics.saving import SavedState, require, require_shape
from ..describe import SizedTransformer, check_image_size
from ..errors import DataError, ParameterError
from ..images import map_blocks
from .base import balanced_order
from .patches import normalize_patches, patch_grid, zca_whitening
from .vocabulary import codebook_note, codebook_size, kmeans_words

ACTIVATIONS = ("soft", "triangle", "squared")
_ROWS = 300  # patches of a product: so many x 1000 float32 stay in the level-2 cache
_SAMPLE_IMAGES = 5000  # images that the sample of patches is drawn from, at most
_FLAT = 1.0  # standard deviation, of 255, below which a patch shows nothing


class PatchWords(SizedTransformer):
    """K-means words of whitened patches, as the fixed first layer of a network.

    Every patch of an image is normalized for contrast and compared with every word; the
    answers are averaged over the cells of a grid. Normalizing, whitening and comparing are
    folded into one matrix product a block of patches, with activation and pooling done
    while the block is in cache: memory does not grow with the number of images.

    Parameters
    ----------
    n_words : int, default=1000
        Half the number of patches where there are fewer.
    patch_size : int, default=6
        Side of a patch in pixels.
    stride : int, default=1
        Pixels between patches.
    pool : int, default=3
        Cells a side of the pooling grid.
    activation : {"soft", "triangle", "squared"}, default="soft"
        How strongly a word answers. "soft" is max(0, product with the word at unit length -
        `threshold`); "triangle" is max(0, mean distance - distance), and "squared" the same
        with squared distances, which needs neither root nor mean and is twice as fast.
    threshold : float, default=0.25
        Threshold of the activation "soft".
    power : float, default=0.5
        Exponent that pooled answers are raised to; 0.5 keeps words that answer everywhere
        from drowning the others.
    contrast : float, default=10
        Added to the variance of a patch, in squared gray levels of 0..255.
    whitening : float, default=0.1
        Added to the eigenvalues of the patches' covariance.
    image_size : int or (int, int), default=28
        Side, or height and width, that every image is resized to, in pixels.
    color : bool, default=False
        Patches of red, green and blue, else of luma.
    n_patches : int, default=100000
        Sample that whitening and words are learned from; patches without any contrast are
        left out.
    random_state : int, RandomState or None, default=None
        Seed of sampling and clustering.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib. The result does not depend on it.

    Attributes
    ----------
    mean_ : ndarray of shape (d,), float32
    whitening_ : ndarray of shape (d, d), float32
        Symmetric; d is patch_size² times the number of channels.
    words_ : ndarray of shape (at most n_words, d), float32
        In the whitened space.
    n_features_out_ : int
        pool² n_words.

    References
    ----------
    Coates, Lee & Ng, "An analysis of single-layer networks in unsupervised feature learning",
    AISTATS 2011, section 3, for patches, whitening, triangle and pooling; Coates & Ng, "The
    importance of encoding versus training with sparse coding and vector quantization", ICML
    2011, section 3.2, for the soft threshold.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (10, 28, 28), np.uint8)
    >>> PatchWords(n_words=20, random_state=0).fit_transform(images).shape
    (10, 180)
    """

    saved_state = SavedState(
        arrays={"mean_": 1, "whitening_": 2, "words_": 2},
        scalars={"n_features_out_": int},
        bounds={
            "n_words": (2, 1_000_000),
            "patch_size": (1, 512),
            "stride": (1, 512),
            "pool": (1, 512),
            "threshold": (0, 1e6),
            "power": (0.01, 100),
            "contrast": (1e-6, 1e9),
            "whitening": (0, 1e9),
            "image_size": (1, 2048),
            "n_patches": (1, 1e9),
        },
    )

    def __init__(
        self,
        n_words: int = 1000,
        patch_size: int = 6,
        stride: int = 1,
        pool: int = 3,
        activation: str = "soft",
        threshold: float = 0.25,
        power: float = 0.5,
        contrast: float = 10,
        whitening: float = 0.1,
        image_size: int = 28,
        color: bool = False,
        n_patches: int = 100_000,
        random_state: Seed = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_words = n_words
        self.patch_size = patch_size
        self.stride = stride
        self.pool = pool
        self.activation = activation
        self.threshold = threshold
        self.power = power
        self.contrast = contrast
        self.whitening = whitening
        self.image_size = image_size
        self.color = color
        self.n_patches = n_patches
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        check_integer("n_words", self.n_words, 2)
        check_integer("patch_size", self.patch_size, 2)
        check_integer("stride", self.stride, 1)
        check_integer("pool", self.pool, 1)
        check_choice("activation", self.activation, ACTIVATIONS)
        check_number("threshold", self.threshold, 0)
        check_number("power", self.power, 0, exclusive=True)
        check_number("contrast", self.contrast, 0, exclusive=True)
        check_number("whitening", self.whitening, 0, exclusive=True)
        check_integer("n_patches", self.n_patches, 2)
        shorter = min(check_image_size(self.image_size))
        if self.patch_size > shorter:
            raise ParameterError(
                f"patch_size must be at most the shorter side of image_size, {shorter}. "
                f"Got {self.patch_size} instead."
            )
        places = (shorter - self.patch_size) // self.stride + 1
        if self.pool > places:
            raise ParameterError(
                f"pool must be at most the number of patches along a side, {places}. "
                f"Got {self.pool} instead."
            )

    def _n_dims(self) -> int:
        """Numbers in a patch."""
        return self.patch_size**2 * (3 if self.color else 1)

    def _grid(self) -> tuple[np.ndarray, np.ndarray]:
        return patch_grid(self._shape(), self.patch_size, self.stride, self.pool)

    def _fit_images(self, X, y) -> None:
        rng = check_random_state(self.random_state)
        patches = normalize_patches(self._sample(X, y, rng), self.contrast)
        n_words = codebook_size(self.n_words, patches.shape[1])
        if n_words < 2:
            raise DataError(
                "Words need at least 4 patches that show something; the training images gave "
                f"{patches.shape[1]}."
            )
        self.mean_, self.whitening_ = zca_whitening(patches, self.whitening)
        patches -= self.mean_[:, None]
        sample = np.ascontiguousarray((self.whitening_ @ patches).T)
        self.words_ = kmeans_words(sample, n_words, random_state=rng, n_jobs=self.n_jobs)
        self.n_features_out_ = self.pool**2 * n_words

    @property
    def codebook_note(self) -> str | None:
        """A sentence where `fit` learned fewer words than requested."""
        return codebook_note("n_words", self.n_words, len(self.words_))

    def _sample(self, X, y, rng: np.random.RandomState) -> np.ndarray:
        """Patches that show something, (d, n): as many from each class and each image."""
        order = balanced_order(y, len(X), rng)[:_SAMPLE_IMAGES]
        share = -(-self.n_patches // len(order))
        seeds = rng.randint(2**31, size=len(order))
        jobs = [(X[i], seed) for i, seed in zip(order, seeds, strict=True)]
        index, _ = self._grid()

        def draw(block: list) -> list[np.ndarray]:
            drawn = []
            pixels = self._load([image for image, _ in block])
            for picture, (_, seed) in zip(pixels, block, strict=True):
                places = np.random.default_rng(seed).permutation(index.shape[1])[: 3 * share]
                patches = picture.ravel()[index[:, places]].astype(np.float32)
                drawn.append(patches[:, patches.std(axis=0) >= _FLAT][:, :share])
            return drawn

        blocks = map_blocks(draw, jobs, n_jobs=self.n_jobs)
        return np.concatenate([p for block in blocks for p in block], axis=1)[:, : self.n_patches]

    def _filters(self) -> np.ndarray:
        """Whitening and words as one matrix for raw patches and their contrast, (d + 1, k).

        With c the contrast of a raw patch p, the answer to the normalized one is
        ``(p - mean(p)) / c @ F + offset``, which is ``(p @ F' + c * offset) / c`` when F' has
        the mean taken off its columns: patches need not be normalized at all.
        """
        words = self.words_
        if self.activation == "soft":
            length = np.linalg.norm(words, axis=1, keepdims=True)
            words = words / np.maximum(length, np.finfo(np.float32).tiny)
            offset = np.full(len(words), -self.threshold, np.float32)
        else:
            squares = np.einsum("kd,kd->k", words, words)
            if self.activation == "squared":
                # mean of the squared distances - squared distance: |patch|² falls out
                words, offset = 2 * (words - words.mean(axis=0)), squares.mean() - squares
            else:
                words, offset = -2 * words, squares
        folded = words @ self.whitening_
        offset = offset - folded @ self.mean_
        folded -= folded.mean(axis=1, keepdims=True)
        return np.ascontiguousarray(np.column_stack([folded, offset]).T)

    def _sized_vectors(self, pixels: np.ndarray) -> np.ndarray:
        filters = self._filters()
        index, starts = self._grid()
        index, d = np.ascontiguousarray(index.T), np.float32(len(index))
        groups = _row_groups(starts)
        out = np.zeros((len(pixels), self.pool**2, len(self.words_)), np.float32)
        raw = np.empty(index.shape, np.float32)
        rows = np.empty((len(index), len(filters)), np.float32)
        ones = np.ones(index.shape[1], np.float32)
        most = max(starts[b] - starts[a] for a, b in groups)
        room = np.empty((most, len(self.words_)), np.float32)
        counts = np.repeat(np.diff(starts), np.diff(starts)).astype(np.float32)
        for picture, row in zip(pixels.reshape(len(pixels), -1), out, strict=True):
            if picture.min() == picture.max():
                continue  # nothing to see: a row of zeros
            np.take(picture.astype(np.float32), index, out=raw, mode="clip")
            mean = (raw @ ones) / d
            # of whole numbers: exact as long as a patch has at most 258 of them
            variance = np.maximum(np.einsum("nd,nd->n", raw, raw) / d - mean**2, 0)
            deviation = np.sqrt(variance + np.float32(self.contrast))
            rows[:, :-1], rows[:, -1] = raw, deviation
            weights = 1 / (counts * deviation)
            for first, last in groups:
                begin, end = starts[first], starts[last]
                answers = np.matmul(rows[begin:end], filters, out=room[: end - begin])
                if self.activation == "triangle":
                    spread = deviation[begin:end, None]
                    patches = (raw[begin:end] - mean[begin:end, None]) / spread
                    white = (patches - self.mean_) @ self.whitening_
                    _triangle(answers, np.einsum("nd,nd->n", white, white)[:, None], spread)
                else:
                    # max(0, x), in half the time that NumPy takes
                    cv2.threshold(answers, 0, 0, cv2.THRESH_TOZERO, dst=answers)
                for cell in range(first, last):
                    low, high = starts[cell], starts[cell + 1]
                    np.dot(weights[low:high], answers[low - begin : high - begin], out=row[cell])
        if self.power == 0.5:
            np.sqrt(out, out=out)
        elif self.power != 1:
            np.power(out, np.float32(self.power), out=out)
        return out.reshape(len(pixels), -1)

    def word_pictures(self) -> np.ndarray:
        """The words as small images, to look at.

        Returns
        -------
        ndarray of shape (n_words, patch_size, patch_size) or (..., 3), uint8
            Middle gray is 0; each word is stretched to the full range.
        """
        check_is_fitted(self, "words_")
        peak = np.maximum(np.abs(self.words_).max(axis=1, keepdims=True), 1e-12)
        gray = np.round(127.5 + 127.5 * self.words_ / peak).astype(np.uint8)
        p = self.patch_size
        if self.color:
            return gray.reshape(-1, 3, p, p).transpose(0, 2, 3, 1)
        return gray.reshape(-1, p, p)

    def _check_saved(self) -> None:
        d = self._n_dims()
        require_shape(self, "mean_", (d,))
        require_shape(self, "whitening_", (d, d))
        require_shape(self, "words_", (len(self.words_), d))
        require(
            2 <= len(self.words_) <= self.n_words, f"words_ must hold 2 to {self.n_words} words"
        )
        n = self.pool**2 * len(self.words_)
        require(self.n_features_out_ == n, f"n_features_out_ must be {n}")


def _row_groups(starts: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of whole cells, (first, last + 1), with about `_ROWS` patches each."""
    groups, first = [], 0
    for cell in range(1, len(starts)):
        if cell == len(starts) - 1 or starts[cell + 1] - starts[first] > _ROWS:
            groups.append((first, cell))
            first = cell
    return groups


def _triangle(answers: np.ndarray, squares: np.ndarray, spread: np.ndarray) -> None:
    """max(0, mean - distance), times the contrast as all answers are. In place.

    The answers are squared distances times the contrast, without the patches' own squares.
    """
    answers /= spread
    answers += squares
    np.maximum(answers, 0, out=answers)
    np.sqrt(answers, out=answers)
    mean = answers.mean(axis=1, keepdims=True)
    np.subtract(mean, answers, out=answers)
    np.maximum(answers, 0, out=answers)
    answers *= spread
