"""A run of ``cvclassic classify --watch``: it ends when somebody ends it."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from .batch import Run
from .console import plain
from .inputs import Inputs
from .progress import shown_progress
from .signals import Stopped


def check_watch(
    inputs: Inputs,
    output: str | None,
    format: str | None,
    pictures: str | None,
    sort_into: str | None,
    options: dict[str, Any],
) -> None:
    """Refuse what does not go together with ``--watch``."""
    from cvclassic.batch import check_outside

    if output is None:
        raise click.UsageError("--watch needs -o.")
    if format not in ("csv", "jsonl"):
        raise click.UsageError("--watch adds to its output, and so needs .csv or .jsonl.")
    if not inputs.are_folders:
        raise click.UsageError("--watch needs folders as PATHS, and nothing else.")
    if pictures is not None:
        raise click.UsageError("--pictures need all names before; leave out --watch.")
    if options["engine"] == "dask":
        raise click.UsageError("--watch works on this machine; leave out --dask.")
    for place in (output, sort_into):
        folder = check_outside(inputs.paths, place)
        if folder is not None:
            raise click.UsageError(f"{place!r} lies in {folder!r}, which is watched.")


class WatchRun(Run):
    """One call of the command with ``--watch``."""

    def go(self, quiet: bool, lines: bool, restart: bool) -> None:
        """Classify what is there and what comes, until a signal."""
        from cvclassic.batch import Arrivals, append_writer, open_journal, watch
        from cvclassic.images import watch_decoders

        output: Any = self._output
        with open_journal(output, self._about(), restart=restart) as self._journal:
            self._write_what_is_kept()
            arrivals = Arrivals(self._named.paths, self._journal, self._expanded)
            if not quiet:
                kept = f", after {self._tally.kept:,} records" if self._tally.kept else ""
                names = " ".join(self._named.paths)
                click.echo(plain(f"Watching {names}{kept}. Ctrl-C ends it."), err=True)
            with (
                contextlib.suppress(Stopped),  # that is how it ends
                append_writer(output, self._format, self._top, self._extra()) as writer,
                watch_decoders(),
                shown_progress(self._tally, quiet=quiet, lines=lines) as tick,
                contextlib.closing(watch(arrivals, self._classify, self._idle)) as records,
            ):
                for record, mark in records:
                    self._sort(record)
                    self._journal.append(record, mark)
                    writer.write(record)
                    self._tally.add(record, kept=False)
                    tick()

    def _write_what_is_kept(self) -> None:
        """Make the output that of the journal, whatever an interruption has left."""
        from cvclassic.batch import open_writer

        done = 0
        with open_writer(self._output, self._format, self._top, self._extra()) as writer:
            for record, _ in self._journal.kept():
                writer.write(record)
                self._tally.add(record, kept=True)
                done += 1
        self._journal.keep(done)

    def _about(self) -> dict[str, Any]:
        return {**super()._about(), "--watch": True}

    def _idle(self) -> None:
        """Have what workers need ready for the next files."""
        if self._options["engine"] == "processes":
            from cvclassic.batch import prepare_workers

            prepare_workers()
        if self._journal.n_records:
            self._journal.sync()
