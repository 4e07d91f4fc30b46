"""Classify a stream of files: each is decoded once, each gives exactly one record."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from ..errors import ImageReadError
from ..images import Fault, FoundFile, Picture, decode_image, map_blocks
from .records import UNCLASSIFIABLE, Record

_BLOCK = 8  # pictures that share one pass over the classifier's weights


def predict_proba(pipeline: Pipeline, images: list) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of each class, and which pictures show any feature.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, as `make_recipe` gives it.
    images : sequence of images

    Returns
    -------
    probabilities : ndarray of shape (n, n_classes)
        A row of zeros for a picture without features.
    described : ndarray of shape (n,), bool
    """
    vectors = pipeline[0].transform(images)
    described = vectors.any(axis=1)
    probabilities = pipeline[1:].predict_proba(vectors)
    return np.where(described[:, None], probabilities, 0), described


def max_side_of(estimator: BaseEstimator) -> int | None:
    """Long side that a recipe reduces pictures to first, None without a limit.

    Where describers ask for several, the first one's; pictures remember the others too.
    """
    step = estimator[0] if isinstance(estimator, Pipeline) else estimator
    if isinstance(step, FeatureUnion):
        step = step.transformer_list[0][1]
    return getattr(step, "max_side", None)


def classify_files(
    pipeline: Pipeline,
    inputs: Iterable[FoundFile | Fault | str | os.PathLike],
    *,
    top: int = 1,
    n_jobs: int | None = None,
) -> Iterator[Record]:
    """Classify files, in order, in bounded memory.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, as `make_recipe` gives it.
    inputs : iterable of paths, or of what `walk_images` finds
        Read no further ahead than the work needs.
    top : int
        Classes that a record lists.
    n_jobs : int or None
        Blocks of pictures under way at once, as in joblib.

    Yields
    ------
    Record
        Exactly one for each input.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0).fit(images, list("abababab"))
    >>> [(record.status, record.code) for record in classify_files(model, ["missing.jpg"])]
    [('error', 'not_found')]
    """
    function = partial(_classify_block, pipeline, top)
    for records in map_blocks(function, inputs, n_jobs=n_jobs, block_size=_BLOCK):
        yield from records


def _classify_block(pipeline: Pipeline, top: int, inputs: list) -> list[Record]:
    """Records of a few inputs."""
    records: list[Record | None] = [None] * len(inputs)
    places, pictures, notes = [], [], []
    for i, item in enumerate(inputs):
        if isinstance(item, Fault):
            records[i] = Record(item.path, "error", item.code, item.message)
            continue
        path = item.path if isinstance(item, FoundFile) else os.fsdecode(item)
        try:
            decoded = decode_image(path, max_side=max_side_of(pipeline))
        except ImageReadError as error:
            records[i] = Record(path, "error", error.code, error.message)
            continue
        picture = Picture(path)
        picture.remember(max_side_of(pipeline), decoded.pixels)
        places.append(i)
        pictures.append(picture)
        notes.append(decoded.warnings)
    if pictures:
        probabilities, described = predict_proba(pipeline, pictures)
        classes = pipeline.classes_
        for i, picture, warnings, row, seen in zip(
            places, pictures, notes, probabilities, described, strict=True
        ):
            best = np.argsort(-row, kind="stable")[: top if seen else 0]
            scores = tuple((classes[j].item(), float(row[j])) for j in best)
            records[i] = _answer(picture.source, warnings, scores)
    return records  # type: ignore[return-value]


def _answer(path: str, warnings: tuple, scores: tuple) -> Record:
    """Record of a picture that could be read."""
    status = "warn" if warnings else "ok"
    code = " ".join(note.code for note in warnings)
    message = "; ".join(note.message for note in warnings)
    if scores:
        return Record(path, status, code, message, scores[0][0], scores)
    nothing = "the picture shows no features to classify it by"
    return Record(
        path,
        status,
        f"{code} no_features".strip(),
        f"{message}; {nothing}".removeprefix("; "),
        UNCLASSIFIABLE,
    )
