"""Smallest sets of keypoints whose removal changes the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline

from ..errors import ParameterError
from ..images import single_threaded
from .directions import decide, mapped
from .explanation import Explanation, class_column
from .local_features import Bag, check_explainable, members_of, open_bags
from .pictures import explain_bags

_OPPONENTS = 3  # classes that the answer is led towards


@dataclass(frozen=True, eq=False)
class FlippingSet:
    """Keypoints without which an image gets another label.

    Parameters
    ----------
    index : ndarray of shape (m,), int
        Rows of the explanation, the one that goes first in front. Empty where the label
        stands whatever goes.
    label, label_after : object
        Answer with all keypoints and without these; `label_after` is None where there is no
        such set.
    n_keypoints : int
        Number of keypoints in the image.
    """

    index: np.ndarray
    label: object
    label_after: object
    n_keypoints: int

    def __len__(self) -> int:
        return len(self.index)


class Removal:
    """Decisions about an image with some of its keypoints gone, encoded again each time.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    bags : list of Bag
        Keypoints are numbered through all of them, as in an `Explanation`.
    """

    def __init__(self, pipeline: Pipeline, bags: list[Bag]) -> None:
        self._head = pipeline[-1]
        self._steps = [step for _, step in pipeline.steps[1:-1]]
        self._bags = bags
        self._bounds = np.cumsum([0] + [len(bag.features) for bag in bags])

    def decisions(self, keep: np.ndarray) -> np.ndarray:
        """Decisions of all classes with the keypoints where `keep`, (n,) of bool, is true."""
        parts = zip(self._bags, self._bounds[:-1], self._bounds[1:], strict=True)
        vector = np.concatenate([bag.vector(np.flatnonzero(keep[a:b])) for bag, a, b in parts])
        return decide(self._head, mapped(self._steps, vector[None]))[0]


def shortest_prefix(n: int, flips: Callable[[int], bool]) -> int | None:
    """A number m of things to remove for which `flips` holds and does not for m - 1.

    Steps that double, then bisection; where the answer goes back and forth with m, not
    necessarily the least.

    Parameters
    ----------
    n : int
        Largest number to try.
    flips : callable
        Takes a number from 1 to n.

    Returns
    -------
    int or None
        None where none of those tried flips.

    Examples
    --------
    >>> shortest_prefix(100, lambda m: m >= 37), shortest_prefix(10, lambda m: False)
    (37, None)
    """
    low, high = 0, 1
    while high <= n and not flips(high):
        low, high = high, (2 * high if 2 * high <= n or high == n else n)
        if low == n:
            return None
    if high > n:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if flips(middle) else (middle, high)
    return high


@single_threaded()
def find_flipping_set(
    pipeline: Pipeline, image, explanation: Explanation | None = None
) -> FlippingSet:
    """Find few keypoints whose removal changes the label.

    Keypoints go in the order of their shares for the label against an opponent, the largest
    first; the remaining features are encoded again, with all normalizations, and the head is
    asked again, so that `label_after` is the model's own answer. This is done for the three
    opponents that are nearest, and the shortest set stands. Which subset is the smallest of
    all is a combinatorial question: the greedy one is an **upper bound**. At least one
    keypoint stays.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        A classifier of images by local features.
    image : path, encoded bytes, ndarray or Picture
    explanation : Explanation, optional
        Explanation of this image; its two classes are tried first.

    Returns
    -------
    FlippingSet

    Raises
    ------
    ParameterError
        The recipe sees images as a whole: there are no keypoints to remove.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> found = find_flipping_set(model, images[0])
    >>> found.label, found.label_after, len(found) < found.n_keypoints
    ('a', 'b', True)
    """
    check_explainable(pipeline)
    members = members_of(pipeline[0])
    if members is None:
        raise ParameterError(
            "This model uses the whole image: it has no keypoints whose removal could change "
            "the label."
        )
    bags = open_bags(members, image)
    (first,) = explain_bags(pipeline, members, [bags])
    n, label = len(first), first.label
    removal = Removal(pipeline, bags)
    winner = first.classes.index(label)
    rivals = [i for i in np.argsort(-first.decisions, kind="stable").tolist() if i != winner]
    rivals = rivals[:_OPPONENTS]
    if explanation is not None and explanation.against != label:
        asked = class_column(first.classes, "against", explanation.against)
        rivals = [asked, *(i for i in rivals if i != asked)]
    best, after = np.zeros(0, int), None
    most = n - 1
    for rival in rivals:
        other = first.classes[rival]
        (found,) = explain_bags(pipeline, members, [bags], label, other)
        order = np.argsort(-found.shares, kind="stable")

        def answer(m: int, order: np.ndarray = order) -> int:
            keep = np.ones(n, bool)
            keep[order[:m]] = False
            return int(removal.decisions(keep).argmax())

        m = shortest_prefix(most, lambda m, answer=answer: answer(m) != winner)  # type: ignore[misc]
        if m is not None and (after is None or m < len(best)):
            best, after, most = order[:m], first.classes[answer(m)], m
    return FlippingSet(best, label, after, n)
