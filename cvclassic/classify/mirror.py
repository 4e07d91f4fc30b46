"""Training on mirrored pictures as well, where left-out pictures say that it helps."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import Pipeline

from ..checks import check_choice
from ..encode import balanced_order
from ..images import AugmentedImage, check_images, single_threaded
from .fusion import PENALTIES, decoded_once, inner_products, left_out_loss

_MAX_SAMPLES = 1500  # pictures that the choice is made on; twice as many rows are solved for
_WORTH = 0.01  # relative fall of the loss that is worth twice the training


def _mirror(image) -> AugmentedImage:
    return AugmentedImage(image, [("mirror", 1.0)], (0,))


def mirroring_helps(vectors: np.ndarray, mirrored: np.ndarray, labels: np.ndarray) -> bool:
    """Whether mirrored training vectors lower the loss of left-out pictures.

    Ridge regression in closed form; a picture and its mirror image are left out together,
    and only the picture itself is judged.

    Parameters
    ----------
    vectors, mirrored : ndarray of shape (n, d), float32
        Of the same pictures, in the same order.
    labels : ndarray of shape (n,), int

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
    gram = inner_products(np.concatenate([vectors, mirrored]))
    gram /= max(float(np.trace(gram)) / len(gram), np.finfo(np.float32).tiny)
    plain = min(left_out_loss(gram[:n, :n], labels, p) for p in PENALTIES)
    both = min(left_out_loss(gram, np.tile(labels, 2), p, n_copies=2) for p in PENALTIES)
    return both < plain * (1 - _WORTH)


def fit_mirrored(pipeline: Pipeline, X, y, *, mirror: bool | str = "cv") -> bool:
    """Fit a pipeline to pictures and, where it helps, to their mirror images.

    What comes before the last step learns from the pictures themselves, the last step from
    both. Prediction is that of the pipeline, and costs the same.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        From images to labels. Its last step takes ``n_copies`` in `fit`, so that its own
        cross-validation keeps a picture and its mirror image together. Changed in place.
    X : sequence of images, or ndarray of shape (n, H, W) or (n, H, W, 3)
    y : sequence of n labels
    mirror : bool or "cv", default="cv"
        "cv" tries it on at most 1,500 pictures, balanced between the classes.

    Returns
    -------
    bool
        Whether mirror images were used.

    Raises
    ------
    ParameterError
        `mirror` is none of these, or `X` is not a sequence of images.
    """
    check_choice("mirror", mirror, (True, False, "cv"))
    if mirror is False:
        pipeline.fit(X, y)
        return False
    X, y = decoded_once(check_images(X)), np.asarray(y)
    before, head = Pipeline(pipeline.steps[:-1]), pipeline.steps[-1][1]
    vectors = before.fit_transform(X, y)
    order = balanced_order(y, len(vectors), np.random.RandomState(0))
    tried, rest = np.sort(order[:_MAX_SAMPLES]), np.sort(order[_MAX_SAMPLES:])
    mirrored = before.transform([_mirror(X[i]) for i in tried])
    if mirror == "cv":
        labels = np.unique(y[tried], return_inverse=True)[1]
        with single_threaded():
            helps = mirroring_helps(vectors[tried], mirrored, labels)
        if not helps:
            head.fit(vectors, y)
            return False
    n = len(vectors)
    both = np.empty((2 * n, vectors.shape[1]), np.float32)
    both[:n], both[n + tried] = vectors, mirrored
    if len(rest):
        both[n + rest] = before.transform([_mirror(X[i]) for i in rest])
    head.fit(both, np.tile(y, 2), n_copies=2)
    return True
