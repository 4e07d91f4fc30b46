"""Galleries of known people: enroll, identify, verify, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._basics.checks import check_choice, check_number
from ...errors import DataError, ParameterError
from .features import FEATURES, VIEWS, describe_face, face_views, prepare_face
from .metric import FaceMetric
from .rates import ErrorRates

UNKNOWN = "unknown"
SOURCES = ("detect", "whole")
LONGEST_NAME = 200
# Distances at which one pair of strangers in a thousand passes, on people 1 to 20 of the ORL faces:
# see benchmarks/faces_recognition.py.
DEFAULT_THRESHOLDS = {"lbp+hog": 0.0235, "lbp": 0.175, "hog": 0.011, "pixels": 0.62}


@dataclass(frozen=True)
class Threshold:
    """Largest distance that is taken for the same person, and how often that errs.

    Parameters
    ----------
    distance : float
    far, frr, eer : float or None
        Shares of impostors accepted and of genuine images rejected at that distance, and where
        both are equal; None if not measured.
    n_genuine, n_impostor : int
        Distances that they were measured on.
    """

    distance: float
    far: float | None = None
    frr: float | None = None
    eer: float | None = None
    n_genuine: int = 0
    n_impostor: int = 0


@dataclass(frozen=True)
class Identity:
    """Who a face shows.

    Parameters
    ----------
    name : str
        ``"unknown"`` if no one is near enough.
    distance : float
        Distance to the nearest person, from 0 to 2; inf for an empty gallery.
    nearest : str or None
        The nearest person, near enough or not.
    ranking : tuple of (str, float)
        Everybody with their distance, nearest first.
    """

    name: str
    distance: float
    nearest: str | None
    ranking: tuple[tuple[str, float], ...]


class Gallery:
    """Known people, each with the vectors of one or more images.

    A person is only their own vectors: adding or removing one changes nothing else. Images are
    enrolled as they are and mirrored; a query face is compared in nine views, slightly shifted,
    zoomed and turned, and the nearest pair counts.

    Parameters
    ----------
    feature : {"lbp+hog", "lbp", "hog", "pixels"}
        See `describe_face`.
    metric : FaceMetric, optional
        Learned on other people, see `learn_metric`.
    threshold : Threshold, optional
        Else one that fits the feature; with a metric it must be learned, see
        `Gallery.learn_threshold`.
    source : {"detect", "whole"}
        Where the faces come from, see `faces_to_compare`; only remembered, so that all images
        are treated alike.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> ann, bob = random.integers(0, 255, (2, 112, 92), dtype=np.uint8)
    >>> eve = np.tile(np.arange(92, dtype=np.uint8), (112, 1))
    >>> gallery = Gallery()
    >>> gallery.enroll("Ann", [ann]), gallery.enroll("Bob", [bob]), gallery.enroll("Bob", [bob])
    (1, 1, 0)
    >>> gallery.identify(ann).name, gallery.identify(eve).name
    ('Ann', 'unknown')
    >>> gallery.remove("Ann")
    >>> gallery.people
    {'Bob': 1}
    """

    def __init__(
        self,
        feature: str = "lbp+hog",
        metric: FaceMetric | None = None,
        threshold: Threshold | None = None,
        source: str = "detect",
    ) -> None:
        check_choice("feature", feature, FEATURES)
        check_choice("source", source, SOURCES)
        self.feature = feature
        self.source = source
        self.metric = metric
        self.threshold = threshold or Threshold(1.0 if metric else DEFAULT_THRESHOLDS[feature])
        self._vectors: dict[str, np.ndarray] = {}  # (images, 2, d), float16

    @property
    def people(self) -> dict[str, int]:
        """Names in alphabetical order, and how many images of each are enrolled."""
        return {name: len(self._vectors[name]) for name in sorted(self._vectors)}

    def vectors_of(self, name: str) -> np.ndarray:
        """What is known of a person: shape (images, 2, d), float16."""
        return self._vectors[self._known(name)]

    def put(self, name: str, vectors: np.ndarray) -> None:
        """Enroll vectors that were made before, after those that are there."""
        check_name(name)
        before = [self._vectors[name]] if name in self._vectors else []
        self._vectors[name] = np.concatenate([*before, vectors.astype(np.float16)])

    def describe(self, face: np.ndarray, views: tuple = VIEWS) -> np.ndarray:
        """Vectors of a face as this gallery compares them.

        Parameters
        ----------
        face : ndarray of shape (H, W) or (H, W, 3), uint8
            An image that the face fills.
        views : tuple
            See `face_views`.

        Returns
        -------
        ndarray of shape (n_views, d), float32
        """
        shown = face_views(prepare_face(face), views)
        vectors = np.stack([describe_face(view, self.feature) for view in shown])
        return vectors if self.metric is None else self.metric.apply(vectors)

    def template(self, face: np.ndarray) -> np.ndarray:
        """What is kept of an image: shape (2, d), float16, as it is and mirrored."""
        mirrored = np.ascontiguousarray(face[:, ::-1])
        pair = [self.describe(picture, VIEWS[:1])[0] for picture in (face, mirrored)]
        return np.stack(pair).astype(np.float16)

    def enroll(self, name: str, faces: Sequence[np.ndarray]) -> int:
        """Add images of a person, who may be known already.

        Parameters
        ----------
        name : str
        faces : sequence of ndarray of shape (H, W) or (H, W, 3), uint8
            Images that the face fills.

        Returns
        -------
        int
            How many were added: not those that are among the person's images already.

        Raises
        ------
        ParameterError
            The name is empty, too long, or "unknown".
        DataError
            There is no image, or one shows nothing.
        """
        check_name(name)
        if not len(faces):
            raise DataError(f"{name}: expected at least one image. Got none.")
        templates = np.stack([self.template(face) for face in faces])
        if not np.abs(templates).sum(axis=(1, 2)).all():
            raise DataError(f"{name}: an image is blank")
        known = {one.tobytes() for one in self._vectors.get(name, ())}
        new = {one.tobytes(): one for one in templates if one.tobytes() not in known}
        if new:
            self.put(name, np.stack(list(new.values())))
        return len(new)

    def remove(self, name: str) -> None:
        """Forget a person.

        Raises
        ------
        DataError
            No one is enrolled under that name.
        """
        del self._vectors[self._known(name)]

    def distances(self, face: np.ndarray) -> dict[str, float]:
        """How far a face is from each person: 1 - cosine of the nearest pair of vectors."""
        return self._distances(self.describe(face))

    def _distances(self, vectors: np.ndarray) -> dict[str, float]:
        # person by person, as the last bits of one product would depend on who else is in it
        return {
            # rounding takes the cosine of a vector with itself a little beyond 1
            name: max(0.0, float(1 - (_flat(self._vectors[name]) @ vectors.T).max()))
            for name in self.people
        }

    def identify(self, face: np.ndarray) -> Identity:
        """Whose face is this?

        Parameters
        ----------
        face : ndarray of shape (H, W) or (H, W, 3), uint8

        Returns
        -------
        Identity
        """
        found = self.distances(face)
        ranking = tuple(sorted(found.items(), key=lambda pair: (pair[1], pair[0])))
        if not ranking:
            return Identity(UNKNOWN, float("inf"), None, ())
        nearest, distance = ranking[0]
        name = nearest if distance <= self.threshold.distance else UNKNOWN
        return Identity(name, distance, nearest, ranking)

    def verify(self, name: str, face: np.ndarray) -> tuple[bool, float]:
        """Is this the face of that person?

        Returns
        -------
        same : bool
        distance : float

        Raises
        ------
        DataError
            No one is enrolled under that name.
        """
        distance = self.distances(face)[self._known(name)]
        return distance <= self.threshold.distance, distance

    def learn_threshold(self, rates: ErrorRates, max_far: float = 0.01) -> None:
        """Take the largest distance that lets no more than a share of impostors pass.

        Parameters
        ----------
        rates : ErrorRates
            Error rates for distances between people who need not be in the gallery, see
            `compare_people`.
        max_far : float, default=0.01
        """
        check_number("max_far", max_far, 0)
        distance, far, frr = rates.threshold_at(max_far)
        self.threshold = Threshold(
            max(distance, 0.0), far, frr, rates.eer, rates.n_genuine, rates.n_impostor
        )

    def _known(self, name: str) -> str:
        if name not in self._vectors:
            raise DataError(
                f"no one is named {name!r}. Known: {', '.join(self.people) or 'nobody'}."
            )
        return name


def _flat(templates: np.ndarray) -> np.ndarray:
    """Templates in rows, in the precision that is computed in."""
    return templates.reshape(-1, templates.shape[-1]).astype(np.float32)


def check_name(name: str) -> None:
    """Raise `ParameterError` unless a person can be called so."""
    good = isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.strip() == name
    if not good or not name.isprintable() or name == UNKNOWN:
        raise ParameterError(
            f"a name must have 1 to {LONGEST_NAME} printable characters, and not be {UNKNOWN!r}. "
            f"Got {name!r} instead."
        )
