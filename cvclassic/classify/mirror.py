"""Training on mirrored images as well, if left-out images show that it helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .._basics.checks import check_choice
from ..encode import balanced_order
from ..images import AugmentedImage, single_threaded
from .gram import symmetric_product
from .left_out import PENALTIES, left_out_loss
from .samples import label_numbers
from .stored_vectors import StoredVectors

Encode = Callable[[list], np.ndarray]
"""Turns a list of images into their vectors."""

_MAX_SAMPLES = 600  # images that the choice is made on
_WORTH = 0.01  # relative fall of the loss that is worth twice the training
_COLUMNS = 1 << 14  # that an inner product takes at once, so that no copy of them is large
_CHUNK = 128  # images that are encoded before their vectors go where they belong


def _mirror(image) -> AugmentedImage:
    return AugmentedImage(image, [("mirror", 1.0)], (0,))


def mirroring_helps(vectors: np.ndarray, mirrored: np.ndarray, labels: np.ndarray) -> bool:
    """Whether mirrored training vectors lower the loss of left-out images.

    Ridge regression in closed form; an image and its mirror image are left out together,
    and only the image itself is judged.

    Parameters
    ----------
    vectors, mirrored : ndarray of shape (n, d), float32
        Vectors of the images and of their mirror images, in the same order.
    labels : ndarray of shape (n,), int; or of shape (n, k), bool

    Returns
    -------
    bool

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    >>> labels = (x[:, 0] > 0).astype(int)
    >>> mirroring_helps(x, -x, labels)  # they contradict the labels
    False
    """
    gram = np.zeros((2 * len(vectors), 2 * len(vectors)), np.float32)
    for start in range(0, vectors.shape[1], _COLUMNS):
        columns = slice(start, start + _COLUMNS)
        gram += symmetric_product(np.concatenate([vectors[:, columns], mirrored[:, columns]]))
    return _lowers_loss(gram, labels)


def _lowers_loss(gram: np.ndarray, labels: np.ndarray) -> bool:
    """`mirroring_helps` by the inner products of all images and then their mirror images."""
    n = len(gram) // 2
    gram /= max(float(np.trace(gram)) / len(gram), float(np.finfo(np.float32).tiny))
    plain = min(left_out_loss(gram[:n, :n], labels, p) for p in PENALTIES)
    twice, groups = np.concatenate([labels, labels]), np.tile(np.arange(n), 2)
    first = np.arange(2 * n) < n
    both = min(left_out_loss(gram, twice, p, groups, first) for p in PENALTIES)
    return both < plain * (1 - _WORTH)


def try_mirroring(
    encode: Encode,
    images: Sequence,
    vectors: np.ndarray,
    labels: np.ndarray,
    mirror: bool | str = "cv",
    random_state: int = 0,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Encode the mirror images of some training images and see whether they help.

    Parameters
    ----------
    encode : callable
        Turns a list of images into their vectors.
    images : sequence of n images
    vectors : ndarray of shape (n, d), float32
        Their vectors.
    labels : ndarray of shape (n,)
    mirror : bool or "cv", default="cv"
        "cv" tries it on at most 600 images, balanced between the classes.
    random_state : int
        Seed of their choice.

    Returns
    -------
    tried : ndarray of shape (m,), int
        Which images.
    mirrored : ndarray of shape (m, d), float32
        Vectors of their mirror images. None instead of both where they do not help.

    Raises
    ------
    ParameterError
        `mirror` is not one of these.
    """
    check_choice("mirror", mirror, (True, False, "cv"))
    if mirror is False:
        return None
    tried = _some(labels, len(vectors), random_state)
    mirrored = encode([_mirror(images[i]) for i in tried])
    if mirror == "cv":
        numbers = label_numbers(labels, len(vectors))[tried]
        with single_threaded():
            if not mirroring_helps(vectors[tried], mirrored, numbers):
                return None
    return tried, mirrored


def _some(labels: np.ndarray, n: int, random_state: int) -> np.ndarray:
    """Numbers of the images that mirroring is tried on."""
    order = balanced_order(labels, n, np.random.RandomState(random_state))
    return np.sort(order[:_MAX_SAMPLES])


def add_stored_mirrored(
    store: Callable[[list, StoredVectors, int], None],
    images: Sequence,
    vectors: StoredVectors,
    labels: np.ndarray,
    mirror: bool | str = "cv",
    random_state: int = 0,
) -> bool:
    """`try_mirroring` and `encode_mirrored` for vectors outside of memory.

    Parameters
    ----------
    store : callable
        ``store(images, vectors, start)`` writes the vectors of images into rows from `start` on.
    images : sequence of n images
    vectors : StoredVectors
        Their n rows. Where mirror images help, theirs follow in the same order.
    labels : ndarray of shape (n,)
    mirror : bool or "cv", default="cv"
    random_state : int

    Returns
    -------
    bool
        Whether they help.

    Raises
    ------
    ParameterError
        `mirror` is not one of these.
    """
    check_choice("mirror", mirror, (True, False, "cv"))
    if mirror is False:
        return False
    n, start = len(vectors), vectors.n_written
    tried = _some(labels, n, random_state)
    own = vectors.rows
    store([_mirror(images[i]) for i in tried], vectors, start)
    if mirror == "cv":
        numbers = label_numbers(labels, n)[tried]
        vectors.choose(np.concatenate([own[tried], start + np.arange(len(tried))]))
        with single_threaded():
            helps = _lowers_loss(vectors.gram(), numbers)
        vectors.choose(own)
        if not helps:
            return False
    rest = np.setdiff1d(np.arange(n), tried)
    for first in range(0, len(rest), _CHUNK):
        some = rest[first : first + _CHUNK]
        store([_mirror(images[i]) for i in some], vectors, start + len(tried) + first)
    places = np.empty(n, int)
    places[np.concatenate([tried, rest])] = start + np.arange(n)
    vectors.choose(np.concatenate([own, places]))
    return True


def encode_mirrored(encode: Encode, images: Sequence, done: np.ndarray, out: np.ndarray) -> None:
    """Write the vectors of the mirror images of all images but those `done` into `out`.

    Parameters
    ----------
    encode : callable
    images : sequence of n images
    done : ndarray of int
        Images whose rows are there already.
    out : ndarray of shape (n, d), float32
    """
    rest = np.setdiff1d(np.arange(len(images)), done)
    for start in range(0, len(rest), _CHUNK):
        rows = rest[start : start + _CHUNK]
        out[rows] = encode([_mirror(images[i]) for i in rows])
