"""Train a model from labeled data, as ``cvclassic train`` does."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import is_classifier

from .._basics.checks import check_choice
from .._basics.label_sets import is_multilabel, words_of
from .._basics.printable import list_names
from ..batch import read_all
from ..classify import (
    KEYWORD_HEADS,
    RECIPES,
    UNKNOWN,
    Augmented,
    AutoRecipe,
    KeywordClassifier,
    Training,
    calibrate_unknown,
    first_side,
    fit_recipe,
    head_name,
    make_recipe,
    make_table_recipe,
    own_head,
    pictures_needed,
    probabilities,
)
from ..classify.auto import candidates_for
from ..errors import DataError, ParameterError
from ..evaluate import Predictions
from ..evaluate.evaluation import evaluate_predictions
from ..images import DataNote, LabeledImages, Picture, watch_decoders
from ..images.labeled_source import LabeledData, load_labeled
from ..images.tables import LabeledTable
from .checking import check_data
from .events import TrainingEvents
from .model import Model
from .run import Failure, TrainingRun, held_out_predictions


def train(
    source: Any,
    recipe: str = "auto",
    *,
    head: str | None = None,
    params: Mapping[str, Any] | None = None,
    budget: float = 600.0,
    augment: str | None = None,
    augment_times: int = 1,
    unknown: float | None = None,
    unknown_sets: bool = False,
    split: str | None = None,
    label: str | None = None,
    labels: Any = None,
    random_state: int = 0,
    n_jobs: int | None = -1,
    on_error: str = "skip",
    strict: bool = False,
    skip_empty: bool = False,
    events: TrainingEvents | None = None,
) -> Model:
    """Train a model from labeled data.

    The same data, recipe and seed give the same model file, byte for byte, whatever `n_jobs` is,
    and the same as the command ``cvclassic train`` (with "auto", as long as the budget lets it try
    the same recipes).

    Parameters
    ----------
    source : path, labeled data, or sequence of images
        A folder with one sub-folder per class, a manifest (CSV with the columns ``path`` and
        ``label``, or ``keywords`` for several labels per image), an array file, a table of numbers
        (with `label`), or images in memory (with `labels`).
    recipe : str
        Features and classifier to use; `cvclassic.classify.RECIPES` lists them. "auto" tries
        several by cross-validation and keeps the best. A table needs none.
    head : str, optional
        Classifier at the end; the recipe's own unless given.
    params : mapping, optional
        Parameters of the recipe, such as ``{"n_words": 500}``.
    budget : float
        Seconds that "auto" may take.
    augment : str, optional
        Train on changed copies too, such as ``"mirror,rotate=10"``.
    augment_times : int
        Changed copies of each image.
    unknown : float, optional
        Answer "unknown" where not sure, so that at most this share of the answers is wrong.
    unknown_sets : bool
        With `unknown`: answer sets of labels instead.
    split, label, labels
        As in `cvclassic.images.load_labeled`.
    random_state : int
        Seed of all random choices.
    n_jobs : int or None
        As in joblib; -1 uses all processors.
    on_error : {"skip", "raise"}
        What to do with an image that cannot be read: leave it out (``model.training.failures``
        lists it), or raise its error.
    strict : bool
        Raise a `DataError` for what is otherwise only noted of the data (see
        ``model.training.notes``): an image in two classes, a class of one image and the like.
    skip_empty : bool
        Leave class folders without images out instead of refusing them.
    events : TrainingEvents, optional
        Receives the progress of the training.

    Returns
    -------
    Model

    Raises
    ------
    DataError
        The data are missing or damaged, or a class has no image that can be read.
    ImageReadError
        With ``on_error="raise"``, an image cannot be read.
    ParameterError
        The recipe or a parameter does not exist, or arguments do not go together.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.random.default_rng(0).integers(0, 99, (20, 16, 16), np.uint8)
    >>> images[::2] += 100
    >>> model = train(images, "pixels", head="ridge", labels=["a", "b"] * 10)
    >>> model.classes, model.predict(images[:2]).tolist()
    (['a', 'b'], ['a', 'b'])
    """
    check_choice("on_error", on_error, ("skip", "raise"))
    if unknown_sets and unknown is None:
        raise ParameterError("unknown_sets needs unknown, the error rate.")
    data = load_labeled(source, split=split, label=label, labels=labels, skip_empty=skip_empty)
    events = events or TrainingEvents()
    settings = {"random_state": random_state, "n_jobs": n_jobs}
    values = dict(params or {})
    head = _head_for(data, head, unknown)
    description: dict[str, Any] = {"recipe": recipe, "seed": random_state, "params": values}
    estimator = _estimator(data, recipe, head, values, budget, augment, settings)
    if isinstance(data, LabeledTable):
        description |= {"recipe": "table", "head": head or "mlp-deep"}
    else:
        # by its parameters: with kernel=linear, "ridge-rbf" is "ridge"
        description["head"] = (head or "") if recipe == "auto" else head_name(estimator[-1])
    if augment is not None:
        estimator = Augmented(estimator, augment, augment_times, random_state)
        description |= {"augment": augment, "augment_times": augment_times}
    kind = "sets" if unknown_sets else "threshold"
    if unknown is not None:
        check_unknown(estimator, data.labels, unknown, kind)
    events.on_data(data)
    notes = check_data(data)
    for note in notes:
        events.on_note(note)
    faults = [note.message for note in notes if note.is_fault]
    if strict and faults:
        raise DataError(f"Not trained because of --strict: {'; '.join(faults)}.")
    model, run = _fit(estimator, data, description, n_jobs, on_error, events)
    found = []
    if unknown is not None:
        found += _calibrate(model, kind, unknown)
    found += _notes_of(model, run)
    for note in found:
        events.on_note(note)
    run.notes.extend([*notes, *found])
    return model


def _head_for(data: LabeledData, head: str | None, unknown: float | None) -> str | None:
    """The head that the labels ask for; refuse one that has no use for them."""
    if not is_multilabel(data.labels):
        if head in KEYWORD_HEADS:
            raise ParameterError(
                f"The head {head!r} needs several labels per image: a manifest with a column of "
                "keywords (--labels keywords), or lists of labels."
            )
        return head
    if head is not None and head not in KEYWORD_HEADS:
        raise ParameterError(
            f"The head {head!r} gives one label per image, and these data have several. Leave the "
            "head out, or use 'keywords'."
        )
    if unknown is not None:
        raise ParameterError(
            "unknown goes with one label per image. Keywords have a threshold each already."
        )
    return "keywords"


def _calibrate(model: Model, kind: str, error_rate: float) -> list[DataNote]:
    """Give the model its rule for "unknown"; where it cannot have one, say so."""
    try:
        model.summary["unknown"] = calibrate(model.pipeline, kind, error_rate)
    except DataError as error:
        return [DataNote("no_unknown", f"the model always answers, without --unknown: {error}")]
    return []


def _notes_of(model: Model, run: TrainingRun) -> list[DataNote]:
    """What the user should know of the model."""
    notes = []
    if run.report.without_features:
        paths = run.without_features
        n = len(paths)
        text = f"{n} {'image' if n == 1 else 'images'} had no usable features and " + (
            f"{'was' if n == 1 else 'were'} skipped: {list_names(paths, 5)}"
        )
        notes.append(DataNote("no_features", text, tuple(paths)))
    if model.is_classifier and isinstance(run.held_out, Predictions):
        found = evaluate_predictions(run.held_out)
        if found.is_at_chance:
            text = (
                f"held-out accuracy is {found.mean_class_accuracy:.1%} (mean over classes), no "
                f"better than guessing among {len(found.scores['classes'])} classes "
                f"({found.chance:.1%}): this model has not learned to distinguish them"
            )
            notes.append(DataNote("chance", text))
    return notes


_RATES = [i / 100 for i in range(1, 96)] + [0.99]


def _estimator(data: LabeledData, recipe, head, params, budget, augment, settings) -> Any:
    """The unfitted estimator that the arguments ask for."""
    if isinstance(data, LabeledTable):
        if recipe != "auto" or augment is not None:
            raise ParameterError("A table takes no recipe and no augment.")
        seed = settings["random_state"]
        return make_table_recipe(data.columns, head or "mlp-deep", random_state=seed, **params)
    check_choice("recipe", recipe, ("auto", *RECIPES))
    if recipe == "auto":
        if augment is not None:
            raise ParameterError("augment needs a recipe.")
        return AutoRecipe(head, budget=budget, params=params, **settings)
    return make_recipe(recipe, head=head or own_head(recipe), **settings, **params)


def _fit(
    estimator, data: LabeledData, description: dict, n_jobs, on_error: str, events: TrainingEvents
) -> tuple[Model, TrainingRun]:
    """Read the images and fit."""
    with watch_decoders():
        start = time.perf_counter()
        images, readable, failures = _read(estimator, data, n_jobs, on_error, events)
        seconds = {"reading": time.perf_counter() - start}
        _check_classes(data, readable, failures)
        watching: dict[str, Any] = {"progress": events.on_progress, "on_epoch": events.on_epoch}
        if isinstance(estimator, AutoRecipe):
            events.on_plan([name for name, _ in candidates_for(images)])
            estimator.fit(
                images, readable.labels, progress=events.on_progress, on_trial=events.on_trial
            )
            pipeline, report = estimator.best_pipeline_, estimator.training_
            description |= {"recipe": estimator.best_recipe_, "tried": estimator.report()}
        elif isinstance(estimator, Augmented):
            estimator.fit(images, readable.labels, **watching)
            pipeline, report = estimator.estimator_, estimator.training_
        else:
            pipeline = estimator
            report = fit_recipe(pipeline, images, readable.labels, **watching)
    summary = {**description, **_summary(pipeline, report, readable, failures)}
    run = TrainingRun(
        paths=readable.paths,
        labels=readable.labels,
        images=images,
        failures=failures,
        report=report,
        trials=list(getattr(estimator, "trials_", ())),
        held_out=held_out_predictions(
            pipeline, report.without_features, readable.paths, readable.labels
        ),
        seconds=seconds | report.seconds,
    )
    return Model(pipeline, summary, training=run), run


def _summary(pipeline, report: Training, readable: LabeledImages, failures: list) -> dict:
    """What a model file remembers of the training."""
    gives_labels = hasattr(pipeline, "classes_")
    summary: dict[str, Any] = {
        "n_images": report.n_images,
        "n_failed": len(failures),
        "n_without_features": len(report.without_features),
        "mirrored": report.mirrored,
        "class_counts": {str(k): n for k, n in readable.counts.items()} if gives_labels else {},
        "cv_accuracy": None if math.isnan(report.cv_accuracy) else report.cv_accuracy,
    }
    if isinstance(pipeline[-1], KeywordClassifier):
        summary |= _keyword_summary(pipeline[-1])
    if report.l2_path:
        summary["alpha"] = float(pipeline[-1].alpha_)
    if report.losses:
        summary["losses"] = report.losses
    return summary


def _keyword_summary(head: KeywordClassifier) -> dict:
    """What is remembered of a model of keywords."""
    marks = head.held_out_[1]
    return {
        "multilabel": True,
        "rule": head.rule if head.rule == "threshold" else f"top {head.n_top}",
        "words_per_image": round(float(marks.sum() / max(len(marks), 1)), 3),
        "cv_f1": None if math.isnan(head.cv_f1_) else head.cv_f1_,
    }


def _read(
    estimator, data: LabeledData, n_jobs, on_error: str, events: TrainingEvents
) -> tuple[Sequence, LabeledImages, list[Failure]]:
    """Images, paths and labels of those that can be read, and why the others cannot."""
    if not isinstance(data, LabeledImages):  # array files and tables are in memory already
        images: Any = data.rows if isinstance(data, LabeledTable) else data.images
        return images, LabeledImages(data.paths, data.labels), []
    pictures, faults = read_all(
        events.count(data.paths, "read", len(data)),
        first_side(getattr(estimator, "estimator", estimator)),
        n_jobs=n_jobs,
        on_picture=events.on_image,
    )
    if faults and on_error == "raise":
        i, error = next(iter(faults.items()))
        raise type(error)(error.code, error.message, data.paths[i])
    kept = [i for i in range(len(data)) if i not in faults]
    readable = LabeledImages([data.paths[i] for i in kept], [data.labels[i] for i in kept])
    failures = [(data.paths[i], error.code, error.message) for i, error in faults.items()]
    read: list[Picture] = [pictures[i] for i in kept]
    return read, readable, failures


def _check_classes(data: LabeledData, readable: LabeledImages, failures: list[Failure]) -> None:
    """Every class that was requested must have an image left."""
    if is_multilabel(data.labels):  # a word may be lost: it is one of many
        if failures and len(words_of(readable.labels)) < 2:
            path, code, message = failures[0]
            raise DataError(
                "Images of fewer than 2 keywords can be read. The first failure: "
                f"{path}: {code}: {message}"
            )
        return
    lost = sorted(set(data.labels) - set(readable.labels)) if failures else []
    if lost:
        path, code, message = failures[0]
        raise DataError(
            f"No image of class {lost[0]!r} can be read ({len(lost)} of {len(set(data.labels))} "
            f"classes are lost so). The first failure: {path}: {code}: {message}"
        )


def check_unknown(estimator, labels: Sequence, rate: float, kind: str) -> None:
    """Find out before the training whether the error rate can be shown at all.

    Raises
    ------
    ParameterError
        The estimator gives numbers, or the rate is not between 0 and 1.
    DataError
        There are too few images, or a class is called "unknown".
    """
    if not is_classifier(estimator):
        raise ParameterError("unknown needs a classifier. This head gives numbers.")
    if not 0 < rate < 1:
        raise ParameterError(f"unknown must be between 0 and 1. Got {rate!r} instead.")
    if UNKNOWN in labels:
        raise DataError(
            f"A class is called {UNKNOWN!r}, which has a special meaning with --unknown."
        )
    needed = pictures_needed(rate, kind)
    counts = Counter(labels)
    usable = sum(n for n in counts.values() if n > 1)  # others can never be held out
    if usable < needed:
        lowest = next(r for r in _RATES if pictures_needed(r, kind) <= max(usable, 1))
        raise DataError(
            f"--unknown {rate:g} needs at least {needed} images that can be held out (in classes "
            f"of two or more). Got {usable}; the lowest rate they can guarantee is {lowest:g}."
        )


def calibrate(pipeline, kind: str, error_rate: float) -> dict[str, Any]:
    """Give the classifier its rule; what the summary says of it."""
    rule = calibrate_unknown(pipeline[-1], error_rate, kind)
    chances = probabilities(pipeline[-1].held_out_[0], pipeline[-1].temperature_)
    about = {"kind": kind, "error_rate": error_rate, "cutoff": rule.cutoff}
    about |= {"n_held_out": rule.n_held_out}
    if kind == "threshold":
        return {**about, "share_answered": float(rule.answered(chances).mean())}
    return {**about, "mean_set_size": float(rule.members(chances).sum(axis=1).mean())}
