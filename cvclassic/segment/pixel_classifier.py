"""`PixelClassifier`: a class for every pixel, learned from masks or from scribbles."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import (
    check_bool,
    check_choice,
    check_integer,
    check_jobs,
    check_number,
    check_seed,
)
from ..errors import DataError, ParameterError
from ..images import read_image
from .examples import Example, choose_images, cut_to_budget
from .instances import InstanceRule, learn_rule, split_instances
from .learning import Settings, learn_pixels
from .pixel_model import PixelModel, classes_of, map_steps, probabilities, score_tiles
from .trees import MAX_DEPTH

_MOST_CLASSES = 256


class PixelClassifier(BaseEstimator):
    """Segment images by boosted trees over multi-scale features, with auto-context.

    Parameters
    ----------
    n_trees : int, default=100
        Trees of the second stage; the first, which only feeds the second, has three fifths.
    depth : int, default=7
        Comparisons per tree, at most 8.
    learning_rate : float, default=0.15
    context : bool or "auto", default="auto"
        Whether a second stage looks at what the first one says about the surroundings; "auto"
        keeps it where held-out scores gain.
    position : bool or "auto", default="auto"
        Whether row and column are features: good for street scenes, bad for a few scribbles.
        "auto" uses them with full masks of five images or more.
    class_weight : dict, "balanced" or None, default=None
        Weight of the pixels of each class. None is half-way between even pixels and even classes.
    max_pixels : int, default=200000
        Pixels that are learned from, evenly drawn from images and classes.
    instances : bool, default=False
        Masks hold instance numbers; touching objects are told apart.
    random_state : int, RandomState or None, default=None
    n_jobs : int or None, default=None

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), int
        Values of the masks; with `instances` 0 and 1.
    model_ : PixelModel
    rule_ : InstanceRule or None
        How touching objects are separated.
    held_out_value_ : float
        Dice of the last of two classes, or mean IoU of several, on pixels of training images that
        were held out. Thresholds are chosen on the same pixels.

    References
    ----------
    .. [1] C. Sommer et al., "ilastik: interactive learning and segmentation toolkit", ISBI 2011
       (pixel classification by multi-scale features and trees).
    .. [2] Z. Tu and X. Bai, "Auto-context and its application to high-level vision tasks and 3D
       brain image segmentation", PAMI 32(10), 2010, section 3.2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> masks = [np.kron(rng.integers(0, 2, (4, 4)), np.ones((16, 16), int)) for _ in range(3)]
    >>> images = [(60 + 100 * m + rng.normal(0, 9, m.shape)).astype(np.uint8) for m in masks]
    >>> model = PixelClassifier(n_trees=10, depth=3, random_state=0).fit(images, masks)
    >>> bool((model.predict(images[:1])[0] == masks[0]).mean() > 0.95)
    True
    """

    def __init__(
        self,
        *,
        n_trees: int = 100,
        depth: int = 7,
        learning_rate: float = 0.15,
        context: bool | str = "auto",
        position: bool | str = "auto",
        class_weight=None,
        max_pixels: int = 200_000,
        instances: bool = False,
        random_state=None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_trees = n_trees
        self.depth = depth
        self.learning_rate = learning_rate
        self.context = context
        self.position = position
        self.class_weight = class_weight
        self.max_pixels = max_pixels
        self.instances = instances
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _check(self) -> None:
        check_integer("n_trees", self.n_trees, 1)
        check_integer("depth", self.depth, 1)
        if self.depth > MAX_DEPTH:
            raise ParameterError(f"depth must be <= {MAX_DEPTH}. Got {self.depth} instead.")
        check_number("learning_rate", self.learning_rate, 0, exclusive=True)
        check_choice("context", self.context, (True, False, "auto"))
        check_choice("position", self.position, (True, False, "auto"))
        check_integer("max_pixels", self.max_pixels, 100)
        check_bool("instances", self.instances)
        check_seed("random_state", self.random_state)
        check_jobs("n_jobs", self.n_jobs)

    def fit(self, X: Sequence, y: Sequence[np.ndarray], *, scribbles: bool = False):
        """Learn.

        Parameters
        ----------
        X : sequence of n images
            Paths, encoded bytes or arrays.
        y : sequence of n ndarray of shape (H, W), int
            Class of each pixel, negative where it is not known; instance numbers, 0 for the
            background, with `instances`.
        scribbles : bool, default=False
            0 means "not labeled" and is no class.

        Returns
        -------
        self

        Raises
        ------
        DataError
            A mask does not fit its image, or there are not two classes to tell apart.
        """
        self._check()
        if len(X) != len(y) or not len(X):
            raise ParameterError(
                f"X and y must be as many, at least one. Got {len(X)} and {len(y)}."
            )
        if self.instances and scribbles:
            raise ParameterError("instances needs full masks, not scribbles.")
        rng = np.random.default_rng(_seed(self.random_state))
        chosen = choose_images(y, rng, 0 if scribbles else None)
        examples = [
            cut_to_budget(_example(X[i], y[i], i, scribbles), len(chosen), rng) for i in chosen
        ]
        values = _values(examples, self.instances)
        labels = [_numbers(example.mask, values, self.instances) for example in examples]
        self.classes_ = values
        n_labeled = sum(bool((label >= 0).any()) for label in labels)
        position = self.position
        if position == "auto":
            position = not scribbles and n_labeled >= 5
        settings = Settings(
            self.n_trees,
            self.depth,
            self.learning_rate,
            self.max_pixels,
            self.context,
            scribbles,
        )
        used = [i for i, label in enumerate(labels) if (label >= 0).any()]
        self.model_, held_out = learn_pixels(
            [examples[i] for i in used],
            [labels[i] for i in used],
            len(values),
            self._weights(labels, values),
            bool(position),
            settings,
            rng,
            self.n_jobs,
        )
        self.rule_ = None
        if self.instances:
            self.rule_ = learn_rule(
                [scores[0] for scores in held_out.scores],
                [np.maximum(examples[i].mask, 0) for i in used],
                [examples[i].mask >= 0 for i in used],
            )
        self.held_out_value_ = held_out.value
        return self

    def _weights(self, labels: list[np.ndarray], values: np.ndarray) -> np.ndarray:
        weights = np.ones(len(values))
        if isinstance(self.class_weight, dict):
            for value, weight in self.class_weight.items():
                known = isinstance(weight, Real) and float(weight) > 0 and value in values
                if not known:
                    raise ParameterError(
                        "class_weight must give classes of the masks numbers > 0. "
                        f"Got {value!r}: {weight!r}."
                    )
                weights[values == value] = weight
        elif self.class_weight == "balanced":
            counts = np.zeros(len(values))
            for y in labels:
                counts += np.bincount(y[y >= 0], minlength=len(values))
            weights = np.sqrt(counts.sum() / np.maximum(counts, 1) / len(values))
        elif self.class_weight is not None:
            raise ParameterError(
                f"class_weight must be a dict, 'balanced' or None. Got {self.class_weight!r}."
            )
        return weights

    def predict(self, X: Sequence) -> list[np.ndarray]:
        """Class of every pixel.

        Parameters
        ----------
        X : sequence of images
            Paths, encoded bytes or arrays.

        Returns
        -------
        list of ndarray of shape (H, W), uint16
            Values of `classes_`.
        """
        return [self.segment(x)[0] for x in X]

    def predict_proba(self, X: Sequence) -> list[np.ndarray]:
        """Probabilities of the classes.

        Two classes are told apart at 0.5, which stands for the threshold that was best on held-out
        training pixels; so the numbers are confidences and not frequencies.

        Returns
        -------
        list of ndarray of shape (n_classes, H, W), float32
        """
        check_is_fitted(self)
        found = []
        for x in X:
            image = read_image(x)
            k = len(self.model_.offset)
            scores = np.empty((k, *image.shape[:2]), np.float32)

            def take(w, part, scores=scores):
                scores[:, w.top : w.top + w.height, w.left : w.left + w.width] = part

            score_tiles(self.model_, image, take)
            found.append(probabilities(scores))
        return found

    def predict_instances(self, X: Sequence) -> list[np.ndarray]:
        """Number of the object at every pixel, 0 for the background.

        Returns
        -------
        list of ndarray of shape (H, W), uint16

        Raises
        ------
        ParameterError
            The model has more than two classes.
        """
        check_is_fitted(self)
        if len(self.classes_) != 2:
            raise ParameterError("Only a model of two classes tells objects apart.")
        return [self._objects(self.segment(x)[1][0]) for x in X]

    def _objects(self, steps: np.ndarray) -> np.ndarray:
        return split_instances(steps, self.rule_ or InstanceRule())

    def segment(self, x) -> tuple[np.ndarray, np.ndarray]:
        """Classes and confidences of one image, tile by tile.

        Memory beyond the image is 2 + 2 k bytes per pixel and some hundred megabytes.

        Parameters
        ----------
        x : path, bytes or ndarray

        Returns
        -------
        classes : ndarray of shape (H, W), uint16
        steps : ndarray of shape (k, H, W), uint8
            Probabilities in steps of 1/255: of the second of two classes (k = 1), or of each.
        """
        check_is_fitted(self)
        image = read_image(x)
        model: PixelModel = self.model_
        numbers = np.empty(image.shape[:2], np.uint8)
        steps = np.empty((len(model.offset), *image.shape[:2]), np.uint8)

        def take(window, scores) -> None:
            rows = slice(window.top, window.top + window.height)
            columns = slice(window.left, window.left + window.width)
            numbers[rows, columns] = classes_of(scores)
            steps[:, rows, columns] = map_steps(scores)

        score_tiles(model, image, take)
        return np.asarray(self.classes_, np.uint16)[numbers], steps


def _seed(random_state):
    from .._basics.checks import seed_number

    return None if random_state is None else seed_number("random_state", random_state)


def _example(x, mask, i: int, scribbles: bool) -> Example:
    image = read_image(x)
    mask = np.asarray(mask)
    if mask.dtype == bool:
        mask = mask.astype(np.int32)
    if mask.dtype.kind not in "iu":
        raise ParameterError(f"y[{i}] must hold whole numbers. Got {mask.dtype} instead.")
    if mask.shape != image.shape[:2]:
        raise DataError(
            f"y[{i}] has the shape {mask.shape}, and its image {image.shape[:2]}; "
            "they must be the same."
        )
    mask = mask.astype(np.int32)
    if scribbles:
        mask = np.where(mask == 0, -1, mask)
    return Example(image, mask)


def _values(examples: list[Example], instances: bool) -> np.ndarray:
    """Values of the classes."""
    if instances:
        if not any((e.mask > 0).any() for e in examples):
            raise DataError("the masks hold no object")
        return np.array([0, 1])
    found = np.unique(np.concatenate([np.unique(e.mask) for e in examples]))
    values = found[found >= 0]
    if len(values) < 2:
        which = f"only class {values[0]}" if len(values) else "no labeled pixel"
        raise DataError(f"at least two classes must be labeled, found {which}")
    if len(values) > _MOST_CLASSES:
        raise DataError(
            f"masks have {len(values)} different values, at most {_MOST_CLASSES} classes are "
            "learned. Masks of instance numbers need instances=True (--instances)."
        )
    return values


def _numbers(mask: np.ndarray, values: np.ndarray, instances: bool) -> np.ndarray:
    """Values as numbers from 0, -1 where nothing is known."""
    if instances:
        return np.where(mask < 0, -1, mask > 0).astype(np.int32)
    return np.where(mask < 0, -1, np.searchsorted(values, mask)).astype(np.int32)
