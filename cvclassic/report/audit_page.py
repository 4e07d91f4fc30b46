"""The page of ``cvclassic audit``: what is wrong with a set of images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._basics.machine import peak_memory
from ..audit import KINDS, Audit, Finding
from ..draw.thumbnails import Thumbnail, make_thumbnail
from ..errors import ImageReadError
from ..images import map_blocks, read_image
from .page import render_page, write_page

_SIDE = 150
_MOST = 100  # findings of a kind
_MOST_OF_GROUP = 12
_MOST_PICTURES = 800


def write_audit_page(
    path: str | os.PathLike,
    audit: Audit,
    *,
    title: str = "Audit",
    command: str = "",
    seconds: Mapping[str, float] | None = None,
    n_jobs: int | None = None,
) -> int:
    """Write what an audit found as one HTML file.

    Parameters
    ----------
    path : str or os.PathLike
    audit : Audit
        The images of its findings, the worst first, are read again for thumbnails, JPEG files at
        a reduced scale; 800 at most.
    title, command : str
    seconds : mapping of str to float
        Wall-clock time of each stage.
    n_jobs : int or None
        As in joblib.

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    shown = {kind: audit.of_kind(kind)[:_MOST] for kind in audit.totals}
    thumbnails = _thumbnails(shown, n_jobs)
    sections = [
        {
            "kind": kind,
            "heading": KINDS[kind][0],
            "text": KINDS[kind][1],
            "total": audit.totals[kind],
            "groups": [_group(finding, thumbnails) for finding in found],
            "as_groups": kind in ("leak", "conflict", "duplicate"),
        }
        for kind, found in shown.items()
    ]
    splits = sorted({split for counts in audit.counts.values() for split in counts})
    counts: list[dict[str, Any]] = [
        {
            "label": label or "(no class)",
            "counts": [by_split.get(split, 0) for split in splits],
            "total": sum(by_split.values()),
        }
        for label, by_split in audit.counts.items()
    ]
    most = max((row["total"] for row in counts), default=1)
    page = render_page(
        "audit.html.j2",
        title=title,
        audit=audit,
        sections=sections,
        splits=splits if splits not in ([], [""]) else [],
        counts=[{**row, "share": row["total"] / most} for row in counts],
        seconds=dict(seconds or {}),
        memory=peak_memory(),
        command=command,
    )
    return write_page(path, page)


def _thumbnails(
    shown: Mapping[str, list[Finding]], n_jobs: int | None
) -> dict[str, Thumbnail | None]:
    """Thumbnails by path."""
    paths: dict[str, None] = {}
    for kind, found in shown.items():
        if kind in ("unreadable", "unsupported"):
            continue
        for finding in found:
            for picture in finding.images[:_MOST_OF_GROUP]:
                paths[picture.path] = None
    chosen = list(paths)[:_MOST_PICTURES]
    blocks = map_blocks(_read_block, chosen, n_jobs=n_jobs)
    return dict(zip(chosen, (one for block in blocks for one in block), strict=True))


def _read_block(paths: list[str]) -> list[Thumbnail | None]:
    return [_read(path) for path in paths]


def _read(path: str) -> Thumbnail | None:
    try:
        return make_thumbnail(read_image(path, max_side=_SIDE), _SIDE)
    except ImageReadError:  # gone since it was looked at
        return None


def _group(finding: Finding, thumbnails: Mapping[str, Thumbnail | None]) -> dict:
    """A finding for the template."""
    return {
        "detail": finding.detail,
        "code": finding.code,
        "more": max(len(finding.images) - _MOST_OF_GROUP, 0),
        "pictures": [
            {
                "path": picture.path,
                "where": " · ".join(filter(None, (picture.split, picture.label))),
                "thumbnail": thumbnails.get(picture.path),
            }
            for picture in finding.images[:_MOST_OF_GROUP]
        ],
    }
