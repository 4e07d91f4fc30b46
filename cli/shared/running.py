"""What every command over many inputs shares: its options, and how its run is shown.

A command is a task and a few lines:

    @click.command()
    @source_options
    @click.option("-o", "--output", type=click.Path(), help=OUTPUT_HELP)
    @run_options()
    @click.pass_context
    def count(ctx, sources, output, options):
        with Session(options, output) as session:
            ctx.exit(session.run(sources, CountTask(), what="Counting"))
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cvclassic._basics.platform import keep_freed_memory
from cvclassic._basics.printable import plural, printable
from cvclassic.errors import ExitCode

from .console import plain, report_failures
from .options import jobs_option, n_jobs, quiet_option
from .outputs import RecordsFile, forced, say_wrote
from .progress import Tally, count_aside, shown_progress, summary
from .signals import Stopped, stop_on_signals

if TYPE_CHECKING:
    from cvclassic.batch import Record, Run, Sources, Task

    from .film import Film

OUTPUT_HELP = (
    "File to write: .csv, .jsonl, .json, .parquet or .sqlite; text also with .gz; - is stdout."
)

_FEW = 8


def source_options(
    command: Callable, *, short_null: bool = True, required: bool = True
) -> Callable:
    """``[PATHS]... [-0] [--manifest CSV [--split NAME]]``, given to the command as `sources`.

    Without `short_null` there is ``--null`` but no ``-0``, for commands whose arguments may be
    numbers below zero. Unless they are `required`, `sources` is None where nothing is named.
    """

    @functools.wraps(command)
    def wrapper(*args: Any, paths, manifest, split, null, every, frames, **kwargs: Any) -> Any:
        nothing = not paths and manifest is None
        if nothing and required:
            raise click.UsageError("Give PATHS, - for a list on standard input, or --manifest CSV.")
        if split is not None and manifest is None:
            raise click.UsageError("--split needs --manifest.")
        chosen = frame_selection(every, frames)
        found = None if nothing else _sources(paths, manifest, split, null, chosen)
        return command(*args, sources=found, **kwargs)

    options = (
        _PATHS,
        _null_option(short_null),
        click.option(
            "--manifest",
            type=click.Path(dir_okay=False),
            help="CSV file with the column path (and split) that lists images.",
        ),
        click.option("--split", help="Rows of the manifest to use, by its column split."),
        *_FRAMES,
    )
    return _all(wrapper, options)


def path_options(command: Callable) -> Callable:
    """``PATHS... [-0]``, given to the command as `sources`; for those with another manifest."""

    @functools.wraps(command)
    def wrapper(*args: Any, paths, null, every, frames, **kwargs: Any) -> Any:
        if not paths:
            raise click.UsageError("Give PATHS, or - for a list on standard input.")
        chosen = frame_selection(every, frames)
        return command(*args, sources=_sources(paths, None, None, null, chosen), **kwargs)

    return _all(wrapper, (_PATHS, _null_option(True), *_FRAMES))


_PATHS = click.argument("paths", nargs=-1, type=click.Path())


def _null_option(short: bool) -> Callable:
    text = "Names on standard input end in NUL instead of newline."
    return click.option(*(["-0"] if short else []), "--null", is_flag=True, help=text)


_FRAMES = (
    click.option(
        "--every",
        metavar="N|TIME",
        help="Use every N-th frame of a video, or one per TIME such as 1s. [default: all]",
    ),
    click.option(
        "--frames",
        type=click.Choice(["all", "keyframes", "shots"]),
        default="all",
        help="Use all frames of a video, only keyframes (fast), or the middle frame of each shot.",
    ),
)


def frame_selection(every: str | None, frames: str) -> Any:
    """The `FrameSelection` that is requested."""
    from cvclassic.images import FrameSelection

    step: int | float = 1
    if frames == "shots":
        from cvclassic.video import shot_moments

        if every is not None:
            raise click.UsageError("--every and --frames shots do not go together.")
        return FrameSelection(pick=shot_moments)
    if every is not None:
        number = every.removesuffix("s")
        try:
            step = float(number) if number != every else int(number)
            return FrameSelection(every=step, keyframes=frames == "keyframes")
        except ValueError:
            raise click.BadParameter(
                f"expected a number of frames such as 10, or a time such as 1s. Got {every!r}.",
                param_hint="--every",
            ) from None
    return FrameSelection(keyframes=frames == "keyframes")


def _sources(
    paths: tuple[str, ...], manifest: str | None, split: str | None, null: bool, frames: Any
) -> Sources:
    from cvclassic.batch import Sources

    if null and "-" not in paths:
        raise click.UsageError("--null needs -, a list on standard input.")
    return Sources(paths, manifest, split, null, frames)


def records_option(command: Callable) -> Callable:
    """``--json FILE`` of the commands whose ``-o`` is a folder of drawings."""
    return click.option(
        "--json",
        "--records",
        "records",
        type=RecordsFile(),
        metavar="FILE",
        help="File for the numbers: .json, .jsonl, .csv, .parquet or .sqlite; - is stdout.",
    )(command)


def format_of_records(path: str | None) -> str | None:
    """Format of `records_option`: as it is named, else JSON."""
    from cvclassic.batch import format_of
    from cvclassic.batch.outputs.writers import is_stream
    from cvclassic.errors import ParameterError

    if path is None:
        return None
    try:
        return "json" if is_stream(path) else format_of(path)
    except ParameterError:
        return "json"


def engine_for(sources: Sources) -> str | None:
    """Threads for a few files, which they are done with before processes would have started."""
    few = sources.manifest is None and len(sources.paths) <= _FEW
    return "threads" if few and all(map(os.path.isfile, sources.paths)) else None


def say_failure(record: Record) -> None:
    """A line on stderr about an input that could not be read."""
    click.echo(printable(f"{record.path}: {record.code}: {record.message}"), err=True)


@dataclass(frozen=True)
class RunOptions:
    """How a run is done and shown, as the command line asks for it."""

    engine: str | None
    jobs: int | None
    timeout: float | None
    memory_cap: int | None
    dask: str | None
    restart: bool
    watch: bool
    raw_csv: bool
    lines: bool
    quiet: bool

    def work(self, output: str | None, default: str | None = None) -> Any:
        """The `Work` that is requested.

        Parameters
        ----------
        output : str or None
            File of the records; with one, decoders run in processes.
        default : str or None
            Engine where none is asked for.
        """
        from cvclassic._basics.platform import can_measure_memory
        from cvclassic.batch import Work

        engine = self.engine
        limits = self.timeout is not None or self.memory_cap is not None
        if self.dask is not None:
            self._check_dask()
            engine = "dask"
        if engine is None:
            isolated = limits or self.watch or output not in (None, "-", "/dev/stdout")
            engine = default or ("processes" if isolated else "threads")
            engine = "processes" if limits else engine
        if limits and engine == "threads":
            raise click.UsageError("--timeout and --memory-cap need --engine processes.")
        if self.memory_cap is not None and not can_measure_memory():
            raise click.UsageError("--memory-cap needs Linux.")
        cap = None if self.memory_cap is None else self.memory_cap * 1_000_000
        return Work(engine, n_jobs(self.jobs), self.timeout, cap, self.dask or "local")

    def _check_dask(self) -> None:
        from cvclassic.batch.engines.dask_cluster import check_address, import_dask

        if self.engine is not None:
            raise click.UsageError("--dask is an engine of its own; leave out --engine.")
        if self.jobs is not None and self.dask != "local":
            raise click.UsageError("--jobs is for --dask local; other clusters have their workers.")
        if self.watch:
            raise click.UsageError("--watch works on this machine; leave out --dask.")
        check_address(self.dask or "")
        import_dask()


_WATCH = (
    click.option(
        "--watch",
        is_flag=True,
        help="Keep running: process new images in the folders and append them, until Ctrl-C.",
    ),
)


def run_options(*, json_flag: bool = True, watch: bool = True) -> Callable:
    """Options of a run, given to the command as `options`, a `RunOptions`.

    Parameters
    ----------
    json_flag : bool
        Whether ``--json`` stands for ``--progress-json``; not where it names a file.
    watch : bool
        Whether there is ``--watch``; not where an answer needs all inputs.
    """
    names = ("--progress-json", "--json") if json_flag else ("--progress-json",)
    choices = (
        click.option(
            "--restart",
            is_flag=True,
            help="Discard an interrupted run to this output and start over.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["threads", "processes"]),
            help="Where images are decoded; in processes, a crashing decoder costs one image. "
            "[default: processes when a file is written, else threads]",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Maximum time per image in seconds (processes only).",
        ),
        click.option(
            "--memory-cap",
            type=click.IntRange(min=1),
            metavar="MB",
            help="Maximum memory per worker in MB, including the model (processes only).",
        ),
        click.option(
            "--dask",
            metavar="ADDRESS",
            help="Run on a Dask cluster: tcp://host:8786, or local for one on this machine.",
        ),
        *(_WATCH if watch else ()),
        click.option(
            "--raw-csv",
            is_flag=True,
            help="Do not escape cells of .csv files that a spreadsheet "
            "would run as formulas (=, +, -, @).",
        ),
        click.option(
            *names, "lines", is_flag=True, help="Print progress as JSON lines on stderr, for logs."
        ),
    )

    def decorate(command: Callable) -> Callable:
        @functools.wraps(command)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            asked = {key: kwargs.pop(key, False) for key in RunOptions.__dataclass_fields__}
            return command(*args, options=RunOptions(**asked), **kwargs)

        return _all(wrapper, (*choices, jobs_option, quiet_option))

    return decorate


def _all(command: Callable, options: Sequence[Callable]) -> Callable:
    for option in reversed(options):
        command = option(command)
    return command


class Session:
    """One call of a command: signals end it with a line that says what is kept.

    Parameters
    ----------
    options : RunOptions
    output : str or None
        File of the records; ``-`` is standard output.
    engine : str or None
        The command's own default.

    Attributes
    ----------
    run : Run or None
        Once it is in progress.
    """

    def __init__(
        self, options: RunOptions, output: str | None = None, engine: str | None = None
    ) -> None:
        if options.restart and output in (None, "-"):
            raise click.UsageError("--restart needs an output file.")
        if options.watch and output in (None, "-"):
            raise click.UsageError("--watch needs an output file.")
        self._options = options
        self._output = output
        self._work = options.work(output, engine)
        self._stack = contextlib.ExitStack()
        self.tally = Tally()
        self.current: Run | None = None

    def __enter__(self) -> Session:
        keep_freed_memory()
        self._stack.enter_context(stop_on_signals(lambda: f"Interrupted.{self._kept()}"))
        if self._work.engine == "processes":
            from cvclassic.batch.engines.processes import discard_workers, prepare_workers

            prepare_workers()  # while the command loads its model
            self._stack.callback(discard_workers)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._stack.__exit__(None, None, None)
        if isinstance(error, OSError) and self._kept() and isinstance(error.strerror, str):
            message = f"{error.strerror}.{self._kept()}"
            raise OSError(error.errno, message, error.filename) from None

    def _kept(self) -> str:
        journal = None if self.current is None else self.current.journal
        if journal is None or not (journal.n_records or journal.resumed):
            return ""
        number = f"{journal.n_records:,}" if journal.n_records else "All"
        kept = "record is" if journal.n_records == 1 else "records are"
        return f" {number} {kept} kept; run the same command again to resume."

    def run(
        self,
        sources: Sources,
        task: Task,
        *,
        format: Any = None,
        folder: str | None = None,
        name: str | None = None,
        about: dict[str, Any] | None = None,
        sinks: Sequence[Any] = (),
        each: Callable[[Record], None] | None = None,
        after: Callable[[Any], Any] = iter,
        film: Film | None = None,
        what: str = "Processing",
        brief: bool = False,
        report: bool = True,
        names_file: bool = True,
    ) -> ExitCode:
        """Do it, say how it goes, and return the exit code.

        Parameters
        ----------
        sources, task, format, folder, name, about, sinks, after
            As `Run` has them.
        each : callable, optional
            Called with each record, for instance to say a line about it.
        film : Film, optional
            Is given the drawings; such a run cannot be resumed and starts over.
        what : str
            What the progress bar says.
        brief : bool
            Say nothing at the end about a single input.
        report : bool
            Say at the end how many inputs there were.
        names_file : bool
            Say at the end that the file of records was written; not where it is only kept until
            the command makes something else of it.
        """
        from cvclassic.batch import Run

        options, tally = self._options, self.tally
        run = self.current = Run(
            sources,
            task,
            output=self._output,
            format=format,
            folder=folder,
            name=name,
            work=self._work,
            about=about,
            restart=options.restart or bool(film),
            raw_csv=options.raw_csv,
            sinks=sinks,
            watch=options.watch,
            keep_pictures=bool(film),
            force=forced(),
            after=after,
            on_start=lambda: self._say_how_it_begins(sources),
        )
        if (options.lines or not options.quiet) and sources.can_be_counted and not options.watch:
            count_aside(tally, run.inputs)
        ends = contextlib.suppress(Stopped) if options.watch else contextlib.nullcontext()
        with (
            ends,
            shown_progress(tally, quiet=options.quiet, lines=options.lines, what=what) as tick,
            contextlib.closing(iter(run)) as records,
        ):
            for record in records:
                tally.add(record, run.keeping)
                if film:
                    film.take(record)
                if each is not None:
                    each(record)
                tick()
        if report:
            self._report(run, sinks, brief)
        if names_file:
            self._say_what_was_written()
        incomplete = any(getattr(sink, "failures", None) for sink in sinks)
        return ExitCode.INCOMPLETE if incomplete else run.exit_code

    def _say_how_it_begins(self, sources: Sources) -> None:
        run, output = self.current, self._output or "-"
        if self._options.quiet or run is None or run.journal is None:
            return
        if self._options.watch:
            names = " ".join(sources.paths)
            click.echo(plain(f"Watching {names}. Press Ctrl-C to stop."), err=True)
        elif run.journal.resumed:
            click.echo(plain(f"{output}: resuming an interrupted run."), err=True)
        elif os.path.exists(output):
            text = f"{output} exists and will be overwritten when the run finishes."
            click.echo(plain(text), err=True)

    def _say_what_was_written(self) -> None:
        from cvclassic.batch.outputs.writers import is_stream

        output = self._output
        if output is not None and not is_stream(output) and os.path.isfile(output):
            say_wrote(output)

    def _report(self, run: Run, sinks: Sequence[Any], brief: bool) -> None:
        if not self._options.quiet and not (brief and run.n_records == 1):
            click.echo(plain(summary(self.tally)), err=True)
        groups = [("could not be written", "not_written", run.not_written)]
        groups += [
            ("could not be sorted", "not_sorted", getattr(sink, "failures", [])) for sink in sinks
        ]
        for text, code, failures in groups:
            if failures:
                n = len(failures)
                click.echo(f"{plural(n, 'image')} {text}:", err=True)
                report_failures([(path, code, why) for path, why in failures])
