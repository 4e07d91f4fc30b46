"""The task of a classifier: each file is decoded once, each gives exactly one record."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ..classify import (
    UNKNOWN,
    KeywordClassifier,
    UnknownRule,
    described_rows,
    first_side,
    probabilities,
)
from ..errors import ImageReadError, ParameterError
from ..images import (
    ArchiveMember,
    Fault,
    NamedItem,
    Picture,
    decode_image,
    load_pixels,
    single_threaded,
)
from .columns import label_columns
from .mapping import Work, map_inputs
from .records import UNCLASSIFIABLE, Record
from .tasks import Input, Task, path_of

BLOCK = 16
"""Images that share one pass over the classifier's weights."""
_PICTURED = 5  # classes that `on_answer` and drawings are told of
OnAnswer = Callable[[object, Record, tuple, np.ndarray], None]


def predict_proba(pipeline: Pipeline, images: list) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of each class, and which images show any feature.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, as `make_recipe` gives it.
    images : sequence of images

    Returns
    -------
    probabilities : ndarray of shape (n, n_classes)
        A row of zeros for an image without features.
    described : ndarray of shape (n,), bool
    """
    vectors = _vectors(pipeline[0], images)
    described = described_rows(pipeline[0], vectors)
    probabilities = _probabilities(pipeline[1:], vectors)
    return np.where(described[:, None], probabilities, 0), described


def _vectors(first: Any, images: list) -> np.ndarray:
    """Vectors of a few images, in this thread: blocks are what goes in parallel here."""
    inside = getattr(first, "block_vectors", first.transform)
    with single_threaded():
        return inside(images)


def _probabilities(steps: Pipeline, vectors: np.ndarray) -> np.ndarray:
    """Probabilities by the head; of one without, the softmax of its decisions, not calibrated."""
    if hasattr(steps, "predict_proba"):
        return steps.predict_proba(vectors)
    if not hasattr(steps, "decision_function"):
        classes = steps.classes_.tolist()
        return np.eye(len(classes))[[classes.index(label) for label in steps.predict(vectors)]]
    decisions = np.asarray(steps.decision_function(vectors), np.float64)
    if decisions.ndim == 1:
        decisions = np.stack([-decisions / 2, decisions / 2], axis=1)
    return probabilities(decisions, 1.0)


def predict_numbers(pipeline: Pipeline, images: list) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that a regression gives, and which images show any feature.

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
    vectors = _vectors(pipeline[0], images)
    return pipeline[1:].predict(vectors), described_rows(pipeline[0], vectors)


def gives_keywords(pipeline: Pipeline) -> bool:
    """Whether a pipeline answers with several labels per image."""
    return isinstance(pipeline[-1], KeywordClassifier)


class ClassifyTask(Task):
    """Labels images with a fitted pipeline.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, as `make_recipe` gives it. A model of tables takes only rows.
    top : int
        Classes that a record lists.
    model : str
        What tells this model from others, such as its file's digest; an interrupted run is
        resumed only with the same.
    draw : bool
        Whether each image is drawn beside its five most probable classes (``.label.png``).
    on_answer : callable, optional
        Called with the input, its record, the five best classes as (label, probability), and
        the pixels that were classified, for every answered image. Runs in the worker
        threads, before the record is given out; only with the engine "threads".
    threshold : float, optional
        For keyword models: probability from which words are assigned, instead of the
        thresholds that it has learned.
    """

    block_size = BLOCK

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        top: int = 1,
        model: str = "",
        draw: bool = False,
        on_answer: OnAnswer | None = None,
        threshold: float | None = None,
    ) -> None:
        classes = getattr(pipeline, "classes_", None)
        self._pipeline = pipeline
        self._top = top
        self._model = model
        self._draw = draw
        self._on_answer = on_answer
        self._threshold = threshold
        rule = getattr(pipeline[-1], "unknown_", None)
        listed = 1 if classes is None else min(top, len(classes))
        kind = None if rule is None else rule.kind
        self.columns = label_columns(listed, "sets" if gives_keywords(pipeline) else kind)
        if threshold is not None and not gives_keywords(pipeline):
            raise ParameterError("threshold needs a model of keywords. This one gives one label.")
        columns = getattr(pipeline[0], "columns", None)
        self.table_columns = None if columns is None else list(columns)
        if draw and (classes is None or columns is not None):
            raise ParameterError("drawings need a model that gives labels to images.")

    def __call__(self, inputs: list[Input]) -> list[Record]:
        """Classify up to `block_size` inputs together."""
        on_answer = self._on_answer
        drawings: dict[int, np.ndarray] = {}
        if self._draw:

            def on_answer(item, record, scores, pixels):
                drawings[id(item)] = _drawn(pixels, record, scores)

        records = _classify_block(self._pipeline, self._top, on_answer, inputs, self._threshold)
        if not drawings:
            return records
        return [
            replace(record, pictures={".label.png": drawings[id(item)]})
            if id(item) in drawings
            else record
            for item, record in zip(inputs, records, strict=True)
        ]

    def about(self) -> dict[str, Any]:
        """The model, and what a record lists."""
        about = {"model": self._model, "--top": self._top}
        return about if self._threshold is None else {**about, "--threshold": self._threshold}

    def probe(self) -> list[Input]:
        """A row of a table for models of tables, else an image."""
        if self.table_columns is None:
            return super().probe()
        return [NamedItem("probe", np.zeros(len(self.table_columns)))]


def _drawn(pixels: np.ndarray, record: Record, scores: tuple) -> np.ndarray:
    """An image beside its most probable classes."""
    from ..draw import draw_prediction
    from ..images.files import show_path

    return draw_prediction(pixels, record.label, scores, show_path(record.path))


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
    threshold: float | None = None,
) -> Generator[Record]:
    """Classify files, in order, in bounded memory: `map_inputs` with a `ClassifyTask`.

    Parameters
    ----------
    pipeline, top, on_answer, threshold
        As `ClassifyTask` has them.
    inputs : iterable of paths, of what `find_inputs` finds, or of `NamedItem`
        Read no further ahead than the work needs.
    engine, n_jobs, timeout, memory_cap, dask
        As `Work` has them.

    Yields
    ------
    Record
        Exactly one for each input.

    Raises
    ------
    ParameterError, ConnectionError, MissingDependencyError
        As `map_inputs`; `on_answer` and another engine than "threads".

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> [(record.status, record.code) for record in classify_files(model, ["missing.jpg"])]
    [('error', 'not_found')]
    """
    work = Work(engine, n_jobs, timeout, memory_cap, dask)
    if on_answer is not None and engine != "threads":
        raise ParameterError("on_answer needs engine='threads'.")
    task = ClassifyTask(pipeline, top=top, on_answer=on_answer, threshold=threshold)
    return map_inputs(task, inputs, work)


def _source_of(item: Input, path: str) -> Any:
    """What an input is decoded from."""
    if isinstance(item, ArchiveMember):
        return item.read()
    return item.value if isinstance(item, NamedItem) else path


def _classify_block(
    pipeline: Pipeline,
    top: int,
    on_answer: OnAnswer | None,
    inputs: list,
    threshold: float | None = None,
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
        if isinstance(item, NamedItem) and not isinstance(item.value, bytes):
            path, picture, warnings = item.path, item.value, ()
            size = np.shape(picture)[1::-1] if np.ndim(picture) > 1 else None
        else:
            path = path_of(item)
            try:
                source = _source_of(item, path)
                decoded = decode_image(source, max_side=first_side(pipeline), name=path)
            except ImageReadError as error:
                records[i] = Record(path, "error", error.code, error.message)
                continue
            picture = decoded_once = Picture(source)
            decoded_once.remember(first_side(pipeline), decoded.pixels)
            warnings, size = decoded.warnings, (decoded.width, decoded.height)
        places.append(i)
        items.append(picture)
        paths.append(path)
        notes.append((warnings, size))
    if items and hasattr(pipeline[-1], "classes_"):
        probabilities, described = predict_proba(pipeline, items)
        classes = pipeline.classes_
        rule = getattr(pipeline[-1], "unknown_", None)
        words = gives_keywords(pipeline)
        chosen = pipeline[-1].chosen(probabilities, threshold) if words else probabilities
        for i, item, path, note, row, seen, some in zip(
            places, items, paths, notes, probabilities, described, chosen, strict=True
        ):
            best = np.argsort(-row, kind="stable")[: max(top, _PICTURED) if seen else 0]
            scores = tuple((classes[j].item(), float(row[j])) for j in best)
            record = _answer(path, note, scores[0][0] if seen else None, scores[:top])
            if words:
                order = np.argsort(-row, kind="stable")
                answered = order[some[order]] if seen else ()
                record = replace(record, labels=tuple(classes[j].item() for j in answered))
            elif rule is not None:
                record = _by_rule(rule, record, row, classes)
            records[i] = record
            if on_answer is not None:
                pixels = item  # a row of a table has none
                if np.ndim(item) != 1:
                    pixels = load_pixels(item, first_side(pipeline))  # remembered, not read again
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
    """Record of an image that could be read; without a label it shows no features."""
    warnings, size = note
    status = "warn" if warnings else "ok"
    code = " ".join(note.code for note in warnings)
    message = "; ".join(note.message for note in warnings)
    if label is not None:
        return Record(path, status, code, message, label, scores, size=size)
    nothing = "the image has no usable features"
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
