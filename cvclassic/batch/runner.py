"""A run: a task applied to all inputs, one record each, resumable."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any

from .._basics.atomic import check_writable, make_folder, remove_leftovers
from ..errors import ExitCode, ParameterError
from ..images import Fault, watch_decoders
from .expanding import expand_inputs
from .filenames import FreeNames
from .journal import Journal, open_journal
from .mapping import THREADS, NamedInput, Work, map_inputs
from .outputs.writers import (
    APPENDABLE,
    Format,
    Writer,
    append_writer,
    check_output,
    format_of,
    is_stream,
    open_writer,
)
from .records import Record
from .resuming import resume
from .sources import Own, Sources
from .tasks import Input, Task, path_of
from .watching import Arrivals, watch


class Run:
    """A task over all inputs. Iterating does it, and gives one record for each input, in order.

    Parameters
    ----------
    sources : Sources, or iterable of paths or of what `find_inputs` finds
    task : Task
    output : str or Path, optional
        File for the records. With one the run keeps a journal, and the same run goes on where
        it was interrupted, to the same bytes. ``-``, a device or a pipe is written as records
        come, without a journal.
    format : str or callable, optional
        See `open_writer`. [default: as the output is named]
    folder : str or Path, optional
        Where the task's images go, made where it is missing. Every input has a name of its own
        there.
    name : str, optional
        How the image of the only input is called there, without an ending; the folder must be
        there then.
    work : Work
    about : dict, optional
        Other values that the records depend on; an interrupted run is resumed only with the same.
    restart : bool
        Discard what an interrupted run has left.
    raw_csv : bool
        See `CsvWriter`.
    sinks : sequence of Writer
        Are given each record when it is written, such as a `Sorter`.
    watch : bool
        Keep processing what arrives in the sources, which must be folders. Ends when
        the iterator is closed, or by an exception such as `KeyboardInterrupt`.
    keep_pictures : bool
        Whether the records given out have their images, for instance to make a video of them;
        those from before an interruption have none.
    force : bool
        Whether images replace files that something else wrote.
    after : callable
        Passes all records on to the output and the sinks, in order and perhaps changed, such as a
        `RecordSmoother`. The journal, and who iterates over a run with one, gets them as they are.
    on_start : callable
        Called when the journal is open and before the first input.

    Attributes
    ----------
    journal : Journal or None
        While the run is in progress with an output.
    keeping : bool
        Whether the record just given is from before an interruption.
    n_records, n_failed, n_kept : int
        Records so far, those that failed, and those that were kept.
    n_faults : int
        Folders that could not be listed, rows of a manifest that say nothing.
    not_written : list of (path, reason)
        Inputs whose images could not be written.

    Raises
    ------
    ParameterError
        Options contradict each other; raised before the first input.

    Examples
    --------
    >>> from cvclassic.batch import Run
    >>> from cvclassic.batch.tasks import Answer, ImageTask
    >>> class Look(ImageTask):
    ...     def process(self, image):
    ...         return Answer()
    >>> run = Run(["missing.jpg"], Look())
    >>> [(record.path, record.code) for record in run], run.exit_code.name
    ([('missing.jpg', 'not_found')], 'FAILURES')
    """

    def __init__(
        self,
        sources: Sources | Iterable[Input],
        task: Task,
        *,
        output: str | os.PathLike | None = None,
        format: Format | None = None,
        folder: str | os.PathLike | None = None,
        name: str | None = None,
        work: Work = THREADS,
        about: dict[str, Any] | None = None,
        restart: bool = False,
        raw_csv: bool = False,
        sinks: Sequence[Writer] = (),
        watch: bool = False,
        keep_pictures: bool = False,
        force: bool = False,
        after: Callable[[Iterable[Record]], Iterable[Record]] = iter,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._sources = sources
        self._task = task
        self._output = None if output is None else os.fsdecode(output)
        self._folder = None if folder is None else os.fsdecode(folder)
        self._work = work
        self._about = about or {}
        self._restart = restart
        self._raw_csv = raw_csv
        self._sinks = sinks
        self._watch = watch
        self._keep_pictures = keep_pictures
        self._force = force
        self._after = after
        self._name = name
        self._named = False
        self._names = FreeNames()
        self.journal: Journal | None = None
        self.keeping = False
        self.n_records = self.n_failed = self.n_kept = self.n_faults = 0
        self.not_written: list[tuple[str, str]] = []
        self._on_start = on_start
        self._streams = self._output is not None and is_stream(self._output)
        if self._output is not None and not self._streams:
            self._output = _target(self._output)
        self._format: Format = "csv"
        if format is not None:
            self._format = format
        elif self._output is not None and not self._streams:
            self._format = format_of(self._output)
        if self._output is not None:
            check_output(self._output, self._format)
        file = None if self._streams else self._output
        paths = sources.paths if isinstance(sources, Sources) else ()
        self._own = Own(file, self._folder if name is None else None, paths)
        if watch:
            self._check_watch()

    def _check_watch(self) -> None:
        sources, output = self._sources, self._output
        if not isinstance(sources, Sources) or sources.folders != sources.paths:
            raise ParameterError("to watch, name folders as inputs, and nothing else.")
        if sources.manifest is not None:
            raise ParameterError("to watch, name folders as inputs, and no manifest.")
        appendable = self._format in APPENDABLE and not str(output).lower().endswith(".gz")
        if output is None or self._streams or not appendable:
            raise ParameterError(
                "to watch, records are added to the output: name a file .csv or .jsonl."
            )
        if self._work.engine == "dask":
            raise ParameterError("a Dask cluster does not watch folders: leave one of them out.")

    @property
    def resumed(self) -> bool:
        """Whether it goes on with an interrupted run."""
        return self.journal is not None and self.journal.resumed

    @property
    def exit_code(self) -> ExitCode:
        """What the run ends with."""
        if self.n_faults or self.not_written:
            return ExitCode.INCOMPLETE
        return ExitCode.FAILURES if self.n_failed else ExitCode.OK

    def inputs(self) -> Iterator[Input]:
        """The inputs, walked anew; array files and tables are opened."""
        return self._expanded(iter(self._sources))

    def _expanded(self, found: Iterable, seen: Callable = iter) -> Iterator[Input]:
        return expand_inputs(seen(self._own.leave_out(found)), self._task.table_columns)

    def __iter__(self) -> Generator[Record]:
        """Do it."""
        if self._folder is not None:
            if self._name is None:
                make_folder(self._folder)
            check_writable(os.path.join(self._folder, "image.png"))
        with watch_decoders():
            if self._output is None:
                self._on_start()
                yield from self._plain()
            elif self._streams:
                self._on_start()
                with self._writer() as writer:
                    for record in self._plain():
                        writer.write(record)
                        yield record
            else:
                about = {**self._task.about(), **self._about, "version": _versions()}
                if self._folder is not None:
                    about["images"] = os.path.abspath(self._folder)
                if self._watch:
                    about["--watch"] = True
                with open_journal(self._output, about, restart=self._restart) as self.journal:
                    self._tidy(self.journal)
                    self._on_start()
                    yield from self._watched() if self._watch else self._resumed()

    def _writer(self) -> Any:
        output = self._output or "-"
        return open_writer(output, self._format, self._task.columns, raw_csv=self._raw_csv)

    def _plain(self) -> Iterator[Record]:
        with contextlib.closing(self._process(self._inputs())) as records:
            for record in self._after(records):
                self._sink(record)
                self._count(record, kept=False)
                yield record

    def _resumed(self) -> Iterator[Record]:
        journal = self.journal
        assert journal is not None
        pairs = resume(journal, self._inputs(), self._process, block_size=self._task.block_size)
        with contextlib.closing(pairs):
            for record, kept in pairs:
                self._count(record, kept)
                yield record
        with self._writer() as writer:
            for record in self._after(record for record, _ in journal.kept()):
                writer.write(record)
                self._sink(record)
        journal.finish()

    def _watched(self) -> Iterator[Record]:
        journal, output, sources = self.journal, self._output, self._sources
        assert journal is not None
        assert output is not None
        assert isinstance(sources, Sources)
        done = 0
        with self._writer() as writer:  # whatever an interruption has left of the output
            for record, _ in journal.kept():
                writer.write(record)
                self._count(record, kept=True)
                done += 1
                yield record
        journal.keep(done)

        def opened(found: Iterator) -> Iterator:
            return self._expanded(found, self._counted)

        arrivals = Arrivals(sources.paths, journal, opened)
        columns = self._task.columns
        assert isinstance(self._format, str)
        with (
            append_writer(output, self._format, columns, raw_csv=self._raw_csv) as writer,
            contextlib.closing(watch(arrivals, self._process, self._idle)) as pairs,
        ):
            for record, mark in pairs:
                self._sink(record)
                journal.append(record, mark)
                writer.write(record)
                self._count(record, kept=False)
                yield record

    def _idle(self) -> None:
        if self._work.engine == "processes":  # have them ready for the next files
            from .engines.processes import prepare_workers

            prepare_workers()
        if self.journal is not None and self.journal.n_records:
            self.journal.sync()

    def _process(self, inputs: Iterable[Input]) -> Generator[Record]:
        named: Iterable = inputs
        if self._folder is not None:
            named = (NamedInput(item, self._take_name(item)) for item in inputs)
        return map_inputs(
            self._task,
            named,
            self._work,
            folder=self._folder,
            keep_pictures=self._keep_pictures,
            force=self._force,
        )

    def _take_name(self, item: Input) -> str:
        if self._name is None:
            return self._names.take(path_of(item))
        if self._named:
            raise ParameterError("several inputs need a folder for their images.")
        self._named = True
        return self._name

    def _inputs(self) -> Iterator[Input]:
        return self._expanded(iter(self._sources), self._counted)

    def _counted(self, inputs: Iterable[Input]) -> Iterator[Input]:
        """Pass inputs on; folders that could not be listed are counted."""
        for item in inputs:
            self.n_faults += isinstance(item, Fault)
            yield item

    def _count(self, record: Record, kept: bool) -> None:
        self.keeping = kept
        self.n_records += 1
        self.n_kept += kept
        self.n_failed += record.failed
        if kept and self._folder is not None:
            self._names.reserve(record.name)
            gone = [
                name
                for name in record.files
                if not os.path.exists(os.path.join(self._folder, name))
            ]
            if gone:
                self.not_written.append((record.path, "it was not written before the interruption"))
        if "not_written" in record.code:
            self.not_written.append((record.path, record.message))

    def _sink(self, record: Record) -> None:
        for sink in self._sinks:
            sink.write(record)

    def _tidy(self, journal: Journal) -> None:
        """Remove what a killed run has half written."""
        if self._output is not None:
            remove_leftovers(os.path.dirname(self._output) or ".", self._output)
        if self._folder is not None and journal.resumed:
            remove_leftovers(self._folder)


def run(sources: Sources | Iterable[Input], task: Task, **options: Any) -> Generator[Record]:
    """Yield one record for each input, in order: ``iter(Run(sources, task, ...))``.

    Parameters
    ----------
    sources, task
        As `Run` has them.
    **options
        The other parameters of `Run`.

    Yields
    ------
    Record

    Examples
    --------
    >>> from cvclassic.batch.tasks import Answer, ImageTask
    >>> class Look(ImageTask):
    ...     def process(self, image):
    ...         return Answer()
    >>> [record.code for record in run(["missing.jpg"], Look())]
    ['not_found']
    """
    yield from Run(sources, task, **options)


def _target(output: str) -> str:
    """The file that an output names; where that is a link, what it leads to."""
    return os.path.realpath(output) if os.path.islink(output) else output


def _versions() -> str:
    import cv2
    import numpy

    from .. import __version__

    return f"cvclassic {__version__}, OpenCV {cv2.__version__}, NumPy {numpy.__version__}"
