"""Words of an index: which keywords its images have, in a file beside its segments."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .._basics.atomic import atomic_file
from .._basics.suggest import did_you_mean
from ..errors import DataError, IndexFileError, ParameterError
from ..images import load_keywords, read_file
from .index import ImageIndex

FILE = "words.json"
_LEAST = 0.01  # probability below which a model's word is not kept
_MOST = 20  # words of a model per image
_KEYS = {"format", "source", "words", "images", "digest"}
_MOST_BYTES = 2_000_000_000


@dataclass(frozen=True)
class IndexWords:
    """Keywords of the images of an index.

    Parameters
    ----------
    words : tuple of str
        Sorted.
    images : mapping of str to dict of str to float
        For each path the words and their probabilities; 1 where somebody gave them.
    source : {"manifest", "model"}
    """

    words: tuple[str, ...]
    images: Mapping[str, Mapping[str, float]]
    source: str

    def keep(self, names: set[str]) -> IndexWords:
        """The words of some images, and no others."""
        images = {name: some for name, some in self.images.items() if name in names}
        words = tuple(sorted({word for some in images.values() for word in some}))
        return IndexWords(words, images, self.source)


def words_of_manifest(
    index: ImageIndex,
    manifest: str | os.PathLike,
    column: str | None = None,
    split: str | None = None,
) -> IndexWords:
    """Words of the images of an index that a manifest lists.

    Parameters
    ----------
    index : ImageIndex
    manifest, column, split
        As `cvclassic.images.load_keywords` takes them.

    Raises
    ------
    DataError
        The manifest cannot be read, or lists none of the images.
    """
    data = load_keywords(manifest, column, split)
    listed = {_real(path): words for path, words in zip(data.paths, data.labels, strict=True)}
    found = {}
    for name, path in _places(index).items():
        words = listed.get(_real(path))
        if words is not None:
            found[name] = dict.fromkeys(map(str, words), 1.0)
    if not found:
        raise DataError(f"{os.fsdecode(manifest)}: lists none of the images of the index")
    return IndexWords(_all_words(found), found, "manifest")


def words_of_model(
    index: ImageIndex,
    model,
    *,
    n_jobs: int | None = -1,
    watch: Callable[[Iterable], Iterable] = iter,
) -> tuple[IndexWords, list[tuple[str, str, str]]]:
    """Probabilities of words by a model of keywords, for every image of an index.

    Parameters
    ----------
    index : ImageIndex
    model : Model
    n_jobs : int or None
    watch : callable
        Passes records on, and may count them.

    Returns
    -------
    words : IndexWords
        The most probable words of each image.
    failures : list of (path, code, message)
        Images that cannot be read any more.

    Raises
    ------
    ParameterError
        The model gives one label per image.
    """
    if not model.is_multilabel:
        raise ParameterError("words need a model of keywords. This one gives one label per image.")
    places = _places(index)
    found, failures = {}, []
    records = model.classify(list(places.values()), top=_MOST, n_jobs=n_jobs)
    for name, record in zip(places, watch(records), strict=True):
        if record.failed:
            failures.append((name, record.code, record.message))
            continue
        found[name] = {
            str(word): round(share, 6) for word, share in record.scores if share >= _LEAST
        }
    return IndexWords(_all_words(found), found, "model"), failures


def _places(index: ImageIndex) -> dict[str, str]:
    """Name of each image that was not removed, and where its file is."""
    base = getattr(index, "base_", None) or ""
    names = [
        segment.name(i)
        for segment, gone in zip(index.segments_, index.removed_, strict=True)
        for i in range(len(segment))
        if not gone[i]
    ]
    return {
        name: name if os.path.lexists(name) or not base else os.path.join(base, name)
        for name in names
    }


def _real(path: str) -> str:
    return os.path.realpath(path)


def _all_words(images: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    return tuple(sorted({word for some in images.values() for word in some}))


def write_words(path: str | os.PathLike, words: IndexWords) -> None:
    """Write the words of an index, atomically; earlier ones are replaced.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    number = {word: i for i, word in enumerate(words.words)}
    images = {
        name: [[number[word], share] for word, share in some.items()]
        for name, some in words.images.items()
    }
    content = {"format": 1, "source": words.source, "words": list(words.words), "images": images}
    content["digest"] = _digest(content)
    with atomic_file(Path(os.fsdecode(path)) / FILE, "w", encoding="ascii") as file:
        json.dump(content, file)


def read_words(path: str | os.PathLike) -> IndexWords | None:
    """Read the words of an index; None where it has none.

    Raises
    ------
    IndexFileError
        The file is damaged.
    """
    file = Path(os.fsdecode(path)) / FILE
    if not file.exists():
        return None
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError("too large")
        content = json.loads(read_file(file))
        return _checked(content)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, DataError) as error:
        raise IndexFileError(f"{file}: the words of the index are damaged ({error})") from None


def _checked(content) -> IndexWords:
    """Words out of a file, every part of which is looked at."""
    if not isinstance(content, dict) or set(content) != _KEYS or content["format"] != 1:
        raise ValueError("unknown format")
    words = content["words"]
    given = content.pop("digest")
    if given != _digest(content):
        raise ValueError("the checksum differs")
    if content["source"] not in ("manifest", "model"):
        raise ValueError("unknown source")
    if not all(isinstance(word, str) for word in words) or sorted(set(words)) != words:
        raise ValueError("words must be sorted and distinct")
    images = {}
    for name, pairs in content["images"].items():
        some = {}
        for at, share in pairs:
            good = type(at) is int and 0 <= at < len(words)
            if not good or not 0 <= float(share) <= 1 or not math.isfinite(share):
                raise ValueError("a word is odd")
            some[words[at]] = float(share)
        images[name] = some
    return IndexWords(tuple(words), images, content["source"])


def _digest(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def prune_words(path: str | os.PathLike, names: Iterable[str]) -> None:
    """Forget the words of images that are no longer in an index."""
    known = read_words(path)
    if known is not None:
        left = known.keep(set(names))
        if len(left.images) < len(known.images):
            write_words(path, left)


def check_words(words: Sequence[str], known: IndexWords) -> list[str]:
    """Words of a query as the index knows them.

    Raises
    ------
    ParameterError
        The index does not know one.
    """
    folded = {word.casefold(): word for word in known.words}
    found = []
    for word in words:
        if word.casefold() not in folded:
            hint = did_you_mean(word, known.words)
            raise ParameterError(f"the index knows no word {word!r}.{hint}")
        found.append(folded[word.casefold()])
    return found
