"""A trained model, and everything that can be done with it."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from .._basics.label_sets import is_multilabel
from ..batch import Record, classify_files, predict_labeled
from ..batch.expanding import expand_inputs
from ..classify import KeywordClassifier, UnknownRule, check_numbers, first_side
from ..errors import DataError, ModelFileWarning, ParameterError
from ..evaluate import evaluate_keywords
from ..evaluate.evaluation import Evaluation, evaluate_numbers, evaluate_predictions
from ..images import Picture, find_inputs, watch_decoders
from ..images.labeled_source import LabeledData, load_labeled
from ..models import ModelInfo, read_model, read_model_info, save_model

if TYPE_CHECKING:
    from ..explain import Explanation
    from .run import TrainingRun


class Model:
    """A fitted recipe and what is known about its training.

    `cvclassic.train` makes one and `cvclassic.load_model` reads one; around a pipeline of your
    own, ``Model(pipeline)`` gives it the same methods.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted: images, or rows of a table, to labels or numbers.
    summary : mapping, optional
        Facts about the training that the model file keeps; must be JSON-able.
    training : TrainingRun, optional
        What `train` did.
    path : str, optional
        File that it was read from.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> recipe = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = Model(recipe.fit(images, list("abababab")))
    >>> model.classes, model.takes, model.max_side
    (['a', 'b'], 'images', 640)
    """

    def __init__(
        self,
        pipeline: Pipeline,
        summary: Mapping[str, Any] | None = None,
        *,
        training: TrainingRun | None = None,
        path: str | None = None,
    ) -> None:
        if not isinstance(pipeline, Pipeline) or len(pipeline.steps) < 2:
            raise ParameterError(
                f"pipeline must be a fitted recipe. Got {type(pipeline).__name__} instead."
            )
        self.pipeline = pipeline
        self.summary = dict(summary or {})
        self.training = training
        self.path = path

    @property
    def is_classifier(self) -> bool:
        """Whether it gives labels; else it gives numbers."""
        return hasattr(self.pipeline[-1], "classes_")

    @property
    def is_multilabel(self) -> bool:
        """Whether it gives several labels per image: keywords."""
        return isinstance(self.pipeline[-1], KeywordClassifier)

    @property
    def classes(self) -> list:
        """Labels that it can give, in the order of `predict_proba`; empty if it gives numbers."""
        return self.pipeline[-1].classes_.tolist() if self.is_classifier else []

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Columns of the table that it takes; None if it takes images."""
        columns = getattr(self.pipeline[0], "columns", None)
        return None if columns is None else tuple(columns)

    @property
    def takes(self) -> str:
        """What its inputs are: "images" or "table"."""
        return "images" if self.columns is None else "table"

    @property
    def max_side(self) -> int | None:
        """Longest side in pixels that it looks at; None without a limit."""
        return first_side(self.pipeline)

    @property
    def recipe(self) -> str:
        """Name of the recipe, empty if unknown."""
        return str(self.summary.get("recipe", ""))

    @property
    def head(self) -> str:
        """Name of the classifier at the end."""
        return str(self.summary.get("head") or type(self.pipeline[-1]).__name__)

    @property
    def unknown(self) -> UnknownRule | None:
        """When it answers "unknown"; None if it always answers."""
        return getattr(self.pipeline[-1], "unknown_", None)

    @property
    def class_counts(self) -> dict:
        """Training images per class, as far as they are known."""
        return dict(self.summary.get("class_counts", {}))

    @property
    def cv_accuracy(self) -> float | None:
        """Accuracy in cross-validation on the training images; None if unknown."""
        return self.summary.get("cv_accuracy")

    def predict(self, images: Sequence) -> np.ndarray:
        """Label, or number, of each image or row; shape (n,)."""
        return self.pipeline.predict(images)

    def predict_proba(self, images: Sequence) -> np.ndarray:
        """Probabilities, shape (n, n_classes), in the order of `classes`."""
        self._need_classes("predict_proba")
        return self.pipeline.predict_proba(images)

    def classify(
        self,
        sources: str | os.PathLike | Iterable,
        *,
        top: int = 1,
        n_jobs: int | None = -1,
        engine: str = "threads",
        **options: Any,
    ) -> Iterator[Record]:
        """Classify files, in order and in bounded memory.

        Parameters
        ----------
        sources : path, or iterable of paths
            Files, folders (searched recursively), archives, patterns and URLs; array files and
            tables are opened. Items of `cvclassic.images.find_inputs` are taken too.
        top : int
            Classes that a record lists.
        n_jobs : int or None
            Blocks of images processed in parallel, as in joblib.
        engine : {"threads", "processes", "dask"}
        **options
            As in `cvclassic.batch.classify_files`: ``timeout``, ``memory_cap``, ``on_answer``,
            ``threshold``.

        Yields
        ------
        Record
            Exactly one per input; what cannot be read is a record with ``status="error"``.

        Examples
        --------
        >>> from cvclassic.classify import make_recipe
        >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
        >>> recipe = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
        >>> model = Model(recipe.fit(images, list("abababab")))
        >>> [record.code for record in model.classify("missing.jpg")]
        ['not_found']
        """
        return classify_files(
            self.pipeline,
            self.expand(sources),
            top=min(top, max(len(self.classes), 1)),
            n_jobs=n_jobs,
            engine=engine,
            **options,
        )

    def expand(self, sources: str | os.PathLike | Iterable) -> Iterator:
        """Walk sources as `classify` does: one item per image or row."""
        if isinstance(sources, str | os.PathLike):
            sources = [sources]
        return expand_inputs(_walk(sources), self.columns)

    def load_labeled(self, source: Any, **options: Any) -> LabeledData:
        """Labeled data of the kind that this model takes.

        Parameters
        ----------
        source : path or labeled data
            As in `evaluate`.
        **options
            As in `cvclassic.images.load_labeled`.

        Raises
        ------
        ParameterError
            The model takes images and the data are a table, or the other way round.
        """
        columns = self.columns
        is_table = options.get("label") is not None or hasattr(source, "rows")
        if (columns is not None) != is_table:
            raise ParameterError(
                "This model was trained on a table: give a table and the column of its labels."
                if columns is not None
                else "This model was trained on images and takes no table."
            )
        return load_labeled(
            source, columns=columns, **{"part": "test", "min_classes": 1, **options}
        )

    def evaluate(
        self,
        source: Any,
        *,
        split: str | None = None,
        label: str | None = None,
        labels: Any = None,
        n_jobs: int | None = -1,
        watch: Callable[[Iterable], Iterator] = iter,
        on_answer: Callable | None = None,
    ) -> Evaluation:
        """Score the model on labeled data.

        Parameters
        ----------
        source : path or labeled data
            A folder with one sub-folder per class, a manifest (of labels or keywords), an array
            file, a table (with `label`), or images in memory (with `labels`).
        split, label, labels
            As in `cvclassic.images.load_labeled`.
        n_jobs : int or None
            As in joblib.
        watch : callable
            Passes records on, and may count them.
        on_answer : callable, optional
            As `cvclassic.batch.classify_files` takes it.

        Returns
        -------
        Evaluation

        Raises
        ------
        DataError
            The data are missing or damaged, or no image can be read.
        """
        data = self.load_labeled(source, split=split, label=label, labels=labels)
        if not self.is_classifier:
            return self._evaluate_numbers(data, n_jobs, watch)
        self._check_labels(data)
        predictions, failures, seconds = self.predict_labeled(
            data, n_jobs=n_jobs, watch=watch, on_answer=on_answer
        )
        if self.is_multilabel:
            return evaluate_keywords(predictions, failures=failures, seconds=round(seconds, 3))
        return evaluate_predictions(
            predictions, self.unknown, failures=failures, seconds=round(seconds, 3)
        )

    def predict_labeled(
        self,
        data: LabeledData,
        *,
        n_jobs: int | None = -1,
        watch: Callable[[Iterable], Iterator] = iter,
        on_answer: Callable | None = None,
    ) -> tuple[Any, list[tuple[str, str, str]], float]:
        """Answers for labeled data, without scores.

        Parameters
        ----------
        data : labeled data
        n_jobs, watch, on_answer
            As in `evaluate`.

        Returns
        -------
        predictions : Predictions, or KeywordPredictions of a model of keywords
        failures : list of (path, code, message)
            Images that could not be read.
        seconds : float

        Raises
        ------
        DataError
            No image can be read.
        """
        self._need_classes("predict_labeled")
        start = time.perf_counter()
        with watch_decoders():
            predictions, failures = predict_labeled(
                self.pipeline,
                _inputs_of(data),
                data.labels,
                n_jobs=n_jobs,
                watch=watch,
                on_answer=on_answer,
            )
        if not predictions.n_images:
            path, code, message = failures[0]
            raise DataError(f"None of the images can be read. The first: {path}: {code}: {message}")
        return predictions, failures, time.perf_counter() - start

    def _evaluate_numbers(self, data: LabeledData, n_jobs, watch) -> Evaluation:
        truth, predicted, failures = [], [], []
        start = time.perf_counter()
        numbers = check_numbers(data.labels, len(data))
        with watch_decoders():
            records = watch(classify_files(self.pipeline, _inputs_of(data), n_jobs=n_jobs))
            for record, number in zip(records, numbers, strict=True):
                if record.failed:
                    failures.append((record.path, record.code, record.message))
                    continue
                truth.append(float(number))
                predicted.append(record.label if isinstance(record.label, float) else None)
        seconds = round(time.perf_counter() - start, 3)
        return evaluate_numbers(truth, predicted, failures=failures, seconds=seconds)

    def explain(self, image: Any, label: Any = None, against: Any = None) -> Explanation:
        """Explain which keypoints of an image are evidence for its label.

        Parameters
        ----------
        image : path, encoded bytes, array or Picture
        label : optional
            Class to explain; the model's answer unless given.
        against : optional
            Class to compare it with; the runner-up unless given.

        Returns
        -------
        Explanation

        Raises
        ------
        ParameterError
            There is no such class, or the model cannot be explained: it gives numbers or keywords.
        ImageReadError
            The image cannot be read.
        """
        from ..explain import explain_picture

        picture = image if isinstance(image, Picture) else Picture(image)
        return explain_picture(self.pipeline, picture, label, against)

    def save(self, path: str | os.PathLike) -> int:
        """Write the model into one file, atomically; returns its size in bytes.

        Raises
        ------
        ModelFileError
            A part of the pipeline cannot be saved, or the file cannot be written.
        """
        size = save_model(path, self.pipeline, self.summary)
        self.path = os.fsdecode(path)
        return size

    def info(self) -> ModelInfo:
        """What the model's file says about itself."""
        if self.path is None:
            raise ParameterError("This model has no file yet. Save it first.")
        return read_model_info(self.path)

    def _check_labels(self, data: LabeledData) -> None:
        """Raise `ParameterError` unless the data have as many labels per image as the model."""
        if self.is_multilabel and not is_multilabel(data.labels):
            raise ParameterError(
                "This model gives keywords, and the data have one label per image. Give a manifest "
                "and its column of keywords (--manifest CSV --labels keywords)."
            )
        if is_multilabel(data.labels) and not self.is_multilabel:
            raise ParameterError(
                "The data have several labels per image, and this model gives one."
            )

    def _need_classes(self, what: str) -> None:
        if not self.is_classifier:
            raise ParameterError(f"{what} needs a classifier. This model gives numbers.")

    def __repr__(self) -> str:
        what = "keywords" if self.is_multilabel else "classes"
        gives = f"{len(self.classes)} {what}" if self.is_classifier else "numbers"
        return f"<Model {self.recipe or 'of your own'}: {self.takes} to {gives}>"

    def _repr_html_(self) -> str:
        """The pipeline, as scikit-learn draws it."""
        return self.pipeline._repr_html_()


def load_model(path: str | os.PathLike) -> Model:
    """Read a model from its file. Nothing is unpickled.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Model

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of a newer version or not a model file.

    Warns
    -----
    ModelFileWarning
        The file is of an earlier version, without a checksum that would tell damage.
    """
    pipeline, info = read_model(path)
    if info.digest is None:
        text = "was written by an earlier version and has no checksum; save it again to add one"
        warnings.warn(f"{os.fsdecode(path)} {text}.", ModelFileWarning, stacklevel=2)
    return Model(pipeline, info.summary, path=os.fsdecode(path))


def _inputs_of(data: LabeledData) -> Sequence:
    """What is to be classified: paths, or what lies in array files and tables."""
    return getattr(data, "items", data.paths)


def _walk(sources: Iterable) -> Iterator:
    """Items of `find_inputs` as they are, names walked."""
    for source in sources:
        if isinstance(source, str | os.PathLike):
            yield from find_inputs([source])
        elif hasattr(source, "path"):
            yield source
        else:
            raise ParameterError(
                f"sources must be paths. Got a {type(source).__name__}; predict and predict_proba "
                "take images in memory."
            )
