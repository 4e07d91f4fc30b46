"""Classify a stream of files: each is decoded once, each gives exactly one record."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from .._basics.checks import check_choice
from ..classify import UNKNOWN, UnknownRule, described_rows
from ..errors import ImageReadError, ParameterError
from ..images import (
    ArchiveMember,
    Fault,
    FoundFile,
    NamedItem,
    Picture,
    decode_image,
    load_pixels,
    map_blocks,
)
from .engines.recovery import Loss, call_with_recovery
from .records import UNCLASSIFIABLE, Record

BLOCK = 16
"""Pictures that share one pass over the classifier's weights."""
ENGINES = ("threads", "processes", "dask")
_PICTURED = 5  # classes that `on_answer` is told of
Input: TypeAlias = FoundFile | Fault | ArchiveMember | NamedItem | str | os.PathLike
OnAnswer = Callable[[object, Record, tuple, np.ndarray], None]


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
    described = described_rows(pipeline[0], vectors)
    probabilities = pipeline[1:].predict_proba(vectors)
    return np.where(described[:, None], probabilities, 0), described


def predict_numbers(pipeline: Pipeline, images: list) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that a regression gives, and which pictures show any feature.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, with a regressor at the end.
    images : sequence of images

    Returns
    -------
    numbers : ndarray of shape (n,)
    described : ndarray of shape (n,), bool
    """
    vectors = pipeline[0].transform(images)
    return pipeline[1:].predict(vectors), described_rows(pipeline[0], vectors)


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
    inputs: Iterable[Input],
    *,
    top: int = 1,
    n_jobs: int | None = None,
    on_answer: OnAnswer | None = None,
    engine: str = "threads",
    timeout: float | None = None,
    memory_cap: int | None = None,
    dask: str = "local",
) -> Generator[Record]:
    """Classify files, in order, in bounded memory.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, as `make_recipe` gives it.
    inputs : iterable of paths, of what `find_inputs` finds, or of `NamedItem`
        A model of tables takes only rows that are named items. Read no further ahead than
        the work needs.
    top : int
        Classes that a record lists.
    n_jobs : int or None
        Blocks of pictures under way at once, as in joblib.
    on_answer : callable, optional
        Called with the input, its record, the five best classes as (label, probability), and
        the pixels that were classified, for every picture that was answered. Runs in the worker
        threads, before the record is given out; only with the engine "threads".
    engine : {"threads", "processes", "dask"}
        The records are the same. In processes a crash inside a decoder costs one record
        (``worker_crash``) and not the run; a script needs the guard
        ``if __name__ == "__main__":`` then. With Dask they are processes of its workers.
    timeout : float, optional
        Seconds that a picture may take before it is given up (``timeout``), not with "threads".
    memory_cap : int, optional
        Bytes that a process may occupy (``out_of_memory``), not with "threads", on Linux.
    dask : str
        Address of the scheduler, such as ``tcp://host:8786``, or ``local`` for `n_jobs` workers on
        this machine.

    Yields
    ------
    Record
        Exactly one for each input.

    Raises
    ------
    ParameterError
        There is no such engine, or the threads cannot do what was asked, or the cluster cannot
        be reached or lacks what is needed.
    ConnectionError
        The Dask cluster was lost on the way.
    MissingDependencyError
        Dask is not installed.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0).fit(images, list("abababab"))
    >>> [(record.status, record.code) for record in classify_files(model, ["missing.jpg"])]
    [('error', 'not_found')]
    """
    check_choice("engine", engine, ENGINES)
    function = partial(_timed_block, pipeline, top, on_answer)
    blocks: Generator[list[Record]]
    if engine == "threads":
        if timeout is not None or memory_cap is not None:
            raise ParameterError("timeout and memory_cap need engine='processes'.")
        blocks = map_blocks(function, inputs, n_jobs=n_jobs, block_size=BLOCK)
    else:
        if on_answer is not None:
            raise ParameterError("on_answer needs engine='threads'.")
        work: dict[str, Any] = {"lost": _lost, "n_workers": effective_n_jobs(n_jobs)}
        work |= {"block_size": BLOCK, "timeout": timeout, "memory_cap": memory_cap}
        if engine == "dask":
            from .engines.dask import map_on_dask

            blocks = map_on_dask(function, inputs, address=dask, **work)
        else:
            from .engines.processes import map_in_processes

            blocks = map_in_processes(function, inputs, **work)
    with contextlib.closing(blocks):
        for records in blocks:
            yield from records


def _timed_block(
    pipeline: Pipeline, top: int, on_answer: OnAnswer | None, inputs: list
) -> list[Record]:
    """Records of a few inputs, which share the time."""
    start = time.perf_counter()
    classify = partial(_classify_block, pipeline, top, on_answer)
    records = call_with_recovery(classify, inputs, _lost)
    share = (time.perf_counter() - start) / max(len(records), 1)
    return [replace(record, seconds=share) for record in records]


def path_of(item: Input) -> str:
    """What the record of an input calls it."""
    return os.fsdecode(item) if isinstance(item, str | bytes | os.PathLike) else item.path


def _lost(item: Input, loss: Loss) -> Record:
    """Record of an input that the work came to grief over."""
    return Record(path_of(item), "error", loss.code, loss.message)


def _classify_block(
    pipeline: Pipeline, top: int, on_answer: OnAnswer | None, inputs: list
) -> list[Record]:
    """Records of a few inputs."""
    records: list[Record | None] = [None] * len(inputs)
    places: list[int] = []
    items: list = []
    paths: list[str] = []
    notes: list[tuple[tuple, tuple[int, int] | None]] = []  # warnings and full size
    picture: np.ndarray | Picture
    warnings: tuple
    for i, item in enumerate(inputs):
        if isinstance(item, Fault):
            records[i] = Record(item.path, "error", item.code, item.message)
            continue
        if isinstance(item, NamedItem):
            path, picture, warnings = item.path, item.value, ()
            size = np.shape(picture)[1::-1] if np.ndim(picture) > 1 else None
        else:
            path = path_of(item)
            try:
                source = item.read() if isinstance(item, ArchiveMember) else path
                decoded = decode_image(source, max_side=max_side_of(pipeline), name=path)
            except ImageReadError as error:
                records[i] = Record(path, "error", error.code, error.message)
                continue
            picture = decoded_once = Picture(source)
            decoded_once.remember(max_side_of(pipeline), decoded.pixels)
            warnings, size = decoded.warnings, (decoded.width, decoded.height)
        places.append(i)
        items.append(picture)
        paths.append(path)
        notes.append((warnings, size))
    if items and hasattr(pipeline[-1], "classes_"):
        probabilities, described = predict_proba(pipeline, items)
        classes = pipeline.classes_
        rule = getattr(pipeline[-1], "unknown_", None)
        for i, item, path, note, row, seen in zip(
            places, items, paths, notes, probabilities, described, strict=True
        ):
            best = np.argsort(-row, kind="stable")[: max(top, _PICTURED) if seen else 0]
            scores = tuple((classes[j].item(), float(row[j])) for j in best)
            record = _answer(path, note, scores[0][0] if seen else None, scores[:top])
            if rule is not None:
                record = _by_rule(rule, record, row, classes)
            records[i] = record
            if on_answer is not None:
                pixels = item  # a row of a table has none
                if np.ndim(item) != 1:
                    pixels = load_pixels(item, max_side_of(pipeline))  # remembered, not read again
                on_answer(inputs[i], record, scores[:_PICTURED], pixels)
    elif items:
        numbers, described = predict_numbers(pipeline, items)
        for i, path, note, number, seen in zip(
            places, paths, notes, numbers, described, strict=True
        ):
            records[i] = _answer(path, note, float(number) if seen else None, ())
    return records  # type: ignore[return-value]


def _answer(
    path: str, note: tuple[tuple, tuple[int, int] | None], label: object, scores: tuple
) -> Record:
    """Record of a picture that could be read; without a label it shows no features."""
    warnings, size = note
    status = "warn" if warnings else "ok"
    code = " ".join(note.code for note in warnings)
    message = "; ".join(note.message for note in warnings)
    if label is not None:
        return Record(path, status, code, message, label, scores, size=size)
    nothing = "the picture shows no features to classify it by"
    return Record(
        path,
        status,
        f"{code} no_features".strip(),
        f"{message}; {nothing}".removeprefix("; "),
        UNCLASSIFIABLE,
        size=size,
    )


def _by_rule(rule: UnknownRule, record: Record, row: np.ndarray, classes: np.ndarray) -> Record:
    """The record of a model that may say that it does not know, or answer with a set."""
    if rule.kind == "sets":
        order = np.argsort(-row, kind="stable")
        chosen = order[rule.members(row[None])[0][order]]
        record = replace(record, labels=tuple(classes[j].item() for j in chosen))
    if rule.answered(row[None])[0]:
        return record
    if not record.scores:
        return replace(record, label=UNKNOWN)
    unsure = f"the most probable class has {record.scores[0][1]:.3f}, below {rule.cutoff:.3f}"
    return replace(
        record,
        label=UNKNOWN,
        code=f"{record.code} low_confidence".strip(),
        message=f"{record.message}; {unsure}".removeprefix("; "),
    )
