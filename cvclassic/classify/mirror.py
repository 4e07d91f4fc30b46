"""Training on mirrored images as well, where left-out images say that it helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .._basics.checks import check_choice
from ..encode import balanced_order
from ..images import AugmentedImage, single_threaded
from .gram import symmetric_product
from .left_out import PENALTIES, left_out_loss
from .samples import label_numbers

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
        Of the same images, in the same order.
    labels : ndarray of shape (n,), int; or of shape (n, k), bool

    Returns
    -------
    bool

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    >>> labels = (x[:, 0] > 0).astype(int)
    >>> mirroring_helps(x, -x, labels)  # they would teach the contrary
    False
    """
    n = len(vectors)
    gram = np.zeros((2 * n, 2 * n), np.float32)
    for start in range(0, vectors.shape[1], _COLUMNS):
        columns = slice(start, start + _COLUMNS)
        gram += symmetric_product(np.concatenate([vectors[:, columns], mirrored[:, columns]]))
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
        `mirror` is none of these.
    """
    check_choice("mirror", mirror, (True, False, "cv"))
    if mirror is False:
        return None
    order = balanced_order(labels, len(vectors), np.random.RandomState(random_state))
    tried = np.sort(order[:_MAX_SAMPLES])
    mirrored = encode([_mirror(images[i]) for i in tried])
    if mirror == "cv":
        numbers = label_numbers(labels, len(vectors))[tried]
        with single_threaded():
            if not mirroring_helps(vectors[tried], mirrored, numbers):
                return None
    return tried, mirrored


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
