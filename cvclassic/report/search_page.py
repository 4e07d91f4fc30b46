"""A page that shows what queries found, and which keypoints speak for each hit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from .._basics.printable import plural
from ..draw import draw_match, make_thumbnail
from ..errors import ImageReadError
from ..images import is_url, read_image
from .page import render_page, write_page

_DRAWN = 3  # hits of a query whose matches are drawn
_LINES = 60
_SIDE = 160


def write_search_page(
    path: str | os.PathLike,
    found: Sequence[tuple[list[str], Any]],
    *,
    index: str,
    base: str | None = None,
    command: str = "",
) -> int:
    """Write a page with the hits of queries.

    Parameters
    ----------
    path : str or os.PathLike
    found : sequence of (paths, Hits)
        The images of each query, and what was found.
    index : str
        Name of the index.
    base : str, optional
        Folder that relative paths of the index started from.
    command : str
        That makes the page again.

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    OSError
        It cannot be written.
    """
    queries = []
    for paths, hits in found:
        pixels = read_indexed(paths[0], None)
        cards = []
        for rank, hit in enumerate(hits, 1):
            image = read_indexed(hit.path, base)
            drawn = None
            if rank <= _DRAWN and hit.n_inliers and pixels is not None and image is not None:
                drawn = _drawing(pixels, image, hit, hits.query_shape)
            cards.append(
                {
                    "rank": rank,
                    "hit": hit,
                    "thumb": None if image is None else make_thumbnail(image, _SIDE),
                    "drawn": drawn,
                }
            )
        queries.append(
            {
                "name": ", ".join(paths),
                "thumb": None if pixels is None else make_thumbnail(pixels, 2 * _SIDE),
                "hits": cards,
                "n_keypoints": hits.n_keypoints,
                "seconds": hits.seconds,
            }
        )
    n = len(queries)
    title = f"Search for {plural(n, 'image')} in {os.path.basename(index.rstrip('/'))}"
    page = render_page("search.html.j2", title=title, queries=queries, command=command)
    return write_page(path, page)


def read_indexed(path: str, base: str | None) -> np.ndarray | None:
    """Pixels of an image of an index; None where it cannot be read any more."""
    if base is not None and not is_url(path) and not os.path.lexists(path.split("!")[0]):
        path = os.path.join(base, path)
    try:
        return read_image(path, max_side=800)
    except ImageReadError:
        return None


def _drawing(a: np.ndarray, b: np.ndarray, hit, query_shape: tuple[int, int]):
    """Lines between matching keypoints, as ``cvclassic match`` draws them."""
    to_a = max(a.shape[:2]) / max(query_shape)
    to_b = max(b.shape[:2]) / max(hit.image_shape)
    n = len(hit.xy_query)
    result = SimpleNamespace(
        xy_a=(hit.xy_query + 0.5) * to_a - 0.5,
        xy_b=(hit.xy_image + 0.5) * to_b - 0.5,
        inliers=np.full(n, hit.n_inliers > 0),
        model=None,
        kind="affine",
        n_inliers=hit.n_inliers,
        mean_error=None,
    )
    drawn = draw_match(a, b, result, limit=_LINES, overlay=False, width=760, headline=False)
    return make_thumbnail(drawn, 900, quality=80)
