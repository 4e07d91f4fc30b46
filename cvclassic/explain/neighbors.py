"""The training images most like an image, and the keypoints that make them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline

from ..errors import ImageReadError, ParameterError
from ..images import Picture, map_blocks, single_threaded
from .attribution import Trace, trace
from .directions import mapped, parts_of_entries
from .local_features import Bag, check_explainable, in_common_pixels, members_of, open_bags

_CANDIDATES = 400  # keypoints of an image that are looked at for pairs, of each encoder


@dataclass(frozen=True, eq=False)
class Neighbor:
    """A training image, how like it is, and which keypoints say so.

    Parameters
    ----------
    index : int
        Which of the training images.
    label : object
    similarity : float
        Cosine of the two vectors.
    xy, matched_xy : ndarray of shape (m, 2), float32
        Places in the image and in the training image that have the same visual word,
        the pair that adds most to the similarity first; m = 0 for recipes without words.
    parts : ndarray of shape (m,), float64
        Weight of each pair: the geometric mean of its two keypoints' shares in the similarity.
    image_shape : tuple of int
        Height and width of the training image as the recipe sees it.
    """

    index: int
    label: object
    similarity: float
    xy: np.ndarray
    matched_xy: np.ndarray
    parts: np.ndarray
    image_shape: tuple[int, int]


class SimilarPictures:
    """Training images, encoded once, to look up neighbors of many images.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    images : sequence of images
        Training images.
    labels : sequence of labels
    n_jobs : int or None, default=None
        As in joblib.

    Attributes
    ----------
    failures : list of (index, ImageReadError)
        Images that cannot be read; they are never neighbors.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> near = SimilarPictures(model, images, list("abababab")).nearest(images[2], 1)
    >>> near[0].index, round(near[0].similarity, 3)
    (2, 1.0)
    """

    def __init__(
        self, pipeline: Pipeline, images: Sequence, labels: Sequence, n_jobs: int | None = None
    ) -> None:
        check_explainable(pipeline)
        if len(images) != len(labels):
            raise ParameterError(
                f"labels must be as many as the {len(images)} images. Got {len(labels)}."
            )
        self._pipeline = pipeline
        self._members = members_of(pipeline[0])
        self._images = images
        self._labels = labels
        self.failures: list[tuple[int, ImageReadError]] = []
        blocks = map_blocks(self._encode_block, images, n_jobs=n_jobs)
        rows: list[np.ndarray] = []
        for block in blocks:
            for row in block:
                if isinstance(row, ImageReadError):
                    self.failures.append((len(rows), row))
                    row = np.zeros(0, np.float32)
                rows.append(row)
        size = max((len(row) for row in rows), default=0)
        self._vectors = np.stack([row if len(row) else np.zeros(size, "f4") for row in rows])

    @single_threaded()
    def nearest(self, image, n: int = 3, *, n_pairs: int = 30) -> list[Neighbor]:
        """The n training images most like an image, the nearest first.

        Parameters
        ----------
        image : path, encoded bytes, ndarray or Picture
        n : int
        n_pairs : int
            Maximum number of keypoint pairs. Pairs have the same visual word (or Gaussian), lie
            nearest to each other among its descriptors, and a keypoint is in one pair only.

        Returns
        -------
        list of Neighbor
            Fewer than n if there are fewer that can be read and show something.
        """
        picture = image if isinstance(image, Picture) else Picture(image)
        vector = self._encode_block([picture])[0]
        if isinstance(vector, ImageReadError):
            raise vector
        cosines = self._vectors @ vector
        order = np.argsort(-cosines, kind="stable")[:n]
        order = order[cosines[order] > 0]
        return [self._neighbor(picture, int(i), float(cosines[i]), n_pairs) for i in order]

    def _encode_block(self, images: list) -> list:
        """Vectors of length 1 as the head sees them; or why there is none."""
        out: list = []
        features, steps = self._pipeline[0], [step for _, step in self._pipeline.steps[1:-1]]
        for image in images:
            try:
                vector = mapped(steps, features.block_vectors([image]))[0]
            except ImageReadError as error:
                out.append(error)
                continue
            length = float(np.sqrt(np.dot(vector, vector)))
            out.append(vector / length if length > 0 else vector)
        return out

    def _products(self, traces: list[list[Trace | None]]) -> np.ndarray:
        """Parts of the entries of the recipe's vector in the similarity of two images."""
        steps = [step for _, step in self._pipeline.steps[1:-1]]
        sides = []
        for some in traces:
            columns = [
                np.zeros(len(member.columns), np.float32)
                if found is None
                else member.weigh(found.vector)
                for member, found in zip(self._members or [], some, strict=True)
            ]
            vector = mapped(steps, np.concatenate(columns)[None])[0].astype(np.float64)
            sides.append(vector / max(float(np.linalg.norm(vector)), 1e-12))
        return parts_of_entries(steps, sides[0] * sides[1])

    def _neighbor(self, picture: Picture, i: int, cosine: float, n_pairs: int) -> Neighbor:
        nothing = np.zeros((0, 2), np.float32)
        label = self._labels[i]
        if self._members is None:
            return Neighbor(i, label, cosine, nothing, nothing, np.zeros(0), (1, 1))
        one, two = (open_bags(self._members, some) for some in (picture, self._images[i]))
        traces = [
            [
                trace(b.member.encoder, b.features, b.cells) if len(b.features) else None
                for b in bags
            ]
            for bags in (one, two)
        ]
        entries = self._products(traces)
        pairs = [
            _pairs(a, b, s, t, a.member.parts(entries))
            for a, b, s, t in zip(one, two, *traces, strict=True)
        ]
        xy = [[f.xy for f in in_common_pixels(bags)] for bags in (one, two)]
        left = np.concatenate([place[p[0]] for place, p in zip(xy[0], pairs, strict=True)])
        right = np.concatenate([place[p[1]] for place, p in zip(xy[1], pairs, strict=True)])
        parts = np.concatenate([p[2] for p in pairs])
        best = np.argsort(-parts, kind="stable")[:n_pairs]
        best = best[parts[best] > 0]
        shape = two[0].features.image_shape
        return Neighbor(i, label, cosine, left[best], right[best], parts[best], shape)


def _pairs(
    one: Bag, two: Bag, first: Trace | None, second: Trace | None, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mutually nearest descriptors of the same word: rows in both images, and weights.

    The similarity is a sum over entries of the vectors, `product`; each entry is shared among
    the keypoints of either image as in an explanation.
    """
    none = np.zeros(0, int)
    if first is None or second is None:
        return none, none, np.zeros(0)
    traces = [first, second]
    shares = [found.shares(product) for found in traces]
    kept = [np.argsort(-s, kind="stable")[:_CANDIDATES] for s in shares]
    words = [found.words[rows] for found, rows in zip(traces, kept, strict=True)]
    a, b = (bag.features.descriptors[rows] for bag, rows in zip((one, two), kept, strict=True))
    apart = np.einsum("nd,nd->n", a, a)[:, None] + np.einsum("nd,nd->n", b, b) - 2 * (a @ b.T)
    apart[words[0][:, None] != words[1]] = np.inf
    there, back = apart.argmin(axis=1), apart.argmin(axis=0)
    rows = np.arange(len(a))
    mutual = (back[there] == rows) & np.isfinite(apart[rows, there])
    i, j = kept[0][rows[mutual]], kept[1][there[mutual]]
    left, right = np.maximum(shares[0][i], 0), np.maximum(shares[1][j], 0)
    return i, j, np.sqrt(left * right)
