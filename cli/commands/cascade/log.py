"""What `cvclassic cascade train` says while it works."""

from __future__ import annotations

import time

import click

from ...shared.console import Stages


class TrainingLog:
    """What is said while a cascade is trained: a line for each stage, and bars on a terminal."""

    def __init__(self, quiet: bool, begin: float) -> None:
        self._quiet, self._begin = quiet, begin
        self.bars: Stages | None = None
        self.where = ""  # an earlier run may have left stages

    def say(self, text: str) -> None:
        """A line on stderr."""
        if not self._quiet:
            click.echo(text, err=True)

    def progress(self, number, what, done, total, hits=None, alarms=None, negatives=None) -> None:
        """Move the bars."""
        assert self.bars is not None
        name = f"stage {number}: {what}"
        self.bars(name, done, total)
        if hits is not None:
            self.bars.note(
                name,
                f"stage {number}: {done} trees, hits {hits:.1%}, false alarms {alarms:.1%} of "
                f"{negatives:,}",
            )

    def stage_done(self, report) -> None:
        """The line of a stage."""
        self.where = f" after stage {report.number}"
        trees = f"{report.trees:3} tree" + (", " if report.trees == 1 else "s,")
        self.say(
            f"stage {report.number:2}: {trees} hit rate {report.hit_rate:.1%}, "
            f"false alarms {report.false_alarm:.1%} of {report.negatives:,} "
            f"negatives ({report.before:.2g} "
            f"of all windows); {time.perf_counter() - self._begin:.0f} s"
        )
