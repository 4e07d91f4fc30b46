"""Model files of all tasks behind one small interface.

What a file says about itself is read by the process that answers requests, the model by the
processes that predict: only they import what a model needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ModelFileError, ParameterError
from ..images import NamedItem
from ..models import read_description

if TYPE_CHECKING:
    from ..batch import Record, Task
    from ..explain import Explanation

FACES = "faces"  # stands for the face detector that comes along
MOST_ANSWERS = 20  # classes or hits that a request may ask for


@dataclass
class ServedModel:
    """A model that a service answers with.

    Attributes
    ----------
    task : Task
        Gives one record for each image.
    explainer : callable, optional
        Explains the answer for an image.
    """

    task: Task
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


@dataclass(frozen=True)
class _Kind:
    """How one kind of model is described and opened.

    Attributes
    ----------
    about : callable
        Takes the description at the head of the file.
    open : callable
        Takes the path.
    """

    about: Callable[[Mapping[str, Any]], dict[str, Any]]
    open: Callable[[str], ServedModel]


def describe_model(path: str | os.PathLike) -> dict[str, Any]:
    """What ``GET /models`` says of a model: its kind and classes; no array is read.

    Parameters
    ----------
    path : str or Path
        A model of any task, the folder of an image index, or ``faces`` for the face detector
        that comes along.

    Raises
    ------
    ModelFileError
        The file is missing, its head is damaged, or its kind cannot be served.
    IndexFileError
        The same of an index.
    """
    name = os.fsdecode(path)
    kind, description = _look(name)
    try:
        return _KINDS[kind].about(description)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ModelFileError(f"{name}: the model file is damaged ({error!r}).") from None


def open_model(path: str | os.PathLike) -> ServedModel:
    """Read a model as `describe_model` knows them.

    Raises
    ------
    ModelFileError, IndexFileError
        The file is missing, damaged, or its kind cannot be served.
    """
    name = os.fsdecode(path)
    return _KINDS[_look(name)[0]].open(name)


def _look(name: str) -> tuple[str, Mapping[str, Any]]:
    """The kind of a model, and its description."""
    if name == FACES and not os.path.exists(name):
        return FACES, {}
    if os.path.isdir(name):
        return "cvclassic-index", {"path": name}
    description = read_description(name)
    kind = description["format"]
    if kind not in _KINDS:
        raise ModelFileError(
            f"{name}: a {kind} cannot be served. Served are models of train, objects train, "
            "segment train, faces enroll and search index."
        )
    return kind, description


def _about_classifier(description: Mapping[str, Any]) -> dict[str, Any]:
    summary = description["summary"]
    return {
        "kind": "classify",
        "recipe": summary.get("recipe"),
        "classes": description["pipeline"]["steps"][-1][1].get("classes", []),
        "cross_validation_accuracy": summary.get("cv_accuracy"),
    }


def _open_classifier(path: str) -> ServedModel:
    from ..batch import ClassifyTask, file_digest
    from ..model import load_model

    model = load_model(path)
    if not model.is_classifier or model.takes != "images":
        raise ModelFileError(f"{path}: only models that take images and give labels can be served.")
    top = min(len(model.classes), MOST_ANSWERS)
    return ServedModel(
        ClassifyTask(model.pipeline, top=top, model=file_digest(path)), model.explain
    )


def _open_detector(path: str) -> ServedModel:
    from ..objects import DetectTask, load_detector

    return ServedModel(DetectTask(load_detector(path)[0]))


def _open_segmentation(path: str) -> ServedModel:
    from ..segment import load_segmentation
    from .tasks import MaskTask

    classifier, summary = load_segmentation(path)
    return ServedModel(MaskTask(classifier, summary["names"]))


def _open_gallery(path: str) -> ServedModel:
    from ..batch import file_digest
    from ..faces import IdentifyTask, load_gallery

    return ServedModel(IdentifyTask(load_gallery(path), file_digest(path), 3))


def _about_index(description: Mapping[str, Any]) -> dict[str, Any]:
    from ..search.store import open_folder

    folder = open_folder(description["path"])
    return {"kind": "search", "classes": [], "n_images": folder.n_images}


def _open_index(path: str) -> ServedModel:
    from ..search import ImageIndex
    from .tasks import SearchTask

    return ServedModel(SearchTask(ImageIndex.open(path), MOST_ANSWERS))


def _open_faces(_path: str) -> ServedModel:
    from ..faces import FaceTask, HaarFaceDetector

    return ServedModel(FaceTask(HaarFaceDetector().fit()))


_KINDS: dict[str, _Kind] = {
    "cvclassic-model": _Kind(_about_classifier, _open_classifier),
    "cvclassic-objects": _Kind(
        lambda said: {"kind": "objects", "classes": list(said["content"]["classes"])},
        _open_detector,
    ),
    "cvclassic-segmentation": _Kind(
        lambda said: {"kind": "segment", "classes": list(said["content"]["summary"]["names"])},
        _open_segmentation,
    ),
    "cvclassic-face-gallery": _Kind(
        lambda said: {"kind": "people", "classes": list(said["content"]["people"])},
        _open_gallery,
    ),
    "cvclassic-index": _Kind(_about_index, _open_index),
    FACES: _Kind(lambda _: {"kind": "faces", "classes": []}, _open_faces),
}
