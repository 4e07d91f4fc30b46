"""Fit a recipe step by step, so that people see what it does and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin, is_classifier
from sklearn.pipeline import Pipeline

from ..errors import DataError
from ..images import worker_processes
from .mirror import encode_mirrored, try_mirroring
from .mlp_base import Penalty
from .network import Epoch, OnEpoch

Progress = Callable[[str, int, int], None]
"""Called with the stage, the pictures done and the pictures in all."""


class Watched(Sequence):
    """A sequence that tells how far a pass over it has come."""

    def __init__(self, items: Sequence, stage: str, progress: Progress) -> None:
        self._items = items
        self._stage = stage
        self._progress = progress

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index):
        return self._items[index]

    def __iter__(self) -> Iterator[Any]:
        for i, item in enumerate(self._items):
            self._progress(self._stage, i, len(self._items))
            yield item
        self._progress(self._stage, len(self._items), len(self._items))


@dataclass
class Training:
    """What happened while a recipe was fitted.

    Parameters
    ----------
    seconds : dict of str to float
        Wall-clock time of each stage.
    n_images : int
        Pictures that the classifier learned from.
    without_features : list of int
        Indices of pictures that show nothing to describe; the classifier did not see them.
    cv_accuracy : float
        Share of pictures that the classifier labeled rightly when they were held out; nan
        where none could be. The vocabulary had seen them, without their labels.
    epochs : list of Epoch
        Of a head that is trained in epochs.
    losses : dict of str to float
        Losses on what such a head held out, by name.
    l2_path : list of Penalty
        Where such a head had several penalties to try, what each reached.
    mirrored : bool
        Whether the classifier learned from mirror images too.
    left_out : dict of str to str
        Parts of the recipe that these pictures gave nothing to learn from, and why.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    n_images: int = 0
    without_features: list[int] = field(default_factory=list)
    cv_accuracy: float = float("nan")
    epochs: list[Epoch] = field(default_factory=list)
    losses: dict[str, float] = field(default_factory=dict)
    l2_path: list[Penalty] = field(default_factory=list)
    mirrored: bool = False
    left_out: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to the stage `name`."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def described_rows(features, vectors: np.ndarray) -> np.ndarray:
    """Which vectors say anything: of pictures, those that are not all zeros.

    Parameters
    ----------
    features : transformer
        That the vectors come from. One for tables has ``zeros_are_data = True``.
    vectors : ndarray of shape (n, d)

    Returns
    -------
    ndarray of shape (n,), bool
    """
    if getattr(features, "zeros_are_data", False):
        return np.ones(len(vectors), bool)
    return np.any(vectors, axis=1)


def fit_recipe(
    pipeline: Pipeline,
    X: Sequence,
    y: Sequence | np.ndarray,
    progress: Progress | None = None,
    *,
    n_copies: int = 1,
    mirror: bool | str = False,
    on_epoch: OnEpoch | None = None,
) -> Training:
    """Fit a recipe like ``pipeline.fit(X, y)``, with a report.

    Pictures without features are left out of the classifier's training: a vector of zeros
    says nothing about a class.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        As `make_recipe` gives it. Fitted in place.
    X : sequence of images
    y : sequence of labels
    progress : callable, optional
        Called with the stage, the number of pictures done and the number in all.
    n_copies : int
        X comes as so many stretches of len(X) / n_copies pictures, of which the first are the
        pictures and the others show them changed (`AugmentedImages`). The head holds a
        picture and its copies out together.
    mirror : bool or "cv", default=False
        Whether the head learns from mirror images too; "cv" finds out whether they help.
    on_epoch : callable, optional
        Called with every `Epoch` of a head that has such.

    Returns
    -------
    Training

    Raises
    ------
    DataError
        Fewer than two classes have pictures with features.
    """
    training = Training()
    labels = np.asarray(y)
    progress = progress or (lambda stage, done, total: None)
    with worker_processes(X, getattr(pipeline[0], "n_jobs", None)):
        vectors, labels, n_copies = _make_vectors(
            pipeline, X, labels, n_copies, mirror, training, progress
        )
    known = signature(pipeline[-1].fit).parameters
    options = {"n_copies": n_copies, "on_epoch": on_epoch}
    with training.stage("classifier"):
        progress("classifier", 0, 0)
        pipeline[-1].fit(vectors, labels, **{k: v for k, v in options.items() if k in known})
    training.epochs = list(getattr(pipeline[-1], "epochs_", []))
    training.losses = dict(getattr(pipeline[-1], "losses_", {}))
    path = getattr(pipeline[-1], "l2_path_", [])
    training.l2_path = list(path) if len(path) > 1 else []
    training.cv_accuracy = float(getattr(pipeline[-1], "cv_accuracy_", float("nan")))
    return training


def _make_vectors(
    pipeline: Pipeline,
    X: Sequence,
    labels: np.ndarray,
    n_copies: int,
    mirror: bool | str,
    training: Training,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Fit all steps but the head: what the head learns from, its labels, and the copies."""
    features = pipeline[0]
    if type(features).fit_transform is TransformerMixin.fit_transform:
        with training.stage("vocabulary"):
            progress("vocabulary", 0, 0)
            features.fit(X, labels)
        with training.stage("features"):
            vectors = features.transform(Watched(X, "features", progress))
    else:  # learns from the vectors of the training pictures, and would make them twice
        with training.stage("features"):
            vectors = features.fit_transform(Watched(X, "features", progress), labels)
    training.left_out = dict(getattr(features, "left_out_", {}))
    # where a copy shows nothing, all of its picture's are left out, to keep the stretches alike
    seen = described_rows(features, vectors).reshape(n_copies, -1).all(axis=0)
    training.without_features = np.flatnonzero(~seen).tolist()
    described = np.tile(seen, n_copies)
    if is_classifier(pipeline) and len(np.unique(labels[described])) < 2:
        raise DataError(
            "A classifier needs pictures of at least 2 classes that show features. "
            f"Got {int(described.sum())} pictures of {len(np.unique(labels[described]))} classes."
        )
    if training.without_features:
        vectors, labels = vectors[described], labels[described]
    if not len(labels):
        raise DataError("None of the training pictures shows any feature.")
    training.n_images = len(labels) // n_copies
    for _, step in pipeline.steps[1:-1]:
        vectors = step.fit_transform(vectors, labels)
    known = signature(pipeline[-1].fit).parameters
    n = len(labels)
    room = 2 * n <= getattr(pipeline[-1], "sample_limit", float("inf"))
    if mirror and room and n_copies == 1 and "n_copies" in known:
        images = [X[int(i)] for i in np.flatnonzero(described)]
        encode = pipeline[:-1].transform
        with training.stage("mirror images"):
            progress("mirror images", 0, 0)
            found = try_mirroring(encode, images, vectors, labels, mirror)
            if found is not None:
                try:  # in place, since the vectors are by far the largest thing in memory
                    vectors.resize((2 * n, vectors.shape[1]))
                except ValueError:  # a step of the pipeline keeps them too
                    vectors = np.concatenate([vectors, np.empty_like(vectors)])
                vectors[n + found[0]] = found[1]
                encode_mirrored(encode, images, found[0], vectors[n:])
                labels, n_copies, training.mirrored = np.tile(labels, 2), 2, True
        del found
    return vectors, labels, n_copies
