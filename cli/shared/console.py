"""What people see on the way: progress on stderr, tables on stdout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

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

LABELS = {
    "read": "Reading pictures",
    "vocabulary": "Learning the vocabulary",
    "features": "Describing pictures",
    "classifier": "Training the classifier",
    "trial": "Trial of the classifier",
    "classify": "Classifying",
    "learning curve": "Learning curve",
    "faces": "Looking for the faces",
    "cascade": "Training the cascade",
}


class Stages:
    """A progress bar for each stage of the work; nothing where stderr is no terminal."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the bar of `stage`; a total of 0 stands for work of unknown length."""
        for name, task in self._tasks.items():
            if name != stage and not self._bars.tasks[task].finished:
                size = self._bars.tasks[task].total or 1
                self._bars.update(task, total=size, completed=size)
        if stage not in self._tasks:
            label = LABELS.get(stage, stage)
            self._tasks[stage] = self._bars.add_task(label, total=total or None)
        self._bars.update(self._tasks[stage], completed=done, total=total or None)

    def note(self, stage: str, text: str) -> None:
        """Say more about the stage that is under way."""
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


@contextmanager
def stages(quiet: bool = False) -> Iterator[Stages]:
    """Show progress on stderr while the block runs."""
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
    with bars:
        yield Stages(bars)


def plain(value: object) -> Text:
    """Text that rich does not read as markup; control characters are shown, not obeyed."""
    text = str(value)
    return Text("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))


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
