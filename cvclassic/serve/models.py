"""Model files of all tasks behind one small interface."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..batch import ClassifyTask, Task, file_digest
from ..errors import ModelFileError, ParameterError
from ..images import NamedItem
from ..model import Model, load_model

if TYPE_CHECKING:
    from ..batch import Record
    from ..explain import Explanation

FACES = "faces"  # stands for the face detector that comes along
_MOST_CLASSES = 20  # that a request may ask for


@dataclass
class ServedModel:
    """A model that a service answers with.

    Attributes
    ----------
    kind : {"classify", ...}
        The task that it was trained for.
    task : Task
        Gives one record for each image.
    about : dict
        What ``GET /models`` says of it.
    explainer : callable, optional
        Explains the answer for an image.
    """

    kind: str
    task: Task
    about: dict[str, Any] = field(default_factory=dict)
    explainer: Callable[[Any], Explanation] | None = None

    def predict(self, items: list[NamedItem]) -> list[Record]:
        """One record for each image."""
        records: list[Record] = []
        for start in range(0, len(items), self.task.block_size):
            records += self.task(list(items[start : start + self.task.block_size]))
        return records

    def explain(self, image: Any) -> Explanation:
        """Which keypoints spoke for the label of an image.

        Raises
        ------
        ParameterError
            This kind of model has no explanation.
        """
        if self.explainer is None:
            raise ParameterError("explanations are not available for this model")
        return self.explainer(image)


def open_model(path: str | os.PathLike) -> ServedModel:
    """Read a model file of any task: a classifier or an object detector.

    Parameters
    ----------
    path : str or Path
        ``faces`` stands for the face detector that comes along.

    Returns
    -------
    ServedModel

    Raises
    ------
    ModelFileError
        The file is missing, damaged, or its kind cannot be served.
    """
    name = os.fsdecode(path)
    if name == FACES and not os.path.exists(name):
        return _faces()
    try:
        return _classifier(load_model(name), name)
    except ModelFileError as error:
        with contextlib.suppress(ModelFileError):
            return _detector(name)
        raise error


def _classifier(model: Model, path: str) -> ServedModel:
    if not model.is_classifier or model.takes != "images":
        raise ModelFileError(f"{path}: only models that take images and give labels can be served.")
    top = min(len(model.classes), _MOST_CLASSES)
    about = {
        "kind": "classify",
        "recipe": model.recipe,
        "classes": model.classes,
        "cross_validation_accuracy": model.cv_accuracy,
    }
    task = ClassifyTask(model.pipeline, top=top, model=file_digest(path))
    return ServedModel("classify", task, about, model.explain)


def _detector(path: str) -> ServedModel:
    from ..objects import DetectTask, load_detector

    detector, _ = load_detector(path)
    classes = [str(name) for name in detector.state_.classes]
    about = {"kind": "objects", "classes": classes}
    return ServedModel("objects", DetectTask(detector), about)


def _faces() -> ServedModel:
    from ..faces import FaceTask, HaarFaceDetector

    return ServedModel(
        "faces", FaceTask(HaarFaceDetector().fit()), {"kind": "faces", "classes": []}
    )
