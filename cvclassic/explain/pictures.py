"""Every keypoint's share in the decision about an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from sklearn.pipeline import Pipeline

from ..classify import probabilities
from ..errors import ParameterError
from ..images import Picture, load_pixels, map_blocks
from .attribution import Trace, trace
from .directions import decide, direction_between, mapped, parts_of_entries
from .explanation import Explanation, class_column
from .local_features import Bag, Member, check_explainable, in_common_pixels, members_of, open_bags
from .occlusion import occlusion_shares

_BLOCK = 16  # images that share one pass over the classifier's weights
EXACT = "Linear classifier: the shares of all keypoints and the bias add up to the decision. "
TANGENT = (
    "Nonlinear classifier: the shares are gradient times input at this image; with the bias of "
    "this tangent they add up to the decision. "
)
_RULES = {
    "BagOfWords": "Keypoints of a visual word share its contribution equally.",
    "LLC": "A word's contribution goes to the descriptor with the largest code for it.",
    "FisherVector": (
        "A Gaussian's contribution is divided by what each descriptor added to its gradient, "
        "damped where they cancel."
    ),
    "VLAD": (
        "A word's contribution is divided by what each descriptor added to its residual, damped "
        "where they cancel."
    ),
    "PlacedVector": "Blocks of HOG and cells of the scattering transform are one place each.",
}
OCCLUSION = (
    "The recipe uses the whole image: a share is how far the decision falls when a window around "
    "the place is blurred. Shares need not add up to the decision."
)


def explain_picture(
    pipeline: Pipeline, image, label: object = None, against: object = None
) -> Explanation:
    """Split a decision into the contributions of keypoints.

    **Linear heads** (SVM, ridge, a network without hidden layers) on bags of words, VLAD, LLC
    and Fisher vectors, also with a pyramid, a kernel map or several encoders side by side: the
    decision is ``bias + Σ_j w_j z_j`` over the entries of the vector. The part ``w_j z_j`` of
    each entry is shared among the keypoints that made the entry, and the shares of an entry
    add up to its part. So ``bias + shares.sum()`` is the decision, for any normalization:

    - bag of words: keypoints of a word (and cell) cannot be told apart, and share equally
      what the word's columns behind the kernel map have together;
    - LLC: maximum pooling kept one descriptor's code, which gets all;
    - Fisher vector and VLAD: the length that vectors are divided by is a common factor. A
      signed power of a sum is shared in proportion to the summands (Aumann-Shapley along the
      ray), damped where they cancel, see `damping` in the source; what is left is shared by
      posterior mass. The total is exact; the division among keypoints is that rule;
    - HOG and the scattering transform beside such encoders: each block or cell is a place with
      entries of its own.

    **Other heads** (RBF kernels, networks) on the same encodings: the tangent of the decision
    at this image takes the place of w, which is gradient times input: ``exact`` is False,
    and the bias is that of the tangent.

    **Recipes that see the image as a whole** (pixels, hog, patches, kernels): how far the
    decision falls when a window is blurred away; ``exact`` is False, and the shares do not add
    up.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted classifier of images, as `make_recipe` gives it.
    image : path, encoded bytes, ndarray of shape (H, W) or (H, W, 3), uint8, or Picture
    label : object, optional
        The class to explain; that of the highest decision unless given.
    against : object, optional
        The class to compare with; the best of the others unless given.

    Returns
    -------
    Explanation
        With n = 0 for an image that shows no features: all that is left is the bias.

    Raises
    ------
    ParameterError
        The pipeline is no classifier of images, or a label is not one of its classes.
    ImageReadError
        The image cannot be read.

    References
    ----------
    Uijlings, Smeulders & Scha, "The visual extent of an object", IJCV 96(1), 2012, section 3
    (decisions on bags of words as sums over places). Lapuschkin, Binder, Montavon, Müller &
    Samek, "Analyzing classifiers: Fisher vectors and deep neural networks", CVPR 2016. Zeiler &
    Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2
    (occlusion).

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> found = explain_picture(model, images[0])
    >>> found.label, found.against, found.exact
    ('a', 'b', True)
    >>> bool(np.isclose(found.bias + found.shares.sum(), found.decision))
    True
    """
    check_explainable(pipeline)
    picture = image if isinstance(image, Picture) else Picture(image)
    (found,) = explain_pictures(pipeline, [picture], label, against)
    side = max(found.image_shape)
    return replace(found, image=picture.read(side) if side else None)


def explain_pictures(
    pipeline: Pipeline,
    images: Iterable,
    label: object = None,
    against: object = None,
    *,
    n_jobs: int | None = None,
) -> Iterator[Explanation]:
    """Explain many images, in order and in bounded memory.

    Images go in blocks, which share one pass over the classifier's weights, as they do when
    they are classified.

    Parameters
    ----------
    pipeline, label, against
        As in `explain_picture`.
    images : iterable of images
    n_jobs : int or None
        Blocks processed in parallel, as in joblib.

    Yields
    ------
    Explanation

    Raises
    ------
    ParameterError, ImageReadError
        As `explain_picture`.

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> [found.label for found in explain_pictures(model, images[:3])]
    ['a', 'b', 'a']
    """
    check_explainable(pipeline)
    members = members_of(pipeline[0])

    def explain_block(block: list) -> list[Explanation]:
        if members is None:
            return [_explain_whole(pipeline, image, label, against) for image in block]
        opened = [open_bags(members, image) for image in block]
        return explain_bags(pipeline, members, opened, label, against)

    # its workers compute with one thread each, so that vectors are those of `transform`
    for found in map_blocks(explain_block, images, n_jobs=n_jobs, block_size=_BLOCK):
        yield from found


def explain_bags(
    pipeline: Pipeline, members: list[Member], opened: list[list[Bag]], label=None, against=None
) -> list[Explanation]:
    """`explain_picture` for images that have been described already."""
    if not members:
        raise ParameterError("This model uses no features: every block has weight 0.")
    traced = [[_trace(bag) for bag in bags] for bags in opened]
    vectors = np.stack(
        [
            np.concatenate([_columns(b, t) for b, t in zip(bags, traces, strict=True)])
            for bags, traces in zip(opened, traced, strict=True)
        ]
    )
    steps = [step for _, step in pipeline.steps[1:-1]]
    behind = mapped(steps, vectors)
    rows = decide(pipeline[-1], behind)
    return [
        _explanation(pipeline, bags, traces, vector, decisions, label, against)
        for bags, traces, vector, decisions in zip(opened, traced, behind, rows, strict=True)
    ]


def _trace(bag: Bag) -> Trace | None:
    """None for an image without features."""
    if not len(bag.features):
        return None
    return trace(bag.member.encoder, bag.features, bag.cells)


def _columns(bag: Bag, found: Trace | None) -> np.ndarray:
    return bag.vector() if found is None else bag.member.weigh(found.vector)


def _explanation(
    pipeline: Pipeline,
    bags: list[Bag],
    traces: list[Trace | None],
    vector: np.ndarray,
    decisions: np.ndarray,
    label,
    against,
) -> Explanation:
    """Take the decision about one vector apart."""
    head = pipeline[-1]
    classes = tuple(head.classes_.tolist())
    one, other = _two_classes(classes, decisions, label, against)
    direction = direction_between(head, vector, one, other)
    parts = direction.weights * vector
    entries = parts_of_entries([step for _, step in pipeline.steps[1:-1]], parts)
    shares = [
        found.shares(bag.member.parts(entries)) if found is not None else np.zeros(0)
        for bag, found in zip(bags, traces, strict=True)
    ]
    common = list(in_common_pixels(bags))
    sizes = [len(features) for features in common]
    kinds = dict.fromkeys(type(bag.member.encoder).__name__ for bag in bags)
    return Explanation(
        label=classes[one],
        against=classes[other],
        decision=float(direction.bias + parts.sum()),
        bias=direction.bias,
        xy=np.concatenate([features.xy for features in common]),
        scale=np.concatenate([features.scale for features in common]),
        shares=np.concatenate(shares),
        words=np.concatenate([np.zeros(0, int) if t is None else t.words for t in traces]),
        members=np.repeat(np.arange(len(sizes)), sizes),
        classes=classes,
        decisions=decisions,
        probabilities=probabilities(decisions[None], head.temperature_)[0],
        exact=direction.exact,
        how=(EXACT if direction.exact else TANGENT) + " ".join(_RULES[kind] for kind in kinds),
        image_shape=(int(common[0].image_shape[0]), int(common[0].image_shape[1])),
    )


def _explain_whole(pipeline: Pipeline, image, label, against) -> Explanation:
    """Windows that are blurred away, for recipes without local features."""
    head = pipeline[-1]
    pixels = load_pixels(image, getattr(pipeline[0], "max_side", None) or 640)
    steps = [step for _, step in pipeline.steps[1:-1]]

    def decide_all(pictures) -> np.ndarray:
        vectors = pipeline[0].transform(pictures)
        return decide(head, mapped(steps, vectors))

    decisions = decide(head, mapped(steps, pipeline[0].transform([pixels])))[0]
    classes = tuple(head.classes_.tolist())
    one, other = _two_classes(classes, decisions, label, against)
    xy, side, shares = occlusion_shares(
        pixels, lambda pictures: (d := decide_all(pictures))[:, one] - d[:, other]
    )
    return Explanation(
        label=classes[one],
        against=classes[other],
        decision=float(decisions[one] - decisions[other]),
        bias=0.0,
        xy=xy,
        scale=np.full(len(xy), side, np.float32),
        shares=shares,
        words=None,
        members=np.zeros(len(xy), int),
        classes=classes,
        decisions=decisions,
        probabilities=probabilities(decisions[None], head.temperature_)[0],
        exact=False,
        how=OCCLUSION,
        image_shape=(int(pixels.shape[0]), int(pixels.shape[1])),
    )


def _two_classes(classes: tuple, decisions: np.ndarray, label, against) -> tuple[int, int]:
    """Columns of the class to explain and of that to compare it with."""
    order = np.argsort(-decisions, kind="stable").tolist()
    one = order[0] if label is None else class_column(classes, "label", label)
    if against is None:
        return one, next(i for i in order if i != one)
    other = class_column(classes, "against", against)
    if one == other and label is None:
        raise ParameterError(
            f"against must differ from the label {classes[one]!r}, which is the model's answer."
        )
    if one == other:
        raise ParameterError(f"label and against must differ. Both are {classes[one]!r}.")
    return one, other
