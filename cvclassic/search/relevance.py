"""Files that say which images are relevant for a query."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from .._basics.printable import show_path
from ..errors import DataError

_MOST_BYTES = 200_000_000


def read_relevance(path: str | os.PathLike) -> dict[str, dict[str, list[str]]]:
    """Read a ``relevance.json``.

    ``{"queries": {"a.jpg": {"relevant": ["b.jpg"], "junk": ["a.jpg"]}}}``; ``junk`` may be left
    out. Images that are junk count neither for nor against a ranking.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    dict
        For each query ``relevant`` and ``junk``.

    Raises
    ------
    DataError
        The file is missing, or not of that form.
    """
    shown = show_path(path)
    try:
        with open(path, "rb") as file:
            content = json.loads(file.read(_MOST_BYTES))
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{shown}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise DataError(f"{shown}: expected JSON") from None
    queries = content.get("queries") if isinstance(content, dict) else None
    if not isinstance(queries, dict) or not queries:
        raise DataError(f'{shown}: expected an object "queries" with at least one query')
    found = {}
    for name, lists in queries.items():
        relevant = lists.get("relevant") if isinstance(lists, dict) else None
        junk = lists.get("junk", []) if isinstance(lists, dict) else None
        if not _are_names(relevant) or not _are_names(junk) or not relevant:
            raise DataError(f'{shown}: query {name!r} needs a list "relevant" of at least one name')
        found[name] = {"relevant": relevant, "junk": junk}
    return found


def _are_names(value) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def match_names(wanted: Sequence[str], paths: Sequence[str], shown: str) -> Mapping[str, int]:
    """Which path each name means: the path itself, or the only one that ends in it.

    Parameters
    ----------
    wanted : sequence of str
    paths : sequence of str
    shown : str
        Name of the file, for messages.

    Returns
    -------
    dict of str to int
        Number of the path; names that no path ends in are left out.

    Raises
    ------
    DataError
        Several paths end in a name.

    Examples
    --------
    >>> match_names(["b.jpg", "c.jpg"], ["x/a.jpg", "x/b.jpg"], "relevance.json")
    {'b.jpg': 1}
    """
    exact = {path: i for i, path in enumerate(paths)}
    endings: dict[str, list[int]] = {}
    depths = {name.count("/") for name in wanted}
    for i, path in enumerate(paths):
        parts = path.replace("!", "/").split("/")
        for depth in depths:
            endings.setdefault("/".join(parts[-depth - 1 :]), []).append(i)
    found = {}
    for name in dict.fromkeys(wanted):
        if name in exact:
            found[name] = exact[name]
            continue
        places = endings.get(name, [])
        if len(places) > 1:
            raise DataError(
                f"{shown}: {name!r} is the end of several paths: "
                f"{paths[places[0]]} and {paths[places[1]]}"
            )
        if places:
            found[name] = places[0]
    return found
