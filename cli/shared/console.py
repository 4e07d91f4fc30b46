"""What people see on the way: progress on stderr, tables on stdout."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from .progress import duration

LINE_SECONDS = 30.0
"""How often the work says how far it is where stderr is no terminal."""

LABELS = {
    "read": "Reading images",
    "vocabulary": "Learning the vocabulary",
    "features": "Describing images",
    "classifier": "Training the classifier",
    "trial": "Trial of the classifier",
    "classify": "Classifying",
    "learning curve": "Learning curve",
    "faces": "Finding faces",
    "cascade": "Training the cascade",
}


class Stages:
    """A progress bar for each stage of the work; a line now and then off a terminal.

    Attributes
    ----------
    prefix : callable
        What stands before the name of each stage, such as ``recipe 2 of 3``.
    """

    def __init__(self, bars: Progress, lines: Ticker | None = None) -> None:
        self._bars = bars
        self._lines = lines
        self._tasks: dict[str, TaskID] = {}
        self.prefix: Callable[[], str] = str

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the bar of `stage`; a total of 0 stands for work of unknown length."""
        if self._lines is not None:
            self._lines.tell(self.prefix() + LABELS.get(stage, stage), done, total)
        if self._bars.disable:
            return
        for name, task in self._tasks.items():
            if name != stage and not self._bars.tasks[task].finished:
                size = self._bars.tasks[task].total or 1
                self._bars.update(task, total=size, completed=size)
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(self._label(stage), total=total or None)
        self._bars.update(
            self._tasks[stage],
            completed=done,
            total=total or None,
            description=self._label(stage),
        )

    def _label(self, stage: str) -> str:
        return self.prefix() + LABELS.get(stage, stage)

    def note(self, stage: str, text: str) -> None:
        """Say more about the stage that is in progress."""
        if stage in self._tasks:
            self._bars.update(self._tasks[stage], description=text)

    def epoch(self, epoch) -> None:
        """Show an `Epoch` of the classifier's training: bars of the loss, held-out score."""
        from cvclassic.draw.training_curves import sparkline

        if self._bars.disable:
            return
        if epoch.number == 1:
            self._losses: list[float] = []
        self._losses.append(epoch.loss)
        stage = "trial" if epoch.phase == "trial" else "classifier"
        self(stage, epoch.number, epoch.most)
        text = f"loss {epoch.loss:.4f} {sparkline(self._losses)}"
        if epoch.phase == "trial":
            text += (
                f" held-out loss {epoch.validation_loss:.4f}, score {epoch.validation_score:.1%}"
            )
        self._bars.update(self._tasks[stage], description=f"{LABELS[stage]}: {text}")

    def count(self, items: Iterable[Any], stage: str, total: int = 0) -> Iterator[Any]:
        """Pass items on and count them."""
        done = 0
        self(stage, 0, total)
        for done, item in enumerate(items, 1):
            yield item
            self(stage, done, total)
        self(stage, done, done)


class Ticker:
    """Says on stderr how far the work is, every so many seconds, for logs."""

    def __init__(self, every: float = LINE_SECONDS) -> None:
        self._every = every
        self._start = time.monotonic()
        self._state = ("", 0, 0)
        self._since = self._start
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Note how far a stage is."""
        if stage != self._state[0]:
            self._since = time.monotonic()
        self._state = (stage, done, total)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            print(self.line(), file=sys.stderr, flush=True)

    def line(self) -> str:
        """``Describing images: 120 of 500, 90 s (about 4 min to go)``."""
        stage, done, total = self._state
        now = time.monotonic()
        parts = [stage or "Working"]
        if total:
            parts[0] += f": {done:,} of {total:,}"
        text = f"{parts[0]}, {duration(now - self._start)}"
        if total and 0 < done < total:
            text += f" ({duration((now - self._since) * (total - done) / done)} to go)"
        return text


@contextmanager
def stages(quiet: bool = False) -> Iterator[Stages]:
    """Show progress on stderr while the block runs: bars on a terminal, else a line at times.

    What takes stages is long work on many images, for which memory is kept.
    """
    from cvclassic._basics.platform import keep_freed_memory

    keep_freed_memory()
    console = Console(stderr=True)
    bars = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
        transient=False,
    )
    with ExitStack() as stack:
        if not bars.disable:  # rich 13.0 ends a disabled bar with an empty line
            stack.enter_context(bars)
        lines = None if quiet or console.is_terminal else stack.enter_context(Ticker())
        yield Stages(bars, lines)


def hush_decoders() -> None:
    """Keep what image libraries print off the terminal until the running command ends."""
    from cvclassic.images import watch_decoders

    click.get_current_context().with_resource(watch_decoders())


def plain(value: object) -> Text:
    """Text that rich does not read as markup; control characters are shown, not obeyed."""
    from cvclassic._basics.printable import printable

    return Text(printable(value))


def show_table(rows: Iterable[tuple], headers: tuple[str, ...] = (), title: str = "") -> None:
    """Print a table on stdout; numbers are aligned to the right."""
    rows = list(rows)
    table = Table(title=title or None, show_header=bool(headers), title_justify="left")
    for i in range(len(headers or (rows[0] if rows else ()))):
        numeric = all(isinstance(row[i], int | float) for row in rows)
        table.add_column(
            headers[i] if headers else "", justify="right" if numeric else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    console = Console(soft_wrap=False)
    if not console.is_terminal:  # a pipe or a file has no width to fit into
        console = Console(width=160)
    console.print(table)


def report_failures(failures: list[tuple[str, str, str]], most: int = 10) -> None:
    """List inputs (path, code, message) that failed, on stderr."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for path, code, message in failures[:most]:
        console.print(plain(f"  {path}: {code}: {message}"))
    if len(failures) > most:
        console.print(f"  ... and {len(failures) - most} more")
