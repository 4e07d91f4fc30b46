"""A run of ``cvclassic classify``: what it is asked, how it goes, what it says at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

import click

from .console import plain, report_failures
from .inputs import Inputs
from .options import n_jobs
from .progress import Tally, count_aside, duration, shown_progress
from .signals import stop_on_signals

_EXIT_FAILURES, _EXIT_INCOMPLETE = 1, 3


def engine_options(
    output: str | None,
    pictures: str | None,
    engine: str | None,
    timeout: float | None,
    memory_cap: int | None,
    jobs: int | None,
    dask: str | None,
) -> dict[str, Any]:
    """Arguments of `classify_files` that say how the work is done."""
    if dask is not None:
        _check_dask(dask, pictures, engine, jobs)
        engine = "dask"
    limits = timeout is not None or memory_cap is not None
    if engine is None:
        isolated = pictures is None and output is not None
        engine = "processes" if isolated or limits else "threads"
    if pictures is not None and engine == "processes":
        raise click.UsageError("--pictures are drawn in threads; leave out --engine processes.")
    if limits and engine == "threads":
        raise click.UsageError("--timeout and --memory-cap need --engine processes.")
    if memory_cap is not None and not os.path.exists("/proc/self/statm"):
        raise click.UsageError("--memory-cap needs Linux.")
    return {
        **({} if dask is None else {"dask": dask}),
        "engine": engine,
        "timeout": timeout,
        "memory_cap": None if memory_cap is None else memory_cap * 1_000_000,
        "n_jobs": n_jobs(jobs),
    }


def _check_dask(address: str, pictures: str | None, engine: str | None, jobs: int | None) -> None:
    from cvclassic.batch.engines.dask_cluster import check_address, import_dask

    if pictures is not None:
        raise click.UsageError("--pictures are drawn in threads; leave out --dask.")
    if engine is not None:
        raise click.UsageError("--dask is an engine of its own; leave out --engine.")
    if jobs is not None and address != "local":
        raise click.UsageError("--jobs is for --dask local; other clusters have their workers.")
    check_address(address)
    import_dask()


class Run:
    """One call of the command."""

    def __init__(
        self,
        model: str,
        inputs: Inputs,
        output: str | None,
        format: str,
        top: int,
        pictures: str | None,
        sorting: tuple[str, bool] | None,
        options: dict[str, Any],
    ) -> None:
        self._model = model
        self._named = inputs
        self._output = output
        self._format = format
        self._top = top
        self._pictures = pictures
        self._sorting = sorting
        self._options = options
        self._tally = Tally()
        self._journal: Any = None
        self._drawn: Any = None
        self._sorter: Any = None
        self._n_faults = 0

    @contextlib.contextmanager
    def stoppable(self) -> Iterator[None]:
        """Signals, and errors of the output, end with a line that says what is kept."""
        try:
            with stop_on_signals(lambda: f"Interrupted.{self._kept()}"):
                try:
                    yield
                finally:
                    self._discard_workers()
        except OSError as error:
            if self._kept() and isinstance(error.strerror, str):
                message = f"{error.strerror}.{self._kept()}"
                raise OSError(error.errno, message, error.filename) from None
            raise

    def _discard_workers(self) -> None:
        if self._options["engine"] == "processes":
            from cvclassic.batch.engines.processes import discard_workers

            discard_workers()

    def _kept(self) -> str:
        if self._journal is None or not (self._journal.n_records or self._journal.resumed):
            return ""
        number = f"{self._journal.n_records:,}" if self._journal.n_records else "All"
        return f" {number} records are kept: the same command goes on from there."

    def load(self) -> None:
        """Read the model; whatever is wrong with the request is known after this."""
        from cvclassic.models import load_model

        if self._options["engine"] == "processes" and os.path.isfile(self._model):
            from cvclassic.batch.engines.processes import prepare_workers

            prepare_workers()
        self._pipeline = load_model(self._model)
        self._top = min(self._top, len(getattr(self._pipeline, "classes_", [None])))
        self._drawn = _drawings(self._pipeline, self._pictures)
        self._sorter = _sorter(self._pipeline, self._sorting)

    def go(self, quiet: bool, lines: bool, restart: bool) -> None:
        """Classify everything, and write the output."""
        from cvclassic.batch import check_output, open_journal, open_writer
        from cvclassic.images import watch_decoders

        extra = self._extra()
        tally = self._tally
        if self._output is None:
            with (
                open_writer(None, self._format, self._top, extra) as writer,
                watch_decoders(),
                shown_progress(tally, quiet=quiet, lines=lines) as tick,
                contextlib.closing(self._classify(self._inputs())) as records,
            ):
                for record in records:
                    writer.write(record)
                    self._sort(record)
                    tally.add(record, kept=False)
                    if self._drawn is not None and record.failed:
                        self._drawn.pass_over(record, kept=False)
                    tick()
            return
        check_output(self._output, self._format)
        with open_journal(self._output, self._about(), restart=restart) as self._journal:
            if not quiet:
                self._say_how_it_begins()
            if (lines or not quiet) and self._named.can_be_counted:
                count_aside(tally, self._inputs_again)
            with watch_decoders(), shown_progress(tally, quiet=quiet, lines=lines) as tick:
                self._fill(tick)
            with open_writer(self._output, self._format, self._top, extra) as writer:
                for record, _ in self._journal.kept():
                    writer.write(record)
                    self._sort(record)
            self._journal.finish()

    def _extra(self) -> tuple[str, ...]:
        """Columns for what the model says beyond a label."""
        rule = getattr(self._pipeline[-1], "unknown_", None)
        return () if rule is None else ("guess",) if rule.kind == "threshold" else ("labels",)

    def _sort(self, record) -> None:
        if self._sorter is not None:
            self._sorter.write(record)

    def _fill(self, tick) -> None:
        """Bring the journal to its end."""
        from cvclassic.batch import resume

        with contextlib.closing(resume(self._journal, self._inputs(), self._classify)) as records:
            for record, kept in records:
                self._tally.add(record, kept)
                if self._drawn is not None and (kept or record.failed):
                    self._drawn.pass_over(record, kept)
                tick()

    def _about(self) -> dict[str, Any]:
        """All that the records depend on beside the inputs."""
        import cv2
        import numpy as np

        from cvclassic import __version__
        from cvclassic.batch import file_digest

        pictures = None if self._pictures is None else os.path.abspath(self._pictures)
        return {
            "model": file_digest(self._model),
            "--top": self._top,
            "--pictures": pictures,
            "version": f"cvclassic {__version__}, OpenCV {cv2.__version__}, NumPy {np.__version__}",
        }

    def _say_how_it_begins(self) -> None:
        if self._journal.resumed:
            click.echo(plain(f"{self._output}: going on with an interrupted run."), err=True)
        elif os.path.exists(self._output or ""):
            text = f"{self._output}: there already; it is replaced when this run has ended."
            click.echo(plain(text), err=True)

    def _inputs_again(self) -> Iterator:
        from .sources import expand

        return expand(iter(self._named), self._pipeline)

    def _inputs(self) -> Iterator:
        """What is to be classified; folders that could not be listed are counted."""
        inputs = self._expanded(iter(self._named))
        return inputs if self._drawn is None else self._drawn.name(inputs)

    def _expanded(self, found: Iterator) -> Iterator:
        """Array files and tables opened, folders that could not be listed counted."""
        from cvclassic.images import Fault

        from .sources import expand

        def counted() -> Iterator:
            for item in found:
                self._n_faults += isinstance(item, Fault)
                yield item

        return expand(counted(), self._pipeline)

    def _classify(self, inputs: Iterable) -> Any:
        from cvclassic.batch import classify_files

        drawn = None if self._drawn is None else self._drawn.draw
        return classify_files(
            self._pipeline, inputs, top=self._top, on_answer=drawn, **self._options
        )

    def report(self, quiet: bool) -> None:
        """Say on stderr what came of it."""
        tally = self._tally
        if not quiet:
            summary = ", ".join(f"{label} {n}" for label, n in tally.labels.most_common(5))
            others = len(tally.labels) - 5
            more = f" and {others} more labels" if others > 0 else ""
            kept = f" ({tally.kept} of them before)" if tally.kept else ""
            took = f" {duration(tally.seconds)}, {tally.rate:.1f}/s." if tally.rate else ""
            click.echo(
                f"{tally.done} inputs{kept}: {tally.statuses['ok']} ok, "
                f"{tally.statuses['warn']} with a warning, {tally.statuses['error']} failed."
                f"{took} {plain(summary)}{more}",
                err=True,
            )
        if self._drawn is not None and self._drawn.failures:
            click.echo(f"{len(self._drawn.failures)} pictures could not be written:", err=True)
            report_failures([(path, "not_written", why) for path, why in self._drawn.failures])
        if self._sorter is not None and self._sorter.failures:
            click.echo(f"{len(self._sorter.failures)} pictures could not be sorted:", err=True)
            report_failures([(path, "not_sorted", why) for path, why in self._sorter.failures])

    @property
    def exit_code(self) -> int:
        """0, 1 or 3, as the help says."""
        results = (self._drawn, self._sorter)
        if self._n_faults or any(result is not None and result.failures for result in results):
            return _EXIT_INCOMPLETE
        return _EXIT_FAILURES if self._tally.statuses["error"] else 0


def _drawings(pipeline, folder: str | None):
    """Where pictures of predictions go; None if none are wanted."""
    if folder is None:
        return None
    if not hasattr(pipeline[-1], "classes_") or hasattr(pipeline[0], "columns"):
        raise click.UsageError("--pictures needs a model that gives labels to pictures.")
    from .predictions import PredictionPictures

    return PredictionPictures(folder)


def _sorter(pipeline, sorting: tuple[str, bool] | None):
    """What puts pictures into folders; None if that is not wanted."""
    if sorting is None:
        return None
    if not hasattr(pipeline[-1], "classes_") or hasattr(pipeline[0], "columns"):
        raise click.UsageError("--sort-into needs a model that gives labels to pictures.")
    from cvclassic.batch import Sorter

    folder, link = sorting
    return Sorter(folder, link=link)
