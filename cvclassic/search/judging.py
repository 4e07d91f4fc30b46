"""Rankings of queries whose right answers are known."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from ..errors import DataError, ImageReadError, ParameterError
from .coding import ImageCode
from .index import ImageIndex
from .relevance import match_names


def rank_queries(
    index: ImageIndex,
    relevance: Mapping[str, Mapping[str, list[str]]],
    *,
    folder: str | os.PathLike | None = None,
    shown: str = "relevance",
    expand: bool = False,
    compact_only: bool = False,
    watch: Callable[[Iterable, int], Iterable] | None = None,
) -> tuple[dict[str, list[str]], list[tuple[str, str, str]], float]:
    """Rank all images of an index for every query of a relevance file.

    Parameters
    ----------
    index : ImageIndex
    relevance : mapping
        As `read_relevance` gives it.
    folder : str or os.PathLike, optional
        Folder of the query images; by default the queries are images of the index, of which the
        index knows all that a query needs.
    shown : str
        Name of the relevance file, for messages.
    expand : bool
        Query again with what the best hits show.
    compact_only : bool
        Rank by compact codes only.
    watch : callable, optional
        Is given the names of the queries and their number, and passes them on.

    Returns
    -------
    rankings : dict of str to list of str
        Names as in the relevance file where it names an image, else paths.
    failures : list of (path, code, message)
        Queries that could not be read.
    seconds : float
        Spent on searching, without description.

    Raises
    ------
    DataError
        The relevance file names images that the index lacks.
    """
    if compact_only and index.coder_.compact is None:
        raise ParameterError("the index has no compact codes")
    searcher = index.searcher_
    alive = ~np.concatenate([np.zeros(0, bool), *index.removed_])
    numbers = np.flatnonzero(alive).tolist()
    paths = [searcher.name(i) for i in numbers]
    wanted = {one for lists in relevance.values() for one in lists["relevant"] + lists["junk"]}
    named = match_names(sorted(wanted | (set() if folder else set(relevance))), paths, shown)
    _refuse_missing(relevance, named, folder is None, shown)
    names = dict(zip(numbers, paths, strict=True))
    for name, at in named.items():
        names[numbers[at]] = name
    rankings: dict[str, list[str]] = {}
    failures: list[tuple[str, str, str]] = []
    seconds = 0.0
    queries = list(relevance)
    if folder is None:  # an index gives its images best in their order
        queries.sort(key=named.__getitem__)
    for query in queries if watch is None else watch(queries, len(queries)):
        try:
            if folder is not None:
                code = index.coder_.code(os.path.join(folder, query))
            else:
                code = searcher.code_of(numbers[named[query]])
        except ImageReadError as error:
            failures.append((query, error.code, error.message))
            continue
        began = time.perf_counter()
        order = _order(index, code, expand, compact_only)
        seconds += time.perf_counter() - began
        rankings[query] = [names[i] for i in order if alive[i]]
    if not rankings:
        raise DataError("none of the queries could be read")
    return {query: rankings[query] for query in relevance if query in rankings}, failures, seconds


def _order(index: ImageIndex, code: ImageCode, expand: bool, compact_only: bool) -> list[int]:
    """All images, best first."""
    if compact_only:
        return np.argsort(-index.searcher_.scan(code), kind="stable").tolist()
    return index.rank(code, expand=expand).best(index.searcher_.n_images).tolist()


def _refuse_missing(relevance, named, own_queries: bool, shown: str) -> None:
    """Raise `DataError` where what the file names is not in the index."""
    for query, lists in relevance.items():
        needed = [*lists["relevant"], *([query] if own_queries else [])]
        for name in needed:
            if name not in named:
                raise DataError(
                    f"{shown}: {name!r} is not in the index"
                    + ("; give the folder of the queries" if name == query else "")
                )
