"""What and where at once, for images with one object: a small network with two heads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_bool, check_integer, check_number, seed_number
from ..errors import DataError
from ..images import Detections, check_images, read_image, single_threaded
from .boxes import clip_boxes
from .detector import check_truth
from .examples import as_rgb, reduce_image
from .pyramid import MirrorPyramid, Pyramid
from .window_features import sample_grid

_GRID = 10  # cells of an image each way
_LONG_SIDE = 320
_BATCH = 32


class TwoHeadLoss(NamedTuple):
    """Loss of an epoch: of the class, and of the box before it is weighted."""

    label: float
    box: float


class SingleObjectLocalizer(BaseEstimator):
    """Class and box of the one object of an image.

    The two-headed network that courses draw: a hidden layer over gradients and colors of the whole
    image, a softmax head that says what it is, and a linear head that says where, trained together
    on ``cross entropy + box_weight * L2`` (images without an object have no box loss). For images
    with several objects, or small ones, there is `ObjectDetector`.

    Parameters
    ----------
    n_hidden : int, default=128
        Units of the hidden layer, ReLU.
    box_weight : float, default=5
        Weight of the squared error of the box, whose four numbers are shares of the image's sides.
    max_iter : int, default=100
        Epochs.
    learning_rate : float, default=0.002
        Learning rate of Adam.
    alpha : float, default=0.01
        L2 penalty.
    mirror : bool, default=True
        Learn from mirrored images too.
    random_state : int, RandomState or None, default=0

    Attributes
    ----------
    classes_ : ndarray of str
        An empty name stands for images without an object, if there were any.
    losses_ : list of TwoHeadLoss
        Losses of each epoch.

    References
    ----------
    Sermanet et al., "OverFeat: integrated recognition, localization and detection using
    convolutional networks", ICLR 2014, section 4; Adam is that of Kingma & Ba, ICLR 2015.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(90, 110, (40, 64, 64), np.uint8)
    >>> boxes = [[[x, y, 20, 20]] for x, y in rng.integers(0, 44, (40, 2))]
    >>> for image, ((x, y, w, h),) in zip(images, boxes):
    ...     image[y : y + h, x : x + w] = 255
    >>> found = SingleObjectLocalizer().fit(images, boxes).predict(images[:1])[0]
    >>> found.labels[0], len(found)
    ('object', 1)
    """

    def __init__(
        self,
        n_hidden=128,
        box_weight=5.0,
        max_iter=100,
        learning_rate=0.002,
        alpha=0.01,
        mirror=True,
        random_state=0,
    ):
        self.n_hidden = n_hidden
        self.box_weight = box_weight
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.mirror = mirror
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def fit(self, X, y) -> SingleObjectLocalizer:
        """Learn from images with one box each, or none.

        Parameters
        ----------
        X : sequence of images
        y : sequence
            As for `ObjectDetector.fit`; of several boxes in an image the largest counts.

        Raises
        ------
        DataError
            There is no box at all.
        ParameterError
            A parameter or a box is invalid.
        """
        check_integer("n_hidden", self.n_hidden, 1)
        check_integer("max_iter", self.max_iter, 1)
        check_number("box_weight", self.box_weight, 0)
        check_number("learning_rate", self.learning_rate, 0, exclusive=True)
        check_number("alpha", self.alpha, 0)
        check_bool("mirror", self.mirror)
        seed = seed_number("random_state", self.random_state)
        images = check_images(X)
        largest = [_largest(*entry[:2]) for entry in check_truth(y, len(images))]
        names = sorted({label for label, _ in largest})
        if names in ([], [""]):
            raise DataError("there is no box in these images: at least one is needed")
        rows, boxes, labels = [], [], []
        with single_threaded():
            for image, (label, box) in zip(images, largest, strict=True):
                both, (width, height) = _vectors(image, self.mirror)
                x, y_, w, h = box / np.array([width, height, width, height])
                for vector, left in zip(both, (x, 1 - x - w), strict=False):
                    rows.append(vector)
                    boxes.append([left + w / 2, y_ + h / 2, w, h])
                    labels.append(names.index(label))
            self._learn(np.array(rows), np.array(labels), np.array(boxes, np.float32), names, seed)
        self.classes_ = np.array(names, object)
        return self

    def predict(self, X) -> list[Detections]:
        """The object of each image, or none; scores are probabilities."""
        check_is_fitted(self)
        found = []
        with single_threaded():
            for image in check_images(X):
                (vector,), (width, height) = _vectors(image, False)
                _, logits, box = self._forward(vector[None])
                chance = _softmax(logits)[0]
                label = str(self.classes_[chance.argmax()])
                box = np.clip(box[0], (0, 0, 0.01, 0.01), 1) * np.array([width, height] * 2)
                box[:2] -= box[2:] / 2
                inside = clip_boxes(box[None].astype(np.float32), width, height)
                found.append(
                    Detections(inside, [chance.max()], [label]) if label else Detections.empty()
                )
        return found

    def _learn(self, rows, labels, boxes, names, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.center_ = rows.mean(axis=0)
        self.scale_ = 1 / np.sqrt(((rows - self.center_) ** 2).mean())
        d, c, k = rows.shape[1], len(names), int(self.n_hidden)
        has_box = np.array([bool(names[label]) for label in labels])
        middle = boxes[has_box].mean(axis=0)
        self.weights_ = [
            (rng.standard_normal((d, k)) * np.sqrt(2 / d)).astype(np.float32),
            np.zeros(k, np.float32),
            (rng.standard_normal((k, c)) * np.sqrt(1 / k)).astype(np.float32),
            np.zeros(c, np.float32),
            (rng.standard_normal((k, 4)) * np.sqrt(0.1 / k)).astype(np.float32),
            middle.astype(np.float32),
        ]
        first = [np.zeros_like(w) for w in self.weights_]
        second = [np.zeros_like(w) for w in self.weights_]
        self.losses_ = []
        step = 0
        for _ in range(int(self.max_iter)):
            order = rng.permutation(len(rows))
            totals = np.zeros(2)
            for start in range(0, len(order), _BATCH):
                mine = order[start : start + _BATCH]
                slopes, loss = self._slopes(rows[mine], labels[mine], boxes[mine], has_box[mine])
                totals += np.array(loss) * len(mine)
                step += 1
                _adam(self.weights_, slopes, first, second, step, float(self.learning_rate))
            self.losses_.append(TwoHeadLoss(*(totals / len(rows)).tolist()))

    def _forward(self, rows: np.ndarray):
        w, b, w_label, b_label, w_box, b_box = self.weights_
        hidden = np.maximum(((rows - self.center_) * self.scale_) @ w + b, 0)
        return hidden, hidden @ w_label + b_label, hidden @ w_box + b_box

    def _slopes(self, rows, labels, boxes, has_box) -> tuple[list[np.ndarray], TwoHeadLoss]:
        """Gradient of the summed loss, by hand."""
        n = len(rows)
        hidden, logits, found = self._forward(rows)
        chance = _softmax(logits)
        off = (found - boxes) * has_box[:, None]
        loss = TwoHeadLoss(
            float(-np.log(chance[np.arange(n), labels] + 1e-12).mean()),
            float((off**2).sum(axis=1).mean()),
        )
        to_label = chance.copy()
        to_label[np.arange(n), labels] -= 1
        to_label /= n
        to_box = off * (2 * float(self.box_weight) / n)
        w, _, w_label, _, w_box, _ = self.weights_
        to_hidden = (to_label @ w_label.T + to_box @ w_box.T) * (hidden > 0)
        a = float(self.alpha)
        slopes = [
            ((rows - self.center_) * self.scale_).T @ to_hidden + a * w,
            to_hidden.sum(axis=0),
            hidden.T @ to_label + a * w_label,
            to_label.sum(axis=0),
            hidden.T @ to_box + a * w_box,
            to_box.sum(axis=0),
        ]
        return slopes, loss


def _largest(boxes: np.ndarray, labels: list[str]) -> tuple[str, np.ndarray]:
    """Label and box of the largest object; an empty label where there is none."""
    if not len(boxes):
        return "", np.zeros(4, np.float32)
    i = int((boxes[:, 2] * boxes[:, 3]).argmax())
    return labels[i], boxes[i]


def _vectors(image, mirror: bool) -> tuple[list[np.ndarray], tuple[int, int]]:
    """Gradients and colors of an image on a grid, of its mirror image too; its size."""
    pixels = as_rgb(read_image(image))
    height, width = pixels.shape[:2]
    pyramid = Pyramid(reduce_image(pixels, _LONG_SIDE)[0])
    whole = np.array([[0, 0, pyramid.width, pyramid.height]], np.float32)
    views: list[Pyramid | MirrorPyramid] = (
        [pyramid, MirrorPyramid(pyramid)] if mirror else [pyramid]
    )
    vectors = [sample_grid(view, whole, _GRID, _GRID).ravel() for view in views]
    return vectors, (width, height)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _adam(weights, slopes, first, second, step: int, rate: float) -> None:
    for w, slope, m, v in zip(weights, slopes, first, second, strict=True):
        m += 0.1 * (slope - m)
        v += 0.001 * (slope * slope - v)
        w -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
