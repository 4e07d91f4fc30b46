"""Records of frames over time: smoothed labels, and who appears when."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..batch import Record
from .smoothing import LagSmoother

_TIME = re.compile(r"(?s)(?P<clip>.+)#t=(?P<time>\d+\.\d+)")


def time_of(record: Record) -> tuple[str, float] | None:
    """The clip and the time of a frame's record; None of other records.

    Examples
    --------
    >>> time_of(Record("a.mp4#t=12.480000", "ok"))
    ('a.mp4', 12.48)
    """
    found = _TIME.fullmatch(record.path)
    return None if found is None else (found["clip"], float(found["time"]))


class RecordSmoother:
    """Gives records of frames the labels that their neighbors agree with.

    Parameters
    ----------
    classes : sequence
        All labels.
    hold : float
        Seconds that a label lasts on average.
    top : int
        Classes that a record lists then.
    """

    def __init__(self, classes: Sequence[Hashable], hold: float, top: int = 1) -> None:
        self._classes = list(classes)
        self._places = {label: i for i, label in enumerate(classes)}
        self._hold = hold
        self._top = top

    def __call__(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass records on, in order; those of a video `2 * hold` seconds late.

        What is no frame, or shows no features, keeps its label; a frame without features takes
        part as one that says nothing.
        """
        waiting: deque[Record] = deque()
        smoother, clip, last = LagSmoother(self._hold), "", -np.inf
        for record in records:
            where = time_of(record)
            if where is None or where[0] != clip or where[1] < last:
                yield from self._changed(waiting, smoother.finish())
                smoother = LagSmoother(self._hold)
                clip = "" if where is None else where[0]
            if where is None:
                yield record
                continue
            last = where[1]
            waiting.append(record)
            yield from self._changed(waiting, smoother.add(self._row(record), last))
        yield from self._changed(waiting, smoother.finish())

    def _row(self, record: Record) -> np.ndarray:
        """Probabilities of all classes; what a record does not list is shared by the others."""
        row = np.zeros(len(self._classes))
        for label, value in record.scores:
            row[self._places[label]] = value
        unlisted = len(row) - len(record.scores)
        if record.scores and unlisted:
            row[row == 0] = max(0.0, 1 - row.sum()) / unlisted
        return row

    def _changed(self, waiting: deque[Record], rows: np.ndarray) -> Iterator[Record]:
        for row in rows:
            record = waiting.popleft()
            if not record.answered:
                yield record
                continue
            order = np.argsort(-row, kind="stable")[: self._top]
            scores = tuple((self._classes[i], float(row[i])) for i in order)
            yield replace(
                record,
                label=scores[0][0],
                scores=scores,
                values={**record.values, "label_alone": record.label},
            )


@dataclass(frozen=True)
class Presence:
    """A time in which a label, or a person, is seen.

    Attributes
    ----------
    name : str
    start, end : float
        Seconds.
    middle : float
        Time of a frame of it, near its middle.
    n_frames : int
    """

    name: str
    start: float
    end: float
    middle: float
    n_frames: int


def presences(
    names: Sequence[Sequence[str]], times: Sequence[float], *, gap: float = 1.0
) -> list[Presence]:
    """When each name is there.

    Parameters
    ----------
    names : sequence of n sequences of str
        What each frame shows.
    times : sequence of n floats
        Seconds, increasing.
    gap : float
        Times without it that are bridged, in seconds.

    Returns
    -------
    list of Presence
        By start.

    Examples
    --------
    >>> [(p.name, p.start, p.end) for p in presences([["a"], [], ["a", "b"]], [0, 1, 2], gap=2)]
    [('a', 0.0, 3.0), ('b', 2.0, 3.0)]
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    open_at: dict[str, list[float]] = {}
    done: list[Presence] = []

    def close(name: str) -> None:
        seen = open_at.pop(name)
        middle = seen[len(seen) // 2]
        done.append(Presence(name, seen[0], seen[-1] + step, middle, len(seen)))

    for shown, moment in zip(names, times, strict=True):
        for name in dict.fromkeys(shown):
            if name in open_at and moment - open_at[name][-1] > max(gap, 1.5 * step):
                close(name)
            open_at.setdefault(name, []).append(float(moment))
    for name in list(open_at):
        close(name)
    return sorted(done, key=lambda one: (one.start, one.name))
