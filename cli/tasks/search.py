"""The task of ``cvclassic search query``: what an index holds of the same thing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cvclassic.batch import Column, Record, Task
from cvclassic.batch.tasks import Input, path_of
from cvclassic.errors import DataError, ImageReadError
from cvclassic.images import ArchiveMember, Fault, NamedItem
from cvclassic.search import Hit, Hits, ImageIndex


@dataclass(eq=False)
class QueryTask(Task):
    """Searches an index for each image.

    Parameters
    ----------
    index : str
        Folder of the index; each process opens it for itself.
    top : int
    box : tuple of float or None
    expand, geometry : bool
    words : tuple of str
        Search for these words, too.
    """

    index: str
    top: int = 10
    box: tuple | None = None
    expand: bool = False
    geometry: bool = True
    words: tuple[str, ...] = ()
    _opened: Any = field(default=None, init=False, repr=False)

    block_size = 1
    columns = (Column("keypoints", "integer"), Column("hits", "json"))

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_opened": None}  # files are mapped, and not to be copied

    def about(self) -> dict[str, Any]:
        """The index as it is, and the settings."""
        return {"index": os.stat(self.index).st_mtime_ns, "settings": repr(self)}

    def open(self) -> ImageIndex:
        """The index, opened once."""
        if self._opened is None:
            opened = ImageIndex.open(self.index, geometry=self.geometry)
            self._opened = opened, _word_search(opened, self.index, self.words)
        return self._opened[0]

    def __call__(self, inputs: list[Input]) -> list[Record]:
        """Search for each input."""
        return [self.ask(path_of(item), [item]) for item in inputs]

    def ask(self, name: str, items: Sequence[Input]) -> Record:
        """Search for images of one thing."""
        index = self.open()
        try:
            images = [image_of(item) for item in items]
            if self.words:
                searcher, query = self._opened[1]
                hits = query(index, searcher, self.words, images, top=self.top, expand=self.expand)
            else:
                hits = index.query(images, top=self.top, box=self.box, expand=self.expand)
        except ImageReadError as error:
            return Record(name, "error", error.code, error.message)
        places = [[hit.index, *map(np.ndarray.tolist, (hit.xy_query, hit.xy_image)),
                   list(hit.image_shape)] for hit in hits]  # fmt: skip
        values = {**hits.to_dict(), "shape": list(hits.query_shape), "places": places}
        return Record(name, "ok", values=values)


def as_hits(record: Record) -> Hits:
    """The hits of a record, as the page wants them."""
    values, hits = record.values, []
    for row, place in zip(values["hits"], values["places"], strict=True):
        index, xy_query, xy_image, (height, width) = place
        points = [np.array(xy, np.float32).reshape(-1, 2) for xy in (xy_query, xy_image)]
        hits.append(
            Hit(
                row["path"],
                index,
                row["score"],
                row["matches"],
                row["inliers"],
                row["similarity"],
                points[0],
                points[1],
                (height, width),
            )
        )
    return Hits(hits, values["keypoints"], tuple(values["shape"]), values["seconds"])


def image_of(item: Input) -> Any:
    """What the index takes as an image."""
    if isinstance(item, Fault):
        raise ImageReadError(item.code, item.message, item.path)
    if isinstance(item, ArchiveMember):
        return item.read()
    return item.value if isinstance(item, NamedItem) else path_of(item)


def _word_search(index: ImageIndex, path: str, words: tuple[str, ...]) -> Any:
    """What finds images by words; None without any."""
    from cvclassic.search.word_search import WordSearcher, query_words
    from cvclassic.search.words import read_words

    if not words:
        return None
    known = read_words(path)
    if known is None:
        raise DataError(f"{path}: the index has no words. `cvclassic search words` gives it some")
    searcher = WordSearcher(index, known)
    searcher.scores(words)  # says which word is not known
    return searcher, query_words
