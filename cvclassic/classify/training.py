"""Fits a recipe step by step, with progress and timing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import TransformerMixin, is_classifier
from sklearn.pipeline import Pipeline

from .._basics.label_sets import as_targets
from ..errors import DataError, ParameterError
from ..images import worker_processes
from .mirror import add_stored_mirrored, encode_mirrored, try_mirroring
from .mlp_base import Penalty
from .network import Epoch, OnEpoch
from .stored_vectors import StoredVectors
from .vectors import as_vectors

Progress = Callable[[str, int, int], None]
"""Called with the stage, the images done and the images in all."""


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
        Images that the classifier learned from.
    without_features : list of int
        Indices of images that show nothing to describe; the classifier did not see them.
    cv_accuracy : float
        Share of images that the classifier labeled rightly when they were held out; nan
        where none could be. The vocabulary had seen them, without their labels.
    cv_f1 : float
        For keyword models: F1 score of mean precision and mean recall over words.
    epochs : list of Epoch
        Epochs, if the head is trained in epochs.
    losses : dict of str to float
        Losses on what such a head held out, by name.
    l2_path : list of Penalty
        Where such a head had several penalties to try, what each reached.
    mirrored : bool
        Whether the classifier learned from mirror images too.
    left_out : dict of str to str
        Parts of the recipe that these images gave nothing to learn from, and why.
    notes : list of str
        What was done otherwise than asked for, a sentence each.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    n_images: int = 0
    without_features: list[int] = field(default_factory=list)
    cv_accuracy: float = float("nan")
    cv_f1: float = float("nan")
    epochs: list[Epoch] = field(default_factory=list)
    losses: dict[str, float] = field(default_factory=dict)
    l2_path: list[Penalty] = field(default_factory=list)
    mirrored: bool = False
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to the stage `name`."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def described_rows(features, vectors: np.ndarray | StoredVectors) -> np.ndarray:
    """Which vectors say anything: of images, those that are not all zeros.

    Parameters
    ----------
    features : transformer
        That the vectors come from. One for tables has ``zeros_are_data = True``.
    vectors : ndarray of shape (n, d), or StoredVectors

    Returns
    -------
    ndarray of shape (n,), bool
    """
    if getattr(features, "zeros_are_data", False):
        return np.ones(len(vectors), bool)
    if isinstance(vectors, StoredVectors):
        return vectors.described
    return np.any(vectors, axis=1)


@dataclass(eq=False)
class _Rows:
    """What the head learns from."""

    vectors: np.ndarray | StoredVectors
    labels: np.ndarray
    sample_weight: np.ndarray | None
    groups: np.ndarray | None
    judged: np.ndarray | None

    def take(self, which: np.ndarray) -> None:
        """Keep some rows."""
        if isinstance(self.vectors, StoredVectors):
            self.vectors.take(which)
        else:
            self.vectors = self.vectors[which]
        self.labels = self.labels[which]
        for name in ("sample_weight", "groups", "judged"):
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name)[which])

    def options(self) -> dict[str, np.ndarray]:
        """What is passed to the head besides vectors and labels."""
        given = {name: getattr(self, name) for name in ("sample_weight", "groups", "judged")}
        return {name: value for name, value in given.items() if value is not None}


def fit_recipe(
    pipeline: Pipeline,
    X: Sequence,
    y: Sequence | np.ndarray,
    progress: Progress | None = None,
    *,
    sample_weight=None,
    groups=None,
    judged=None,
    mirror: bool | str | None = None,
    on_epoch: OnEpoch | None = None,
) -> Training:
    """Fit a recipe like ``pipeline.fit(X, y)``, with a report.

    Images without features are left out of the classifier's training: a vector of zeros
    says nothing about a class.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        As `make_recipe` gives it. Fitted in place.
    X : sequence of images
    y : sequence of labels
    progress : callable, optional
        Called with the stage, the number of images done and the number in all.
    sample_weight : ndarray of shape (n,), optional
        How much each image counts for the head.
    groups : sequence of n values, optional
        Images with the same value are held out together by the head, such as an image and
        its changed copies (`AugmentedImages`).
    judged : ndarray of shape (n,), bool, optional
        Which held-out images count where the head chooses its parameters: not copies.
    mirror : bool or "cv", optional
        Whether the head learns from mirror images too; "cv" finds out whether they help. None
        stands for what the recipe says.
    on_epoch : callable, optional
        Called with every `Epoch` of a head that has such.

    Returns
    -------
    Training

    Raises
    ------
    DataError
        Fewer than two classes have images with features.
    ParameterError
        The head has no use for what it is given.
    """
    training = Training()
    progress = progress or (lambda stage, done, total: None)
    if mirror is None:
        mirror = getattr(pipeline, "mirror", False)
    given = {"sample_weight": sample_weight, "groups": groups, "judged": judged}
    rows = _Rows(
        np.empty((0, 0)),
        as_targets(y),
        **{name: None if value is None else np.asarray(value) for name, value in given.items()},
    )
    known = signature(pipeline[-1].fit).parameters
    for name in rows.options():
        if name not in known:
            raise ParameterError(f"{type(pipeline[-1]).__name__} takes no {name}.")
    with (
        config_context(transform_output="default"),
        worker_processes(X, getattr(pipeline[0], "n_jobs", None)),
    ):
        _make_vectors(pipeline, X, rows, mirror, training, progress)
    options = {"on_epoch": on_epoch} if "on_epoch" in known else {}
    with training.stage("classifier"):
        progress("classifier", 0, 0)
        pipeline[-1].fit(rows.vectors, rows.labels, **rows.options(), **options)
    training.epochs = list(getattr(pipeline[-1], "epochs_", []))
    training.losses = dict(getattr(pipeline[-1], "losses_", {}))
    path = getattr(pipeline[-1], "l2_path_", [])
    training.l2_path = list(path) if len(path) > 1 else []
    training.cv_accuracy = float(getattr(pipeline[-1], "cv_accuracy_", float("nan")))
    training.cv_f1 = float(getattr(pipeline[-1], "cv_f1_", float("nan")))
    n_landmarks = getattr(pipeline[-1], "n_landmarks_", 0)
    if n_landmarks:
        training.notes.append(
            f"{len(rows.labels):,} images are too many for an exact {pipeline[-1].kernel} kernel: "
            f"it is approximated with {n_landmarks:,} of them (Nyström's method)"
        )
    return training


def _make_vectors(
    pipeline: Pipeline,
    X: Sequence,
    rows: _Rows,
    mirror: bool | str,
    training: Training,
    progress: Progress,
) -> None:
    """Fit all steps but the head: what the head learns from."""
    features = pipeline[0]
    if type(features).fit_transform is TransformerMixin.fit_transform:
        with training.stage("vocabulary"):
            progress("vocabulary", 0, 0)
            features.fit(X, rows.labels)
        with training.stage("features"):
            rows.vectors = as_vectors(features.transform(Watched(X, "features", progress)))
    else:  # learns from the vectors of the training images, and would make them twice
        with training.stage("features"):
            watched = Watched(X, "features", progress)
            if _may_store(pipeline):
                more = len(X) if mirror and rows.judged is None else 0
                rows.vectors = features.fit_stored(watched, rows.labels, more)
            else:
                rows.vectors = as_vectors(features.fit_transform(watched, rows.labels))
    training.left_out = dict(getattr(features, "left_out_", {}))
    encoders = getattr(features, "transformers_", None) or [("", features)]
    found = [getattr(encoder, "codebook_note", None) for _, encoder in encoders]
    training.notes += [note for note in dict.fromkeys(found) if note]
    described = described_rows(features, rows.vectors)
    originals = np.ones(len(described), bool) if rows.judged is None else rows.judged
    training.without_features = np.flatnonzero(~described & originals).tolist()
    if is_classifier(pipeline):
        n_classes = len(np.unique(rows.labels[described]))
        if n_classes < 2:
            raise DataError(
                "A classifier needs images of at least 2 classes that show features. "
                f"Got {int(described.sum())} images of {n_classes} classes."
            )
    training.n_images = int((described & originals).sum())
    if not described.all():
        rows.take(described)
    if not len(rows.labels):
        raise DataError("No training image has usable features.")
    for _, step in pipeline.steps[1:-1]:
        if step is None or step == "passthrough":
            continue
        rows.vectors = as_vectors(step.fit_transform(rows.vectors, rows.labels))
    can = {"groups", "judged"} <= set(signature(pipeline[-1].fit).parameters)
    if mirror and can and rows.judged is None:
        images = [X[int(i)] for i in np.flatnonzero(described)]
        with training.stage("mirror images"):
            progress("mirror images", 0, 0)
            training.mirrored = _add_mirrored(pipeline, images, rows, mirror)


def _may_store(pipeline: Pipeline) -> bool:
    """Whether the head takes vectors a part at a time, just as they were made."""
    between = [step for _, step in pipeline.steps[1:-1] if step not in (None, "passthrough")]
    takes = getattr(pipeline[-1], "takes_stored", lambda: False)
    return hasattr(pipeline[0], "fit_stored") and not between and takes()


def _add_mirrored(pipeline: Pipeline, images: list, rows: _Rows, mirror: bool | str) -> bool:
    """Let the head learn from mirror images too, if they help; returns whether."""
    n = len(rows.labels)
    if isinstance(rows.vectors, StoredVectors):
        if not add_stored_mirrored(pipeline[0].store, images, rows.vectors, rows.labels, mirror):
            return False
    else:
        encode = pipeline[:-1].transform
        found = try_mirroring(
            lambda some: as_vectors(encode(some)), images, rows.vectors, rows.labels, mirror
        )
        if found is None:
            return False
        rows.vectors = np.concatenate([rows.vectors, np.empty_like(rows.vectors)])
        rows.vectors[n + found[0]] = found[1]
        encode_mirrored(lambda some: as_vectors(encode(some)), images, found[0], rows.vectors[n:])
    rows.labels = np.concatenate([rows.labels, rows.labels])
    rows.judged = np.arange(2 * n) < n
    rows.groups = np.tile(np.arange(n) if rows.groups is None else rows.groups, 2)
    if rows.sample_weight is not None:
        rows.sample_weight = np.tile(rows.sample_weight, 2)
    return True
