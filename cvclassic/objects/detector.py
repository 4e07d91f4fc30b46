"""`ObjectDetector`: learn what objects look like from boxes, and find them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_integer, check_jobs, seed_number
from ..errors import DataError, ParameterError
from ..evaluate import ImageBoxes, score_boxes
from ..images import Detections, check_images, read_image, single_threaded
from ..images.labels import LabeledImage
from .boxes import clip_boxes
from .checkpoint import Checkpoint
from .examples import Example, plan_max_side
from .state import DetectorState, detect_objects
from .training import Settings, train_detector

ANY_CLASS = "object"


class ObjectDetector(BaseEstimator):
    """Detector of any objects, trained on tens to hundreds of images with boxes.

    Boosted trees over color and gradient channels scan all places, sizes and aspect ratios [1]_;
    what passes is judged by a linear classifier over a histogram of gradients and a Fisher vector
    of the window, its halves and its surroundings, and moved by a regression of boxes [2]_. The
    second stage learns from windows in images that the first one has not learned from.

    Parameters
    ----------
    n_trees : int, default=128
        Number of trees in the first stage.
    n_windows : int, default=60
        Windows of an image that the second stage judges; more where images have many objects.
    random_state : int, RandomState or None, default=0
    n_jobs : int or None, default=None
        Processes in training and images in progress in `predict`, as in joblib. The result does not
        depend on it.

    Attributes
    ----------
    classes_ : ndarray of str
    state_ : DetectorState
        All that was learned.
    report_ : TrainingReport
        Cross-validated scores, and boxes that no window reaches.

    References
    ----------
    .. [1] Dollár, Appel, Belongie & Perona, "Fast feature pyramids for object detection", PAMI
       36(8), 2014.
    .. [2] Cinbis, Verbeek & Schmid, "Segmentation driven object detection with Fisher vectors",
       ICCV 2013; Girshick, Donahue, Darrell & Malik, CVPR 2014, appendix C.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(100, 140, (6, 80, 80, 3), np.uint8)
    >>> boxes = [np.array([[10 + 4 * i, 20, 30, 30]]) for i in range(6)]
    >>> for image, (box,) in zip(images, boxes):
    ...     image[box[1] : box[1] + 30, box[0] : box[0] + 30] = 255
    >>> model = ObjectDetector(n_trees=16).fit(images, boxes)
    >>> found = model.predict(images[:1])[0]
    >>> found.labels[0], bool(found.scores[0] > 0.5)
    ('object', True)
    """

    def __init__(self, n_trees=128, n_windows=60, random_state=0, n_jobs=None):
        self.n_trees = n_trees
        self.n_windows = n_windows
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _check(self) -> None:
        check_integer("n_trees", self.n_trees, 1)
        check_integer("n_windows", self.n_windows, 1)
        check_jobs("n_jobs", self.n_jobs)

    def fit(
        self,
        X,
        y,
        *,
        progress: Callable[[str, int, int], None] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> ObjectDetector:
        """Learn from images with boxes.

        Parameters
        ----------
        X : sequence of images
            Paths, encoded bytes or arrays of uint8.
        y : sequence
            What is in each image: boxes (n, 4) as (x, y, width, height), of one class; or a pair of
            boxes and labels; or a `Detections` or a `LabeledImage`.
        progress : callable, optional
            Called with the name of a stage, steps done and steps in all.
        checkpoint : Checkpoint, optional
            Where finished steps are kept, so that an interrupted training goes on.

        Returns
        -------
        ObjectDetector
            Itself.

        Raises
        ------
        DataError
            There is no box.
        ParameterError
            A parameter or a box is invalid.
        ImageReadError
            An image cannot be read.
        """
        self._check()
        seed = seed_number("random_state", self.random_state)
        images = check_images(X)
        truth = check_truth(y, len(images))
        names = sorted({label for _, labels, _ in truth for label in labels})
        if not names:
            raise DataError("there is no box in these images: at least one is needed")
        examples, sizes = _examples(images, truth, names)
        with_boxes = [e.boxes for e in examples if len(e.boxes)]
        if not with_boxes:
            raise DataError("no box lies in its image: at least one is needed")
        long_side = plan_max_side([e.boxes for e in examples], sizes)
        settings = Settings(int(self.n_trees), int(self.n_windows), seed)
        self.state_, self.report_ = train_detector(
            examples,
            names,
            long_side,
            settings,
            n_jobs=self.n_jobs,
            progress=progress,
            checkpoint=checkpoint,
        )
        self.classes_ = np.array(names, object)
        return self

    def predict(self, X) -> list[Detections]:
        """Objects in each image, most probable first; scores are probabilities.

        Raises
        ------
        ImageReadError
            An image cannot be read.
        """
        check_is_fitted(self)
        images = check_images(X)
        jobs = (delayed(_detect)(self.state_, image) for image in images)
        return list(Parallel(self.n_jobs, prefer="threads")(jobs))

    def detect(self, image) -> Detections:
        """Objects in one image, most probable first; scores are probabilities."""
        check_is_fitted(self)
        return _detect(self.state_, image)

    def score(self, X, y) -> float:
        """Mean over classes of the average precision at IoU .5."""
        found = self.predict(X)
        truth = check_truth(y, len(found))
        images = [
            ImageBoxes(f.boxes, f.scores, f.labels.tolist(), boxes, labels, ignored)
            for f, (boxes, labels, ignored) in zip(found, truth, strict=True)
        ]
        scores = score_boxes(images, sorted({label for _, labels, _ in truth for label in labels}))
        return scores.ap50


def _detect(state: DetectorState, image) -> Detections:
    with single_threaded():
        return detect_objects(state, read_image(image))


def check_truth(y, n: int) -> list[tuple[np.ndarray, list[str], np.ndarray]]:
    """Boxes, labels and which of them are to be ignored, image by image.

    Raises
    ------
    ParameterError
        They are of another form or number.
    """
    if y is None or not hasattr(y, "__len__") or len(y) != n:
        got = len(y) if hasattr(y, "__len__") else type(y).__name__
        raise ParameterError(f"y must have the boxes of each of the {n} images. Got {got} instead.")
    return [_one_truth(entry, i) for i, entry in enumerate(y)]


def _one_truth(entry: Any, i: int) -> tuple[np.ndarray, list[str], np.ndarray]:
    labels: Sequence | None = None
    ignored = None
    if isinstance(entry, LabeledImage):
        boxes, labels = entry.boxes(), entry.labels()
        ignored = np.array([o.ignore for o in entry.objects], bool)
    elif isinstance(entry, Detections):
        boxes, labels = entry.boxes, entry.labels.tolist()
    elif isinstance(entry, tuple) and len(entry) == 2 and np.ndim(entry[1]) == 1:
        boxes, labels = entry[0], list(entry[1])
    else:
        boxes = entry
    try:
        array = np.asarray(boxes, np.float32)
    except (TypeError, ValueError):
        array = np.zeros(1, np.float32)
    array = array.reshape(-1, 4) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 4 or not np.isfinite(array).all():
        raise ParameterError(
            f"y[{i}] must be finite rows of (x, y, width, height). Got shape {array.shape} instead."
        )
    if labels is None:
        labels = [ANY_CLASS] * len(array)
    if len(labels) != len(array):
        raise ParameterError(f"y[{i}] has {len(array)} boxes and {len(labels)} labels.")
    if ignored is None:
        ignored = np.zeros(len(array), bool)
    return array, [str(label) for label in labels], ignored


def _examples(images, truth, names) -> tuple[list[Example], list[tuple[int, int]]]:
    """Boxes cut at the edges of their images; those that are then empty are left out."""
    numbers = {name: i for i, name in enumerate(names)}
    examples, sizes = [], []
    for image, (boxes, labels, ignored) in zip(images, truth, strict=True):
        height, width = read_image(image).shape[:2]
        cut = clip_boxes(boxes, width, height)
        real = (cut[:, 2] >= 1) & (cut[:, 3] >= 1)
        known = np.array([numbers[label] for label in labels], int)
        mine = real & ~ignored
        examples.append(Example(image, cut[mine], known[mine], cut[real & ignored]))
        sizes.append((height, width))
    return examples, sizes
