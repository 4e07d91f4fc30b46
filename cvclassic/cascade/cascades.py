"""The structure of a cascade: stages of small decision trees over features of a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import ModelFileError

FEATURES = ("lbp", "haar")
CODES = 256
THRESHOLD_SLACK = np.float32(1e-5)  # OpenCV lowers every stage's threshold by this as it loads


@dataclass(frozen=True, eq=False)
class Tree:
    """A decision tree; with one node, a stump.

    Attributes
    ----------
    left, right, feature : ndarray of shape (k,), int32
        Per node: where to go if the test holds and if not (a node's number, or minus a leaf's),
        and the feature that is tested.
    test : ndarray of shape (k,), float32, or (k, 256), bool
        Haar: the feature is less than this. LBP: its code is one of those.
    leaves : ndarray of shape (k + 1,), float32
    """

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    test: np.ndarray
    leaves: np.ndarray


@dataclass(frozen=True, eq=False)
class Stage:
    """A window goes on to the next stage if its trees' leaves sum up to the threshold.

    Attributes
    ----------
    trees : tuple of Tree
    threshold : float
        As it stands in the file, a float32.
    """

    trees: tuple[Tree, ...]
    threshold: float

    @property
    def limit(self) -> float:
        """What OpenCV compares with: the threshold less 0.00001, in single precision."""
        return float(np.float32(self.threshold) - THRESHOLD_SLACK)


@dataclass(frozen=True, eq=False)
class Cascade:
    """A cascade of boosted trees, as `cv2.CascadeClassifier` runs them.

    Attributes
    ----------
    kind : {"lbp", "haar"}
    width, height : int
        Size of the window, in pixels.
    features : ndarray, float64 or int32
        LBP, shape (m, 4), int32: left, top, width and height of the first of 3 x 3 blocks. Haar,
        shape (m, 3, 5), float64: left, top, width, height, weight of up to three rectangles;
        those that are missing are zero.
    tilted : ndarray of shape (m,), bool
        Haar: rectangles stand on a corner.
    stages : tuple of Stage
    notes : mapping of str to str
        How it was trained. OpenCV does not read them.

    References
    ----------
    P. Viola and M. Jones, "Robust real-time face detection", IJCV 57(2), 2004, section 4.
    """

    kind: str
    width: int
    height: int
    features: np.ndarray
    tilted: np.ndarray
    stages: tuple[Stage, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def n_trees(self) -> int:
        """Trees of all stages."""
        return sum(len(stage.trees) for stage in self.stages)

    def check(self) -> None:
        """Check every number that OpenCV would use as an address.

        Raises
        ------
        ModelFileError
            A rectangle leaves the window, a node points nowhere, a number is not finite, ...
        """
        _require(self.kind in FEATURES, f"its features are {self.kind!r}")
        for name, size in (("width", self.width), ("height", self.height)):
            _require(3 <= size <= 1000, f"the {name} of the window is {size}")
        _require(len(self.features) >= 1, "it has no features")
        _require(len(self.stages) >= 1, "it has no stages")
        if self.kind == "lbp":
            self._check_blocks()
        else:
            self._check_rectangles()
        for number, stage in enumerate(self.stages):
            _require(len(stage.trees) >= 1, f"stage {number} is empty")
            _require(np.isfinite(stage.threshold), f"stage {number} has no threshold")
            for tree in stage.trees:
                self._check_tree(tree, f"stage {number}")

    def _check_blocks(self) -> None:
        x, y, w, h = np.asarray(self.features, np.int64).T
        inside = (x >= 0) & (y >= 0) & (w >= 1) & (h >= 1)
        inside &= (x + 3 * w <= self.width) & (y + 3 * h <= self.height)
        _require(bool(inside.all()), "a feature leaves the window")

    def _check_rectangles(self) -> None:
        _require(bool(np.isfinite(self.features).all()), "a weight is not finite")
        x, y, w, h, weight = np.moveaxis(self.features, 2, 0)
        used = weight != 0
        # the first two are read whether they weigh anything or not
        used[:, :2] = True
        straight = (x >= 0) & (y >= 0) & (w >= 0) & (h >= 0)
        left = np.where(self.tilted[:, None], x - h, x)
        bottom = np.where(self.tilted[:, None], y + w + h, y + h)
        inside = straight & (left >= 0) & (x + w <= self.width) & (bottom <= self.height)
        _require(bool((inside | ~used).all()), "a feature leaves the window")

    def _check_tree(self, tree: Tree, where: str) -> None:
        n = len(tree.left)
        _require(n >= 1 and len(tree.leaves) == n + 1, f"a tree of {where} has the wrong size")
        _require(
            bool(((tree.feature >= 0) & (tree.feature < len(self.features))).all()),
            f"a tree of {where} asks for a feature that is not there",
        )
        own = np.arange(n)
        for to in (tree.left, tree.right):
            # a node leads on to a later one, so that no window goes round in circles
            good = ((to > own) & (to < n)) | ((to <= 0) & (to >= -n))
            _require(bool(good.all()), f"a tree of {where} points nowhere")
        if n == 1:
            _require(
                tree.left[0] == 0 and tree.right[0] == -1, f"a stump of {where} has no two leaves"
            )
        _require(bool(np.isfinite(tree.leaves).all()), f"a leaf of {where} is not finite")
        if self.kind == "haar":
            _require(bool(np.isfinite(tree.test).all()), f"a test of {where} is not finite")


def _require(condition: bool, message: str) -> None:
    """Raise `ModelFileError` unless `condition` holds."""
    if not condition:
        raise ModelFileError(f"the cascade is invalid: {message}")


def stump(feature: int, test: np.ndarray | float, yes: float, no: float) -> Tree:
    """A tree of one node: `yes` if the test holds, else `no`.

    Examples
    --------
    >>> stump(3, 0.5, 1, -1).leaves.tolist()
    [1.0, -1.0]
    """
    test = np.asarray(test)
    return Tree(
        np.array([0], np.int32),
        np.array([-1], np.int32),
        np.array([feature], np.int32),
        test[None] if test.dtype == bool else test[None].astype(np.float32),
        np.array([yes, no], np.float32),
    )
