"""Image search as an estimator, and as an index on disk."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._basics.checks import check_bool, check_integer, check_jobs, seed_number
from ..describe import Describer
from ..errors import ImageReadError, ParameterError
from ..images import check_images, is_url, map_blocks, spool_pictures
from .coding import ImageCode, ImageCoder, learn_coder
from .results import Hit, Hits, positions
from .searching import Ranking, Searcher
from .segments import Segment, build_segment
from .store import IndexFolder, create_folder, open_folder, writing


class ImageIndex(BaseEstimator):
    """An index of images for search by content.

    `fit` learns a vocabulary of visual words from the images and notes for every word which
    images show it. A query is compared by words with Hamming embedding; the best candidates are
    verified by the geometry of their matches; compact codes of color and shape contribute too.

    Parameters
    ----------
    describer : Describer or None, default=None
        Gives the keypoints. None stands for SIFT with up to 800 keypoints.
    n_words : int or None, default=None
        Size of the vocabulary. None stands for one word for every 100 keypoints, at most 100,000.
    compact : bool, default=True
        Keep compact codes of 64 bytes per image as well.
    geometry : bool, default=True
        Verify the geometry of the best candidates.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    coder_ : ImageCoder
    n_images_ : int

    References
    ----------
    Sivic & Zisserman, "Video Google", ICCV 2003. Jégou, Douze & Schmid, "Hamming embedding and
    weak geometric consistency", ECCV 2008.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 255, (8, 96, 96), np.uint8)
    >>> index = ImageIndex(n_words=30, compact=False).fit(images)
    >>> distances, neighbors = index.kneighbors(images[3:4], n_neighbors=2)
    >>> int(neighbors[0, 0])
    3
    """

    def __init__(
        self,
        describer=None,
        n_words=None,
        compact=True,
        geometry=True,
        random_state=0,
        n_jobs=None,
    ):
        self.describer = describer
        self.n_words = n_words
        self.compact = compact
        self.geometry = geometry
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Learn the vocabulary from images, and index them.

        Parameters
        ----------
        X : sequence of images
            Paths, encoded bytes or arrays.
        y : ignored

        Raises
        ------
        ImageReadError
            An image cannot be read.
        DataError
            No image has keypoints.
        """
        check_bool("geometry", self.geometry)
        check_jobs("n_jobs", self.n_jobs)
        if self.describer is not None and not isinstance(self.describer, Describer):
            raise ParameterError(f"describer must be a Describer. Got {self.describer!r} instead.")
        X = check_images(X)
        keep: dict = {}
        pictures = spool_pictures(X)
        coder = learn_coder(
            pictures,
            describer=self.describer,
            n_words=self.n_words,
            compact=self.compact,
            random_state=seed_number("random_state", self.random_state),
            n_jobs=self.n_jobs,
            keep=keep,
        )
        jobs = ((image, keep.pop(i, None)) for i, image in enumerate(pictures))
        codes = list(code_images(coder, jobs, n_jobs=self.n_jobs, strict=True))
        names = [_name_of(image, i) for i, image in enumerate(X)]
        segment = segment_of(coder, codes, names, [(0, 0)] * len(codes))
        self._use(coder, [segment], [np.zeros(len(codes), bool)])
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = True
        return tags

    def _use(self, coder: ImageCoder, segments: list[Segment], removed: list[np.ndarray]) -> None:
        self.coder_ = coder
        self.segments_ = segments
        self.removed_ = removed
        self.n_images_ = sum(len(s) - int(r.sum()) for s, r in zip(segments, removed, strict=True))
        self.searcher_ = Searcher(coder, segments, removed)

    @classmethod
    def open(cls, path: str | os.PathLike, *, geometry: bool = True) -> ImageIndex:
        """Open an index on disk for reading; its files are mapped, not read.

        Raises
        ------
        IndexFileError
            There is no index, or it is damaged.
        """
        return cls.of_folder(open_folder(path), geometry=geometry)

    @classmethod
    def of_folder(cls, folder: IndexFolder, *, geometry: bool = True) -> ImageIndex:
        """Wrap an index that is open."""
        coder = folder.coder
        index = cls(
            describer=coder.describer,
            n_words=coder.n_words,
            compact=coder.compact is not None,
            geometry=geometry,
        )
        index._use(coder, folder.segments, folder.removed)
        base = folder.content["settings"].get("base")
        index.base_ = base if isinstance(base, str) else None
        return index

    def missing_files(self) -> list[str]:
        """Paths of images whose file no longer exists; archives and URLs are not looked at."""
        check_is_fitted(self, "coder_")
        missing = []
        for segment, gone in zip(self.segments_, self.removed_, strict=True):
            for i in np.flatnonzero(~gone).tolist():
                name = segment.name(i)
                place = os.path.join(getattr(self, "base_", None) or "", name)
                if is_url(name) or "!" in name:
                    continue
                if not os.path.lexists(name) and not os.path.lexists(place):
                    missing.append(name)
        return missing

    def save(self, path: str | os.PathLike) -> None:
        """Write the index into a folder that is new or empty.

        Raises
        ------
        IndexFileError
            The folder holds something else.
        OSError
            It cannot be written.
        """
        check_is_fitted(self, "coder_")
        create_folder(path, self.coder_, {"base": os.getcwd()})
        with writing(path) as writer:
            for segment in self.segments_:
                writer.add(segment)
            writer.remove(self.removed_)

    def kneighbors(self, X=None, n_neighbors=5, return_distance=True):
        """Find the most similar images of the index.

        Parameters
        ----------
        X : sequence of images or None
            The queries; None stands for the images of the index, each without itself.
        n_neighbors : int
        return_distance : bool

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            ``exp(-score)``; smaller is more alike. Only with `return_distance`.
        indices : ndarray of shape (n_queries, n_neighbors), int64
            Best first.

        Raises
        ------
        ParameterError
            The index has fewer images than `n_neighbors`.
        ImageReadError
            A query cannot be read.
        """
        check_is_fitted(self, "coder_")
        check_integer("n_neighbors", n_neighbors, 1)
        most = self.n_images_ - (X is None)
        if n_neighbors > most:
            raise ParameterError(f"n_neighbors must be at most {most}. Got {n_neighbors} instead.")
        if X is None:
            alive = np.flatnonzero(~np.concatenate(self.removed_))
            codes: Iterable = ((int(i), self.searcher_.code_of(int(i))) for i in alive)
        else:
            jobs = ((image, None) for image in check_images(X))
            found = code_images(self.coder_, jobs, n_jobs=self.n_jobs, strict=True)
            codes = ((-1, code) for code in found)
        distances, indices = [], []
        for own, code in codes:
            ranking = self.rank(code)
            if own >= 0:
                ranking.scores[own] = -np.inf
            best = ranking.best(n_neighbors)
            indices.append(best)
            distances.append(np.exp(-ranking.scores[best]))
        if not return_distance:
            return np.array(indices, np.int64)
        return np.array(distances), np.array(indices, np.int64)

    def rank(self, code: ImageCode | Sequence[ImageCode], *, expand: bool = False) -> Ranking:
        """Score all images for a coded query (or several of one thing)."""
        codes = [code] if isinstance(code, ImageCode) else list(code)
        ranking = self.searcher_.rank(codes, geometry=self.geometry)
        if expand and len(codes) == 1:
            codes = [self.searcher_.expand(codes[0], ranking)]
            ranking = self.searcher_.rank(codes, geometry=self.geometry)
        return ranking

    def query(self, image, *, top: int = 10, box=None, expand: bool = False) -> Hits:
        """Find an image, or what a region of it shows.

        Parameters
        ----------
        image : path, encoded bytes or array, or a list of several images of one thing
        top : int
            Maximum number of hits.
        box : tuple of float, optional
            x, y, width and height of a region, in pixels of the image.
        expand : bool
            Query again with what the best hits show of the same thing.

        Raises
        ------
        ImageReadError
            The image cannot be read.
        ParameterError
            The box lies outside the image.
        """
        check_is_fitted(self, "coder_")
        check_integer("top", top, 1)
        images = list(image) if isinstance(image, list | tuple) else [image]
        began = time.perf_counter()
        codes = [self.coder_.code(one) for one in images]
        if box is not None:
            if len(images) != 1:
                raise ParameterError("box goes with a single image")
            codes = [codes[0].inside(scaled_box(images[0], codes[0].image_shape, box))]
        described = time.perf_counter()
        ranking = self.rank(codes, expand=expand)
        hits = self.hits(codes[0], ranking, top)
        seconds = {"describe": described - began, "search": time.perf_counter() - described}
        return Hits(hits, len(codes[0]), codes[0].image_shape, seconds)

    def hits(self, code: ImageCode, ranking: Ranking, top: int) -> list[Hit]:
        """The best of a ranking, with what speaks for each."""
        found = []
        for image in ranking.best(top).tolist():
            mine = np.flatnonzero(ranking.votes.owners == image)
            query, places = ranking.votes.query[mine], ranking.votes.places(mine)
            checked = ranking.verified.get(image)
            n_inliers = 0 if checked is None else checked.n_inliers
            n_matches = len(np.unique(query))
            if checked is not None and n_inliers:
                query, places = checked.query, checked.places
            within = query < len(code)
            similarity = None if ranking.similarity is None else float(ranking.similarity[image])
            found.append(
                Hit(
                    self.searcher_.name(image),
                    image,
                    float(ranking.scores[image]),
                    n_matches,
                    n_inliers,
                    similarity,
                    positions(code.places[query[within]]),
                    positions(places[within]),
                    self.searcher_.shape(image),
                )
            )
        return found


def code_images(
    coder: ImageCoder, jobs: Iterable, *, n_jobs: int | None, strict: bool = False
) -> Iterable:
    """Code pairs (image, its features or None); an error in place of what cannot be read.

    Raises
    ------
    ImageReadError
        With `strict`, the first.
    """

    def work(block: list) -> list:
        out: list = []
        for image, features in block:
            try:
                out.append(coder.code(image, features))
            except ImageReadError as error:
                if strict:
                    raise
                out.append(error)
        return out

    for block in map_blocks(work, jobs, n_jobs=n_jobs):
        yield from block


def segment_of(coder: ImageCoder, codes, names, prints) -> Segment:
    """A segment of coded images."""
    if coder.compact is None:
        compact = np.zeros((len(codes), 0), np.uint8)
    else:
        k = len(coder.compact.scale_)
        vectors = np.array([code.vector for code in codes], np.float32).reshape(-1, k)
        compact = coder.compact.encode(vectors)
    return build_segment(codes, names, prints, compact, coder.n_words)


def scaled_box(image, shape: tuple[int, int], box) -> tuple[float, float, float, float]:
    """A box in pixels of an image, in pixels of the image as it was described.

    Raises
    ------
    ParameterError
        The box lies outside the image, or is no box.
    """
    from ..images import read_image

    pixels = read_image(image)
    height, width = pixels.shape[:2]
    try:
        x, y, w, h = (float(value) for value in box)
    except (TypeError, ValueError):
        raise ParameterError(f"box must be (x, y, width, height). Got {box!r} instead.") from None
    if not (w > 0 and h > 0 and x < width and y < height and x + w > 0 and y + h > 0):
        raise ParameterError(
            f"box must overlap the image of {width} x {height} pixels. Got {box!r} instead."
        )
    factor = max(shape) / max(width, height)
    return x * factor, y * factor, w * factor, h * factor


def _name_of(image, number: int) -> str:
    """Path of an image, or a number in brackets."""
    source = getattr(image, "source", image)
    if isinstance(source, str | os.PathLike):
        return os.fsdecode(source)
    return f"[{number}]"
