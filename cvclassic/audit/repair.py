"""Moves images with problems out of a set; nothing is deleted or overwritten."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._basics.atomic import atomic_file
from .._basics.numbered import free_name
from ..errors import DataError, ParameterError
from ..images import split_kind
from .dataset_listing import Listed
from .findings import Audit, Finding

MOVABLE = (
    "leak", "conflict", "unreadable", "unsupported", "loose", "duplicate", "blank", "featureless",
    "tiny", "blurred", "odd",
)  # fmt: skip
"""Kinds of findings that are about files, and so can be moved."""


@dataclass(frozen=True)
class Moved:
    """A file that was moved.

    Attributes
    ----------
    source, target : str
    finding : Finding
        Why.
    """

    source: str
    target: str
    finding: Finding


def choose_moves(finding: Finding) -> list[Listed]:
    """Images of a finding that go, so that the fault is gone.

    Of identical files in one class the first stays. Of identical files in several splits those in
    the test split stay, else those in the validation split. Of copies in several classes none
    stays, because the right label is not known. Of other findings all go.

    Examples
    --------
    >>> images = (Listed("a.jpg", "cat"), Listed("b.jpg", "cat"))
    >>> [image.path for image in choose_moves(Finding("duplicate", images, ""))]
    ['b.jpg']
    """
    if finding.kind == "duplicate":
        return list(finding.images[1:])
    if finding.kind == "leak":
        order = {"test": 0, "validation": 1, None: 2, "train": 3}
        best = min(order[split_kind(one.split)] for one in finding.images)
        kept = [one for one in finding.images if order[split_kind(one.split)] == best]
        kept = [one for one in kept if one.split == kept[0].split]
        return [one for one in finding.images if one not in kept]
    return list(finding.images)


def move_findings(
    audit: Audit, folders: Sequence[str | os.PathLike], target: str | os.PathLike,
    kinds: Iterable[str],
) -> list[Moved]:  # fmt: skip
    """Move the files of some findings to another folder, in the same sub-folders as before.

    Parameters
    ----------
    audit : Audit
    folders : sequence of str or os.PathLike
        What was audited.
    target : str or os.PathLike
        Made where it is missing; not within one of `folders`. A table ``moved.csv`` in it says
        what lay where; names that are taken get a number.
    kinds : iterable of str
        Some of `MOVABLE`.

    Returns
    -------
    list of Moved

    Raises
    ------
    ParameterError
        A kind is not about files.
    DataError
        The target lies within one of the folders.
    OSError
        A file cannot be moved; the table lists those that were.
    """
    kinds = list(kinds)
    for kind in kinds:
        if kind not in MOVABLE:
            raise ParameterError(f"kinds must be among {', '.join(MOVABLE)}. Got {kind!r}.")
    tops = [os.path.abspath(os.fsdecode(folder)) for folder in folders]
    to = os.path.abspath(os.fsdecode(target))
    check_target(to, tops)
    os.makedirs(to, exist_ok=True)
    moved: list[Moved] = []
    done: set[str] = set()
    try:
        for finding in audit.findings:
            for image in choose_moves(finding) if finding.kind in kinds else ():
                if image.path not in done:
                    done.add(image.path)
                    place = free_name(os.path.join(to, _relative(image.path, tops)))
                    os.makedirs(os.path.dirname(place), exist_ok=True)
                    shutil.move(image.path, place)
                    moved.append(Moved(image.path, place, finding))
    finally:
        if moved:
            _write_table(free_name(os.path.join(to, "moved.csv")), moved)
    return moved


def check_target(target: str | os.PathLike, folders: Sequence[str | os.PathLike]) -> None:
    """Raise `DataError` where a folder lies within one that is audited."""
    to = os.path.realpath(os.fsdecode(target))
    for folder in folders:
        top = os.path.realpath(os.fsdecode(folder))
        if os.path.commonpath([to, top]) == top:
            raise DataError(f"{os.fsdecode(target)}: lies in {os.fsdecode(folder)}, from which "
                            "files should be moved")  # fmt: skip


def _relative(path: str, tops: list[str]) -> str:
    """A path below the folder that was audited; with its name where there are several."""
    full = os.path.abspath(path)
    for top in tops:
        if full.startswith(os.path.join(top, "")):
            below = os.path.relpath(full, top)
            return below if len(tops) == 1 else os.path.join(os.path.basename(top), below)
    return os.path.basename(full)


def _write_table(path: str, moved: list[Moved]) -> None:
    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["from", "to", "kind", "detail"])
        rows.writerows([m.source, m.target, m.finding.kind, m.finding.detail] for m in moved)
