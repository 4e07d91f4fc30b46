"""How far a long run is: a line on a terminal, or JSON lines for a log."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from cvclassic._basics.printable import plural

_LINE_SECONDS = 10.0
_BAR_SECONDS = 0.1


class Tally:
    """Records so far.

    Attributes
    ----------
    statuses, labels : Counter
    done : int
    kept : int
        Those of `done` that an interrupted run had left.
    found : int
        Detections in all of them.
    total : int or None
        Inputs, once somebody has counted them.
    """

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self.done = 0
        self.kept = 0
        self.found = 0
        self.total: int | None = None
        self._start = time.monotonic()

    def add(self, record, kept: bool) -> None:
        """Count a record; the clock starts behind those that were kept."""
        if kept:
            self._start = time.monotonic()
        self.done += 1
        self.kept += kept
        self.statuses[record.status] += 1
        if record.detections is not None:
            self.found += len(record.detections)
        if record.label is not None and not record.failed:
            self.labels[str(record.label)] += 1

    @property
    def seconds(self) -> float:
        """Since the run began, or the last record that was done before."""
        return time.monotonic() - self._start

    @property
    def rate(self) -> float:
        """Inputs a second, without those that were done before."""
        return (self.done - self.kept) / self.seconds if self.seconds else 0.0

    @property
    def eta(self) -> float | None:
        """Remaining seconds; None where unknown."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.done) / self.rate

    def as_json(self) -> str:
        """One line for a log."""
        return json.dumps(
            {
                "done": self.done,
                "kept": self.kept,
                "total": self.total,
                "warned": self.statuses["warn"],
                "failed": self.statuses["error"],
                "seconds": round(self.seconds, 1),
                "per_second": round(self.rate, 2),
                "eta_seconds": None if self.eta is None else round(self.eta),
            }
        )


def count_aside(tally: Tally, walk: Callable[[], Iterable]) -> None:
    """Count the inputs in a thread, so that the rest of the time can be estimated."""

    def count() -> None:
        n = 0
        for n, _ in enumerate(walk(), 1):  # noqa: B007
            pass
        tally.total = n

    threading.Thread(target=count, daemon=True).start()


@contextmanager
def shown_progress(
    tally: Tally, *, quiet: bool, lines: bool, what: str = "Classifying"
) -> Iterator[Callable[[], None]]:
    """Show a tally on stderr; what it yields is called after each record.

    A bar on a terminal that begins with `what`, JSON lines every ten seconds and at the end with
    `lines`, else nothing.
    """
    if lines:
        with _json_lines(tally) as tick:
            yield tick
    elif quiet or not sys.stderr.isatty():
        yield lambda: None
    else:
        with _bar(tally, what) as tick:
            yield tick


@contextmanager
def _json_lines(tally: Tally) -> Iterator[Callable[[], None]]:
    last = time.monotonic()

    def tick() -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_SECONDS:
            last = time.monotonic()
            print(tally.as_json(), file=sys.stderr, flush=True)

    try:
        yield tick
    finally:
        print(tally.as_json(), file=sys.stderr, flush=True)


@contextmanager
def _bar(tally: Tally, what: str) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bars = Progress(
        TextColumn(what),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    last = 0.0
    with bars:
        task = bars.add_task("", total=None, said="")

        def show() -> None:
            bars.update(task, completed=tally.done, total=tally.total, said=in_words(tally))

        def tick() -> None:
            nonlocal last
            if time.monotonic() - last >= _BAR_SECONDS:
                last = time.monotonic()
                show()

        try:
            yield tick
        finally:
            show()


def summary(tally: Tally) -> str:
    """``3 inputs: 2 ok, 1 failed (4 s, 0.8/s). cat 1, dog 1``.

    Examples
    --------
    >>> summary(Tally()).partition(" (")[0]
    '0 inputs'
    """
    names = {"ok": "ok", "warn": "with a warning", "error": "failed"}
    parts = [
        f"{tally.statuses[key]:,} {name}" for key, name in names.items() if tally.statuses[key]
    ]
    n = tally.done
    text = f"{plural(n, 'input')}"
    if tally.kept:
        text += f" ({tally.kept:,} before the interruption)"
    text += f": {', '.join(parts)}" if parts else ""
    seconds = tally.seconds
    took = f"{seconds:.1f} s" if seconds < 10 else duration(seconds)
    if n - tally.kept > 1:
        took += f", {tally.rate:.1f}/s"
    text += f" ({took})"
    if tally.labels:
        shown = ", ".join(f"{label} {count:,}" for label, count in tally.labels.most_common(5))
        others = len(tally.labels) - 5
        more = f" and {plural(others, 'more label')}" if others > 0 else ""
        text += f". {shown}{more}"
    return text


def in_words(tally: Tally) -> str:
    """``1,200 of 50,000, 85/s, 9 min 34 s to go, 3 failed``."""
    parts = [f"{tally.done:,}" + ("" if tally.total is None else f" of {tally.total:,}")]
    if tally.rate:
        parts.append(f"{tally.rate:.0f}/s" if tally.rate >= 10 else f"{tally.rate:.1f}/s")
    if tally.eta:
        parts.append(f"{duration(tally.eta)} to go")
    if tally.statuses["error"]:
        parts.append(f"{tally.statuses['error']:,} failed")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """``12 s``, ``9 min 34 s``, ``3 h 5 min`` or ``2 d 4 h``."""
    n = round(seconds)
    for large, small, size, unit in (
        ("d", "h", 86400, 3600),
        ("h", "min", 3600, 60),
        ("min", "s", 60, 1),
    ):
        if n >= size:
            rest = n % size // unit
            return f"{n // size} {large}" + (f" {rest} {small}" if rest else "")
    return f"{n} s"
