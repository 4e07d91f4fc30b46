"""Landmarks: 68 points of a face, from a box around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..._basics.checks import check_choice, check_integer, check_number, seed_number
from ..._basics.parameters import Seed
from ...errors import DataError, ParameterError
from ...images import check_images, read_image, to_gray
from .alignment import (
    N_LANDMARKS,
    OUTER_EYES,
    as_complex,
    as_points,
    bounding_boxes,
    landmark_errors,
    mean_shape,
    mirror_shapes,
    place,
    shake_boxes,
)
from .descent import fit_descent
from .shape_regression import Stage, Training, descend
from .shape_trees import fit_trees

MIN_FACES = 10
_OUTSIDE = 0.5  # how far outside of an image a point may lie, over the size of the face


class FaceLandmarks(BaseEstimator):
    """Find 68 points of a face: jaw, brows, nose, eyes, mouth.

    Training needs faces whose points people have marked; mirror images are added automatically.
    Each face is started from several randomly shifted boxes.

    Parameters
    ----------
    method : {"descent", "trees"}, default="descent"
        ``"descent"``: ridge regression from histograms of orientations around all points [1]_;
        ``"trees"``: gradient-boosted regression trees on differences of pixels [2]_.
    n_starts : int, default=5
        Starts for each face and each mirror image in training.
    shake : float, default=0.1
        How much the boxes are perturbed in training: center and sides by up to this share.
    rotation : float, default=15
        Up to how many degrees starts are turned in training.
    random_state : int, RandomState or None, default=0

    Attributes
    ----------
    mean_shape_ : ndarray of shape (68, 2)
        Upright, in a box of area 1 around 0.
    box_change_ : ndarray of shape (3,)
        From the boxes of training to the points' own: shift over the box's size, and factor.
    stages_ : list
        What each step of the cascade has learned.
    held_out_error_ : float
        Mean error over the distance of the outer corners of the eyes, from shaken boxes: with
        ``"descent"`` on faces that were left out (in closed form), else NaN.

    References
    ----------
    .. [1] Xiong & De la Torre, "Supervised descent method and its applications to face
       alignment", CVPR 2013.
    .. [2] Kazemi & Sullivan, "One millisecond face alignment with an ensemble of regression
       trees", CVPR 2014.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 255, (10, 60, 60), np.uint8)
    >>> points = rng.uniform(10, 50, (10, 68, 2))
    >>> model = FaceLandmarks(n_starts=1).fit(images, points)
    >>> model.predict(images[:2], [[10, 10, 40, 40], [10, 10, 40, 40]]).shape
    (2, 68, 2)
    """

    def __init__(
        self,
        method: str = "descent",
        n_starts: int = 5,
        shake: float = 0.1,
        rotation: float = 15.0,
        random_state: Seed = 0,
    ) -> None:
        self.method = method
        self.n_starts = n_starts
        self.shake = shake
        self.rotation = rotation
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def _check(self) -> None:
        check_choice("method", self.method, ("descent", "trees"))
        check_integer("n_starts", self.n_starts, 1)
        check_number("shake", self.shake, 0)
        check_number("rotation", self.rotation, 0)
        if self.shake >= 1:
            raise ParameterError(f"shake must be below 1. Got {self.shake!r} instead.")

    def fit(
        self, X, y, boxes=None, *, progress: Callable[[int, int], None] | None = None
    ) -> FaceLandmarks:
        """Learn from faces with marked points.

        Parameters
        ----------
        X : sequence of images
            One face each: paths, encoded bytes or arrays of uint8.
        y : array of shape (n, 68, 2)
            Points (x, y) in pixels.
        boxes : array of shape (n, 4), optional
            Boxes (x, y, width, height) of the kind that `predict` will get, such as a
            detector's; a row of NaN where there is none. The points' own bounding boxes
            unless given.
        progress : callable, optional
            Called with steps done and steps in all.

        Returns
        -------
        FaceLandmarks
            Itself.

        Raises
        ------
        DataError
            Fewer than 10 faces, or points that cannot be a face's.
        ParameterError
            A parameter has an invalid value.
        ImageReadError
            An image cannot be read.
        """
        self._check()
        rng = np.random.default_rng(seed_number("random_state", self.random_state))
        images = check_images(X)
        points = check_points(y, len(images))
        own = bounding_boxes(points)
        given = own if boxes is None else check_boxes(boxes, len(images), gaps=True)
        pictures = [to_gray(read_image(image)) for image in images]
        for i, (picture, shape) in enumerate(zip(pictures, points, strict=True)):
            check_inside(shape, picture.shape, f"face {i}")
        self.box_change_ = _box_change(given, own).astype(np.float32)
        # as a file keeps it, so that a model and its copy agree to the last bit
        self.mean_shape_ = mean_shape(points).astype(np.float32)
        mirrored = [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures]
        n = len(pictures)
        shapes = np.empty((2 * n, N_LANDMARKS, 2))
        shapes[0::2] = points
        for i, picture in enumerate(pictures):
            shapes[2 * i + 1] = mirror_shapes(points[i : i + 1], picture.shape[1])[0]
        pictures = [picture for pair in zip(pictures, mirrored, strict=True) for picture in pair]
        which = np.repeat(np.arange(2 * n), self.n_starts)
        true = shapes[which]
        starts = place(self.mean_shape_, shake_boxes(bounding_boxes(true), self.shake, rng))
        angles = np.deg2rad(rng.uniform(-self.rotation, self.rotation, (len(starts), 1)))
        centers = starts.mean(axis=1, keepdims=True)
        starts = as_points(as_complex(starts - centers) * np.exp(1j * angles)) + centers
        training = Training(pictures, which, true, starts, self.mean_shape_, 2 * self.n_starts)
        progress = progress or (lambda done, total: None)
        if self.method == "descent":
            self.stages_: list[Stage] = [*fit_descent(training, progress)]
            self.held_out_error_ = float(training.errors().mean())
        else:
            self.stages_ = [*fit_trees(training, int(rng.integers(2**31)), progress)]
            self.held_out_error_ = float("nan")
        return self

    def mark(self, image, boxes) -> np.ndarray:
        """Points of all faces of one image.

        Parameters
        ----------
        image : path, encoded bytes or ndarray of uint8
        boxes : array of shape (n, 4)
            (x, y, width, height) of each face, in pixels.

        Returns
        -------
        ndarray of shape (n, 68, 2)
            Points (x, y) in pixels; also outside the image where a face is cut off.

        Raises
        ------
        DataError
            A box is invalid.
        ImageReadError
            The image cannot be read.
        """
        return self.path(image, boxes)[:, -1]

    def path(self, image, boxes) -> np.ndarray:
        """As `mark`, after each stage: (n, 1 + stages, 68, 2), the start first."""
        check_is_fitted(self)
        gray = to_gray(read_image(image))
        starts = self.starts(check_boxes(boxes))
        paths = [[start, *descend(gray, start, self.mean_shape_, self.stages_)] for start in starts]
        return np.array(paths).reshape(len(starts), len(self.stages_) + 1, N_LANDMARKS, 2)

    def starts(self, boxes: np.ndarray) -> np.ndarray:
        """The mean shape in boxes like those of training: (n, 68, 2)."""
        return place(self.mean_shape_, _changed(boxes, self.box_change_))

    def predict(self, X, boxes) -> np.ndarray:
        """Points of one face in each image.

        Parameters
        ----------
        X : sequence of images
        boxes : array of shape (n, 4)
            One box for each image.

        Returns
        -------
        ndarray of shape (n, 68, 2)
        """
        check_is_fitted(self)
        images = check_images(X)
        boxes = check_boxes(boxes, len(images))
        found = [self.mark(image, box[None])[0] for image, box in zip(images, boxes, strict=True)]
        return np.array(found).reshape(-1, N_LANDMARKS, 2)

    def score(self, X, y, boxes=None) -> float:
        """Minus the mean normalized error, from the points' own boxes unless others are given."""
        points = check_points(y, minimum=1)
        found = self.predict(X, bounding_boxes(points) if boxes is None else boxes)
        return -float(landmark_errors(found, points).mean())


def _box_change(boxes: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Median shift (over the box's size) and factor that take boxes to the points' own."""
    known = np.isfinite(boxes).all(axis=1)
    if not known.any():
        return np.array([0.0, 0.0, 1.0])
    boxes, own = boxes[known], own[known]
    sides, own_sides = np.sqrt(boxes[:, 2:].prod(axis=1)), np.sqrt(own[:, 2:].prod(axis=1))
    centers, own_centers = (b[:, :2] + b[:, 2:] / 2 for b in (boxes, own))
    shifts = (own_centers - centers) / sides[:, None]
    return np.array([*np.median(shifts, axis=0), np.median(own_sides / sides)])


def _changed(boxes: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Boxes moved and resized as `_box_change` found."""
    sides = np.sqrt(boxes[:, 2:].prod(axis=1, keepdims=True))
    centers = boxes[:, :2] + boxes[:, 2:] / 2 + change[:2] * sides
    sizes = boxes[:, 2:] * change[2]
    return np.concatenate([centers - sizes / 2, sizes], axis=1)


def check_boxes(boxes, n: int | None = None, *, gaps: bool = False) -> np.ndarray:
    """Boxes as an array (n, 4) of float; `DataError` unless they are that, and have a size.

    With `gaps` a row may be all NaN.
    """
    try:
        array = np.asarray(boxes, float)
    except (TypeError, ValueError):
        raise DataError("boxes must be numbers: x, y, width, height of each face.") from None
    if array.size == 0 and not n:
        return np.empty((0, 4))
    if array.ndim != 2 or array.shape[1] != 4 or n not in (None, len(array)):
        expected = f"({'n' if n is None else n}, 4)"
        raise DataError(f"boxes must have the shape {expected}. Got {array.shape} instead.")
    bad = ~(np.isfinite(array).all(axis=1) & (array[:, 2:] >= 1).all(axis=1))
    if gaps:
        bad &= ~np.isnan(array).all(axis=1)
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"box {i} must be finite, with sides of at least a pixel. Got {array[i].tolist()}."
        )
    return array


def check_points(points: Sequence, n: int | None = None, minimum: int = MIN_FACES) -> np.ndarray:
    """Points as an array (n, 68, 2) of float; `DataError` unless they can be faces'."""
    try:
        array = np.asarray(points, float)
    except (TypeError, ValueError):
        raise DataError(f"points must be {N_LANDMARKS} pairs of numbers for each face.") from None
    if array.ndim != 3 or array.shape[1:] != (N_LANDMARKS, 2) or n not in (None, len(array)):
        expected = f"({'n' if n is None else n}, {N_LANDMARKS}, 2)"
        raise DataError(f"points must have the shape {expected}. Got {array.shape} instead.")
    if len(array) < minimum:
        raise DataError(f"expected at least {minimum} faces. Got {len(array)}.")
    for i, shape in enumerate(array):
        check_face(shape, f"face {i}")
    return array


def check_face(shape: np.ndarray, name: str) -> None:
    """Raise `DataError` unless the points (68, 2) can be those of a face."""
    if not np.isfinite(shape).all():
        raise DataError(f"{name}: a point is not finite")
    if (np.ptp(shape, axis=0) < 4).any():
        raise DataError(f"{name}: the points span less than 4 pixels")
    if (shape[OUTER_EYES[0]] == shape[OUTER_EYES[1]]).all():
        raise DataError(f"{name}: the outer corners of the eyes coincide")


def check_inside(shape: np.ndarray, picture_shape: tuple[int, ...], name: str) -> None:
    """Raise `DataError` where points lie so far outside that they are another image's."""
    size = float(np.ptp(shape, axis=0).max())
    limit = np.array(picture_shape[1::-1]) - 1
    beyond = np.maximum(-shape, shape - limit).max(axis=1)
    if beyond.max() > _OUTSIDE * size:
        point = int(beyond.argmax())
        x, y = shape[point]
        raise DataError(
            f"{name}: point {point} ({x:g}, {y:g}) lies far outside the image "
            f"({picture_shape[1]} x {picture_shape[0]} pixels)"
        )
