"""Run a classifier on labeled images and keep every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from sklearn.pipeline import Pipeline

from ..evaluate import KeywordPredictions, Predictions
from .classifying import OnAnswer, classify_files, gives_keywords


def predict_labeled(
    pipeline: Pipeline,
    inputs: Sequence,
    labels: Sequence,
    *,
    n_jobs: int | None = None,
    watch: Callable[[Iterable], Iterator] = iter,
    on_answer: OnAnswer | None = None,
) -> tuple[Predictions | KeywordPredictions, list[tuple[str, str, str]]]:
    """Classify labeled images, each decoded once.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, with a classifier at the end.
    inputs : sequence of n inputs
        As `classify_files` takes them.
    labels : sequence of n labels, or of collections of words
    n_jobs : int or None
        As in joblib.
    watch : callable
        Passes records on, and may count them.
    on_answer : callable, optional
        As `classify_files` takes it.

    Returns
    -------
    predictions : Predictions, or KeywordPredictions of a model of keywords
        Predictions for the images that could be read, in order.
    failures : list of (path, code, message)
        The others.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> predictions, failures = predict_labeled(model, ["missing.jpg"], ["a"])
    >>> predictions.n_images, failures[0][:2]
    (0, ('missing.jpg', 'not_found'))
    """
    classes = pipeline.classes_.tolist()
    column = {label: i for i, label in enumerate(classes)}
    paths: list[str] = []
    truth: list = []
    answers: list = []
    seconds: list[float] = []
    failures: list[tuple[str, str, str]] = []
    words = gives_keywords(pipeline)
    shares = np.zeros((len(labels), len(classes)), np.float32)
    chosen = np.zeros((len(labels), len(classes) if words else 0), bool)
    records = classify_files(pipeline, inputs, top=len(classes), n_jobs=n_jobs, on_answer=on_answer)
    for record, label in zip(watch(records), labels, strict=True):
        if record.failed:
            failures.append((record.path, record.code, record.message))
            continue
        for answer, probability in record.scores:
            shares[len(truth), column[answer]] = probability
        if words:
            chosen[len(truth), [column[word] for word in record.labels or ()]] = True
        paths.append(record.path)
        truth.append(label)
        answers.append(record.label if record.answered else None)
        seconds.append(record.seconds)
    shares, chosen = shares[: len(truth)], chosen[: len(truth)]
    if words:
        taken = np.array(seconds)
        return KeywordPredictions(paths, truth, classes, shares, chosen, taken), failures
    return Predictions(paths, truth, answers, classes, shares, np.array(seconds)), failures
