"""Visual words: what they look like in the training images, and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from sklearn.pipeline import Pipeline

from ..classify import RidgeClassifier, SVMClassifier
from ..errors import ImageReadError, ParameterError
from ..images import Picture, load_pixels, map_blocks
from .attribution import trace
from .directions import mapped, parts_of_entries
from .local_features import Member, check_explainable, members_of
from .placed_vectors import PlacedVector

_MARGIN = 3.0  # half the side of a patch, in sizes of the keypoint: what SIFT describes

_CONTEXTS = 2  # images of a word that are shown whole
_CONTEXT_SIDE = 200


@dataclass(frozen=True, eq=False)
class VisualWord:
    """A word of the vocabulary, or a Gaussian of the mixture.

    Parameters
    ----------
    number : int
        In its encoder.
    member : int
        Which encoder of the recipe.
    n_images : int
        Images that show it.
    patches : list of ndarray of shape (h, w) or (h, w, 3), uint8
        Where its descriptors come from: those nearest to it, one an image.
    weights : ndarray of shape (n_classes,), float64, or None
        What it adds to the decision of each class, in the mean over the images that show
        it, less the mean of all classes. None for heads that are not linear.
    contexts : list of ndarray of shape (h, w, 3), uint8
        The images of the first patches, with the patch outlined.
    """

    number: int
    member: int
    n_images: int
    patches: list[np.ndarray]
    weights: np.ndarray | None
    contexts: list[np.ndarray] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How much it tells classes apart: the spread of its weights over classes."""
        return 0.0 if self.weights is None else float(self.weights.std())


def browse_words(
    pipeline: Pipeline,
    images: Sequence,
    *,
    n_words: int | None = None,
    n_patches: int = 10,
    patch_side: int = 48,
    n_jobs: int | None = None,
) -> tuple[list[VisualWord], list[tuple[int, ImageReadError]]]:
    """Look up every visual word in training images.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        A fitted classifier by visual words: bags of words, LLC, VLAD, Fisher vectors.
    images : sequence of images
        Read twice at most.
    n_words : int, optional
        Only those that tell classes apart best (for heads that are not linear: that occur
        in most images); all unless given.
    n_patches : int
        Patches of each.
    patch_side : int
        Their side in pixels.
    n_jobs : int or None
        As in joblib.

    Returns
    -------
    words : list of VisualWord
        The most telling first.
    failures : list of (index, ImageReadError)
        Images that cannot be read.

    Raises
    ------
    ParameterError
        The recipe has no visual words.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> words, _ = browse_words(model, images, n_words=3)
    >>> len(words), len(words[0].patches) > 0
    (3, True)
    """
    check_explainable(pipeline)
    members = members_of(pipeline[0])
    if not members:
        raise ParameterError(
            "This model has no visual words: it uses the whole image. "
            "The recipes sift-bow, phow, llc, vlad, fast and fisher have visual words."
        )
    head, steps = pipeline[-1], [step for _, step in pipeline.steps[1:-1]]
    linear = isinstance(head, SVMClassifier | RidgeClassifier) and head.kernel == "linear"
    found: list[list[_Sightings]] = []
    failures: list[tuple[int, ImageReadError]] = []
    total = np.zeros(head.coef_.shape[1] if linear else 0)
    for block in map_blocks(lambda some: [_look(members, i) for i in some], images, n_jobs=n_jobs):
        for seen in block:
            if isinstance(seen, ImageReadError):
                failures.append((len(found), seen))
                found.append([])
                continue
            sightings, vector = seen
            found.append(sightings)
            if linear:
                total += mapped(steps, vector[None])[0]
    entries = None
    if linear:
        coef = head.coef_ - head.coef_.mean(axis=0)
        entries = np.stack([parts_of_entries(steps, row * total) for row in coef])
    words: list[VisualWord] = []
    for m, member in enumerate(members):
        if isinstance(member.encoder, PlacedVector):
            continue
        words += _words_of(m, member, found, entries)
    key = (lambda w: -w.weight) if entries is not None else (lambda w: -w.n_images)
    words = sorted(words, key=key)[:n_words]
    chosen = {(word.member, word.number): word for word in words}
    _cut_patches(members, images, found, chosen, n_patches, patch_side, n_jobs)
    return words, failures


@dataclass(frozen=True, eq=False)
class _Sightings:
    """The best example of each word in one image."""

    words: np.ndarray
    distances: np.ndarray
    xy: np.ndarray
    scale: np.ndarray
    angle: np.ndarray


def _look(members: list[Member], image) -> tuple[list[_Sightings], np.ndarray] | ImageReadError:
    """The descriptor nearest to each word of one image, and the image's vector."""
    from ..encode import FisherVector, cell_index

    picture = image if isinstance(image, Picture) else Picture(image)
    out, vectors = [], []
    try:
        for member in members:
            encoder = member.encoder
            features = encoder.local_features(picture)
            if not len(features):
                none = np.zeros(0, int)
                vectors.append(np.zeros(len(member.columns), np.float32))
                out.append(_Sightings(none, none, np.zeros((0, 2)), none, none))
                continue
            cells = cell_index(features.xy, features.image_shape, encoder.pyramid)
            made = trace(encoder, features, cells)
            if isinstance(encoder, PlacedVector):  # has no words
                none = np.zeros(0, int)
                vectors.append(member.weigh(made.vector))
                out.append(_Sightings(none, none, np.zeros((0, 2)), none, none))
                continue
            if isinstance(encoder, FisherVector):
                x = encoder.project(encoder.codebook_rows(features))
                apart = (x - encoder.means_[made.words]) ** 2 / encoder.variances_[made.words]
            else:
                project = getattr(encoder, "project", lambda rows: rows)
                apart = (project(features.descriptors) - encoder.words_[made.words]) ** 2
            distances = apart.sum(axis=1)
            order = np.lexsort((distances, made.words))
            words, first = np.unique(made.words[order], return_index=True)
            best = order[first]
            vectors.append(member.weigh(made.vector))
            out.append(
                _Sightings(
                    words,
                    distances[best],
                    features.xy[best],
                    features.scale[best],
                    features.angle[best],
                )
            )
    except ImageReadError as error:
        return error
    return out, np.concatenate(vectors)


def _words_of(m: int, member: Member, found: list, entries: np.ndarray | None) -> list[VisualWord]:
    """Words of one encoder with their weights, still without patches."""
    encoder = member.encoder
    k = len(getattr(encoder, "means_", getattr(encoder, "words_", [])))
    counts = np.zeros(k, int)
    for seen in found:
        if seen:
            counts[seen[m].words] += 1
    weights: np.ndarray | None = None
    if entries is not None:
        owner = _word_of_entry(encoder, k)
        sums = np.stack([np.bincount(owner, member.parts(row), minlength=k) for row in entries])
        weights = (sums / np.maximum(counts, 1)).T
    return [
        VisualWord(i, m, int(counts[i]), [], None if weights is None else weights[i])
        for i in range(k)
    ]


def _word_of_entry(encoder, k: int) -> np.ndarray:
    """Which word each entry of an encoder's vector belongs to."""
    from ..encode import VLAD, FisherVector

    n_cells = sum(rows * columns for rows, columns in encoder.pyramid)
    words = np.arange(k)
    if isinstance(encoder, FisherVector):
        words = np.tile(np.repeat(words, encoder.means_.shape[1]), 2)
    elif isinstance(encoder, VLAD):
        words = np.repeat(words, encoder.words_.shape[1])
    return np.tile(words, n_cells)


def _cut_patches(members, images, found, chosen, n_patches, side, n_jobs) -> None:
    """Cut the nearest examples of the chosen words out of their images."""
    best: dict[tuple[int, int], list] = {key: [] for key in chosen}
    for i, seen in enumerate(found):
        for m, one in enumerate(seen):
            for row, number in enumerate(one.words.tolist()):
                if (m, number) in best:
                    best[m, number].append((float(one.distances[row]), i, row))
    wanted: dict[int, list] = {}
    for key, examples in best.items():
        for rank, (_, i, row) in enumerate(sorted(examples)[:n_patches]):
            wanted.setdefault(i, []).append((key, rank, row))
    pictures = sorted(wanted)

    def cut(block: list[int]) -> list[tuple]:
        out = []
        for i in block:
            for key, rank, row in wanted[i]:
                one = found[i][key[0]]
                pixels = load_pixels(images[i], members[key[0]].encoder.max_side)
                half = max(_MARGIN * float(one.scale[row]), 4.0)
                patch = _upright_patch(pixels, one.xy[row], half, float(one.angle[row]), side)
                context = None
                if rank < _CONTEXTS:
                    context = _outlined(pixels, one.xy[row], half, float(one.angle[row]))
                out.append((key, rank, patch, context))
        return out

    cuts = [one for block in map_blocks(cut, pictures, n_jobs=n_jobs) for one in block]
    for key, _, patch, context in sorted(cuts, key=lambda one: one[1]):
        chosen[key].patches.append(patch)
        if context is not None:
            chosen[key].contexts.append(context)


def _outlined(pixels: np.ndarray, xy: np.ndarray, half: float, angle: float) -> np.ndarray:
    """A small copy of an image with the square that a descriptor looks at."""
    factor = min(1.0, _CONTEXT_SIDE / max(pixels.shape[:2]))
    size = (max(round(pixels.shape[1] * factor), 1), max(round(pixels.shape[0] * factor), 1))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)
    axes = half * np.array(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    )
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) @ axes + xy
    ends = np.rint((corners + 0.5) * factor - 0.5).astype(np.int32)
    for color, width in (((20, 20, 20), 4), ((255, 213, 0), 2)):
        cv2.polylines(small, [ends], True, color, width, cv2.LINE_AA)
    return small


def _upright_patch(
    pixels: np.ndarray, xy: np.ndarray, half: float, angle: float, side: int
) -> np.ndarray:
    """What a descriptor looks at, turned so that its orientation points to the right."""
    step = 2 * half / side
    cos, sin = step * math.cos(angle), step * math.sin(angle)
    middle = (side - 1) / 2
    turn = np.array(
        [
            [cos, -sin, float(xy[0]) - middle * (cos - sin)],
            [sin, cos, float(xy[1]) - middle * (sin + cos)],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(pixels, turn, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
