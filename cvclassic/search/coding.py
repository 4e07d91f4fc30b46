"""From an image to its entry in an index: words, bits, places, and a compact code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from .._basics.checks import check_bool, check_integer
from ..describe import SIFT, LocalFeatures
from ..encode import WordTree, word_tree
from ..errors import DataError, ImageReadError
from ..images import Picture, load_pixels, map_blocks
from .compact import CompactCoder
from .hamming import learn_thresholds, pack_bits, random_projection
from .places import pack_places

_PER_WORD = 100  # descriptors per word where the number of words is chosen here
_MOST_WORDS = 100_000
_FEW_WORDS = 1000
_SAMPLE = 5_000_000  # descriptors that the vocabulary is learned from, at most
_KEEP_BYTES = 400_000_000
_COMPACT_IMAGES = 1500  # images that the compact codes are learned from, at most


@dataclass(frozen=True, eq=False)
class ImageCode:
    """What an index keeps of one image.

    Parameters
    ----------
    words : ndarray of shape (n,), int32
        Visual word of each keypoint.
    bits : ndarray of shape (n,), uint64
        Hamming signature of each keypoint.
    places : ndarray of shape (n, 3), uint16
        As `pack_places` gives them.
    image_shape : tuple of int
        Height and width of the described image.
    vector : ndarray of shape (k,), float32
        Compact vector of length 1; empty where the index has none.
    digest : bytes
        16 bytes that tell the same pixels again.
    """

    words: np.ndarray
    bits: np.ndarray
    places: np.ndarray
    image_shape: tuple[int, int]
    vector: np.ndarray
    digest: bytes

    def __len__(self) -> int:
        return len(self.words)

    def inside(self, box: tuple[float, float, float, float]) -> ImageCode:
        """Only the keypoints in a box (x, y, width, height) of the described image."""
        x, y = (self.places[:, :2] / 8 - 0.5).T
        left, top, width, height = box
        keep = (x >= left) & (x < left + width) & (y >= top) & (y < top + height)
        return ImageCode(
            self.words[keep],
            self.bits[keep],
            self.places[keep],
            self.image_shape,
            self.vector[:0],  # a region says nothing about the color of the whole
            self.digest,
        )


class ImageCoder:
    """Learned from a sample of images: vocabulary, Hamming thresholds, compact codes.

    Parameters
    ----------
    describer : Describer
    tree : WordTree
    projection : ndarray of shape (d, 64), float32
    thresholds : ndarray of shape (n_words, 64), float32
    compact : CompactCoder or None
    """

    def __init__(self, describer, tree: WordTree, projection, thresholds, compact) -> None:
        self.describer = describer
        self.tree = tree
        self.projection = projection
        self.thresholds = thresholds
        self.compact = compact

    @property
    def n_words(self) -> int:
        """Size of the vocabulary."""
        return len(self.tree)

    @property
    def compact_bytes(self) -> int:
        """Length of a compact code; 0 where there is none."""
        return 0 if self.compact is None else self.compact.n_bytes

    def encode(self, features: LocalFeatures) -> tuple[np.ndarray, np.ndarray]:
        """Word and Hamming signature of every feature."""
        if not len(features):
            return np.zeros(0, np.int32), np.zeros(0, np.uint64)
        words = self.tree.nearest(features.descriptors)
        projected = features.descriptors @ self.projection
        return words, pack_bits(projected > self.thresholds[words])

    def code(self, image, features: LocalFeatures | None = None) -> ImageCode:
        """Describe and encode one image.

        Parameters
        ----------
        image : path, encoded bytes or array
        features : LocalFeatures, optional
            Local features of the image, if they are known.

        Raises
        ------
        ImageReadError
            The image cannot be read.
        """
        picture = image if isinstance(image, Picture) else Picture(image)
        pixels = picture.read(self.describer.max_side)
        if features is None:
            features = self.describer.describe_pixels(pixels)
        words, bits = self.encode(features)
        vector = np.zeros(0, np.float32)
        if self.compact is not None:
            vector = self.compact.vectors([Picture(pixels)])[0]
        digest = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16)
        digest.update(repr(pixels.shape).encode())
        places = pack_places(features)
        return ImageCode(words, bits, places, pixels.shape[:2], vector, digest.digest())


def default_describer() -> SIFT:
    """SIFT with up to 800 keypoints, faint ones included."""
    return SIFT(max_keypoints=800, contrast_threshold=0.01)


def learn_coder(
    images,
    *,
    describer=None,
    n_words: int | None = None,
    compact: bool = True,
    random_state: int = 0,
    n_jobs: int | None = None,
    keep: dict[int, LocalFeatures] | None = None,
) -> ImageCoder:
    """Learn the vocabulary and what else an index needs from a sample of images.

    Parameters
    ----------
    images : sequence of images
        Those that cannot be read are left out.
    describer : Describer, optional
    n_words : int, optional
        By default one for every 100 keypoints, at least 1000 (of fewer than 10,000 keypoints,
        one for every 10), at most 100,000.
    compact : bool
        Whether to learn compact codes.
    random_state : int
    n_jobs : int, optional
    keep : dict, optional
        Filled with the features of images, by their number, as long as these fit into 400 MB.

    Raises
    ------
    DataError
        None of the images has keypoints.
    """
    check_integer("n_words", n_words, 1, none=True)
    check_bool("compact", compact)
    describer = default_describer() if describer is None else describer
    describer.check_parameters()
    rng = np.random.RandomState(random_state)
    readable: list = []
    found: list[np.ndarray] = []
    order = rng.permutation(len(images))
    total = 0
    room = _KEEP_BYTES
    jobs = ((int(i), images[int(i)], describer) for i in order)
    for block in map_blocks(_features_of, jobs, n_jobs=n_jobs):
        for i, features in block:
            if features is None:
                continue
            if len(readable) < _COMPACT_IMAGES:
                readable.append(images[i])
            if total < _SAMPLE:
                found.append(features.descriptors[: _SAMPLE - total])
                total += len(found[-1])
            room -= features.descriptors.nbytes
            if keep is not None and room > 0:
                keep[i] = features
        if total >= _SAMPLE and len(readable) >= _COMPACT_IMAGES:
            break
    if total == 0:
        if not readable and len(images):
            _say_first_failure(images[int(order[0])])
        raise DataError("none of the images has keypoints, so there is nothing to search for")
    sample = np.concatenate(found)
    del found
    if n_words is None:
        few = max(1, min(_FEW_WORDS, total // 10))  # small sets need fine words too
        n_words = min(max(few, total // _PER_WORD), _MOST_WORDS)
    tree = word_tree(sample, n_words, random_state=rng, n_jobs=n_jobs)
    projection = random_projection(sample.shape[1], rng)
    words = tree.nearest(sample)
    thresholds = learn_thresholds(sample @ projection, words, len(tree), tree.words @ projection)
    coder = CompactCoder(random_state, n_jobs).fit(readable) if compact else None
    return ImageCoder(describer, tree, projection, thresholds, coder)


def _features_of(jobs: list) -> list[tuple[int, LocalFeatures | None]]:
    """Number and features of each image; None for one that cannot be read."""
    out: list[tuple[int, LocalFeatures | None]] = []
    for i, image, describer in jobs:
        try:
            out.append((i, describer.describe_pixels(load_pixels(image, describer.max_side))))
        except ImageReadError:
            out.append((i, None))
    return out


def _say_first_failure(image) -> None:
    """Raise `DataError` with the reason why an image cannot be read."""
    try:
        (image if isinstance(image, Picture) else Picture(image)).read(None)
    except ImageReadError as error:
        raise DataError(f"None of the images can be read. The first failure: {error}") from None
