"""An index as a folder: a list that is replaced as a whole, and files that never change.

``index.json`` names the vocabulary, the segments and, for each segment, the images that were
removed; it carries the SHA-256 of itself and of every file. A change writes new files first, then
replaces the list, then deletes what the list no longer names. Killed at any moment, the folder
holds either the old index or the new one, and perhaps files that the next change deletes.
A process that has the index open keeps reading the files of its own list.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .._basics.atomic import atomic_file
from .._basics.locking import lock_beside
from .._basics.platform import READ_FLAGS, sync_folder
from ..errors import IndexFileError
from .coder_files import read_coder, write_coder
from .coding import ImageCoder
from .merging import write_merged
from .segment_files import open_segment, write_segment
from .segments import Segment

LIST = "index.json"
VERSION = 1
_MOST_LIST = 50_000_000
_ENTRY = {
    "file": str,
    "n_images": int,
    "n_words": int,
    "n_postings": int,
    "n_name_bytes": int,
    "compact_bytes": int,
    "n_bytes": int,
    "digest": str,
}
_LARGEST = 1 << 48
_ALIKE = 10  # segments of about the same size that are merged
_SMALL = 5_000  # images of a segment up to which all count as of the same size
_MAPPED = 300_000_000  # bytes that queries may map, of the smaller segments; others they read


class IndexFolder:
    """An index on disk, as it was when it was opened.

    Parameters
    ----------
    path : Path
    content : dict
        The list.
    coder : ImageCoder
    segments : list of Segment
    removed : list of ndarray of shape (n,), bool
        For each segment, which images were removed.
    """

    def __init__(self, path: Path, content: dict, coder, segments, removed) -> None:
        self.path = path
        self.content = content
        self.coder: ImageCoder = coder
        self.segments: list[Segment] = segments
        self.removed: list[np.ndarray] = removed

    @property
    def n_images(self) -> int:
        """Images that were not removed."""
        return sum(
            len(one) - int(gone.sum())
            for one, gone in zip(self.segments, self.removed, strict=True)
        )

    def names(self) -> Iterator[tuple[int, int, str]]:
        """Segment, number in it, and path of every image that was not removed."""
        for s, (segment, gone) in enumerate(zip(self.segments, self.removed, strict=True)):
            for i in np.flatnonzero(~gone).tolist():
                yield s, i, segment.name(i)


def is_index(path: str | os.PathLike) -> bool:
    """Whether a folder holds an index."""
    return os.path.isfile(os.path.join(os.fsdecode(path), LIST))


def open_folder(path: str | os.PathLike) -> IndexFolder:
    """Open an index for reading.

    Raises
    ------
    IndexFileError
        There is no index, or it is damaged.
    """
    folder = Path(os.fsdecode(path))
    for attempt in range(5):
        content = _read_list(folder)
        try:
            return _open_all(folder, content)
        except IndexFileError:
            # somebody may have replaced the list, and deleted files, since it was read
            if attempt == 4 or _read_list(folder) == content:
                raise
    raise AssertionError


def _open_all(folder: Path, content: dict) -> IndexFolder:
    """Open all files that a list names."""
    coder = read_coder(folder / content["coder"]["file"], content["coder"]["digest"])
    segments, removed = [], []
    sizes = np.array([entry["n_bytes"] for entry in content["segments"]], np.int64)
    order = np.argsort(sizes, kind="stable")
    copied = np.zeros(len(sizes), bool)
    copied[order] = np.cumsum(sizes[order]) > _MAPPED
    for entry, large in zip(content["segments"], copied.tolist(), strict=True):
        if entry["n_words"] != coder.n_words or entry["compact_bytes"] != coder.compact_bytes:
            raise IndexFileError(f"{folder}: the index is damaged: its parts do not fit.")
        segments.append(open_segment(folder, entry, copied=large))
        removed.append(_read_removed(folder, entry))
    return IndexFolder(folder, content, coder, segments, removed)


def _read_list(folder: Path) -> dict:
    """The checked content of ``index.json``."""
    path = folder / LIST
    try:
        with open(os.open(path, READ_FLAGS), "rb") as file:
            data = file.read(_MOST_LIST)
    except (FileNotFoundError, NotADirectoryError):
        raise IndexFileError(f"{folder}: there is no image index.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise IndexFileError(f"{path}: cannot be read ({reason}).") from None
    damaged = IndexFileError(f"{path}: the list of the index is damaged.")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise damaged from None
    if not isinstance(content, dict) or content.get("format") != "cvclassic-index":
        raise IndexFileError(f"{path}: this is not the list of an image index.")
    stated = content.pop("digest", None)
    if stated != _digest_of(content) or data != _text_of(content):
        raise damaged
    version = content.get("format_version")
    if version != VERSION:
        raise IndexFileError(
            f"{path}: the index has format version {version}; this cvclassic reads {VERSION}."
        )
    _check_entries(content, path)
    return content


def _check_entries(content: dict, path: Path) -> None:
    """Types and bounds of all entries, also where somebody made the digest fit."""
    try:
        files = [content["coder"]["file"]]
        good = isinstance(content["coder"]["digest"], str)
        for entry in content["segments"]:
            for key, kind in _ENTRY.items():
                good &= type(entry[key]) is kind
                good &= kind is not int or 0 <= entry[key] < _LARGEST
            files.append(entry["file"])
            if entry["removed"] is not None:
                files.append(entry["removed"]["file"])
                good &= isinstance(entry["removed"]["digest"], str)
        good &= all(isinstance(f, str) and f == os.path.basename(f) and f for f in files)
    except (KeyError, TypeError):
        good = False
    if not good:
        raise IndexFileError(f"{path}: the list of the index is damaged.")


def _level(n_images: int) -> int:
    """How many times over ten thousand and its tenfold a segment is."""
    return len(str(n_images // _SMALL)) if n_images >= _SMALL else 0


def _digest_of(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _text_of(content: dict) -> bytes:
    """The list as it stands in the file, with its digest."""
    whole = {**content, "digest": _digest_of(content)}
    return (json.dumps(whole, sort_keys=True, indent=1) + "\n").encode()


def _read_removed(folder: Path, entry: dict) -> np.ndarray:
    """Which images of a segment were removed."""
    if entry["removed"] is None:
        return np.zeros(entry["n_images"], bool)
    path = folder / entry["removed"]["file"]
    try:
        with open(path, "rb") as file:
            data = file.read(entry["n_images"] // 8 + 2)
    except OSError as error:
        raise IndexFileError(f"{path}: cannot be read ({error.strerror}).") from None
    if hashlib.sha256(data).hexdigest() != entry["removed"]["digest"]:
        raise IndexFileError(f"{path}: the index is damaged: removed images are not known.")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=entry["n_images"])
    return bits.astype(bool)


class IndexWriter:
    """Changes an index on disk; made by `writing`."""

    def __init__(self, folder: Path, content: dict) -> None:
        self._folder = folder
        self._content = content

    def add(self, segment: Segment) -> None:
        """Append a segment."""
        entry = write_segment(self._new_file("segment", "safetensors"), segment)
        self._commit([*self._content["segments"], {**entry, "removed": None}])

    def add_merged(self, segments: Sequence[Segment], alive: Sequence[np.ndarray]) -> None:
        """Append those images of other segments that are alive, as one segment."""
        self._merge(self._content["segments"], segments, alive)

    def remove(self, removed: Sequence[np.ndarray]) -> None:
        """Say for each segment which images are removed, those of before included."""
        entries = []
        for entry, gone in zip(self._content["segments"], removed, strict=True):
            note = None
            if gone.any():
                data = np.packbits(gone).tobytes()
                path = self._new_file("removed", "bits")
                with atomic_file(path) as file:
                    file.write(data)
                note = {"file": path.name, "digest": hashlib.sha256(data).hexdigest()}
            entries.append({**entry, "removed": note})
        self._commit(entries)

    def compact(self, first: int = 0) -> None:
        """Rewrite the segments from a number on as one, without what was removed."""
        index = _open_all(self._folder, self._content)
        segments, removed = index.segments[first:], index.removed[first:]
        if not segments:
            return
        self._merge(self._content["segments"][:first], segments, [~gone for gone in removed])

    def _merge(self, entries: list[dict], segments, alive) -> None:
        """Commit some entries and a segment out of others."""
        if any(good.any() for good in alive):
            entry = write_merged(self._new_file("segment", "safetensors"), segments, alive)
            entries = [*entries, {**entry, "removed": None}]
        self._commit(entries)

    def tidy(self, first: int = 0) -> None:
        """Merge the last segments where ten of them are of about the same size.

        So an index of n images has at most some tens of segments, and a posting is rewritten
        only log10(n) times. Segments before `first` are left alone.

        References
        ----------
        O'Neil, Cheng, Gawlick & O'Neil, "The log-structured merge-tree", Acta Informatica 33(4),
        1996.
        """
        while True:
            sizes = [entry["n_images"] for entry in self._content["segments"]]
            alike = len(sizes) - 1
            while alike > first and _level(sizes[alike - 1]) == _level(sizes[-1]):
                alike -= 1
            if len(sizes) - alike < _ALIKE or alike < first:
                return
            self.compact(alike)

    def _new_file(self, kind: str, suffix: str) -> Path:
        """Name of a file that no list has named yet."""
        self._content = {**self._content, "last_file": self._content["last_file"] + 1}
        return self._folder / f"{kind}-{self._content['last_file']:06d}.{suffix}"

    def _commit(self, segments: list[dict]) -> None:
        """Replace the list; from here on the change has happened."""
        self._content = {**self._content, "segments": segments}
        with atomic_file(self._folder / LIST) as file:
            file.write(_text_of(self._content))
        sync_folder(self._folder)
        delete_leftovers(self._folder, self._content)


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[IndexWriter]:
    """Hold the lock of an index and change it.

    Raises
    ------
    OutputLockedError
        Somebody else changes it.
    IndexFileError
        There is no index, or it is damaged.
    OSError
        It cannot be written to.
    """
    folder = Path(os.fsdecode(path))
    _read_list(folder)
    with lock_beside(folder / LIST, "another command is changing this index"):
        content = _read_list(folder)
        delete_leftovers(folder, content)
        yield IndexWriter(folder, content)


def check_place(path: str | os.PathLike) -> list[Path]:
    """Find out before an hour's work whether a new index may be made there.

    Returns
    -------
    list of Path
        What a run has left that was killed before it wrote the list.

    Raises
    ------
    IndexFileError
        It is a file, or a folder that holds something else.
    """
    folder = Path(os.fsdecode(path))
    if os.path.lexists(folder) and not folder.is_dir():
        raise IndexFileError(f"{folder}: is a file; an index is a folder.")
    others = os.listdir(folder) if folder.is_dir() else []
    others = [one for one in others if not one.startswith(".")]
    if [one for one in others if not one.startswith("vocabulary-")]:
        raise IndexFileError(f"{folder}: the folder is not empty, and holds no image index.")
    return [folder / one for one in others]


def create_folder(path: str | os.PathLike, coder: ImageCoder, settings: dict) -> None:
    """Make an empty index.

    Parameters
    ----------
    path : str or os.PathLike
        A folder that is new or empty.
    coder : ImageCoder
    settings : dict
        What is to be remembered; JSON-able.

    Raises
    ------
    IndexFileError
        The folder holds something else.
    """
    folder = Path(os.fsdecode(path))
    leftovers = check_place(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for one in leftovers:
        one.unlink()
    note = write_coder(folder / "vocabulary-000001.safetensors", coder)
    content = {
        "format": "cvclassic-index",
        "format_version": VERSION,
        "coder": note,
        "segments": [],
        "last_file": 1,
        "settings": settings,
    }
    with atomic_file(folder / LIST) as file:
        file.write(_text_of(content))
    sync_folder(folder)


def delete_leftovers(folder: Path, content: dict) -> None:
    """Delete files of an index that its list does not name: those of changes that were cut."""
    named = {LIST, content["coder"]["file"]}
    for entry in content["segments"]:
        named.add(entry["file"])
        if entry["removed"] is not None:
            named.add(entry["removed"]["file"])
    for name in os.listdir(folder):
        own = name.startswith((".cvclassic-", "segment-", "removed-"))
        if own and name not in named:
            with contextlib.suppress(OSError):
                (folder / name).unlink()
