"""``cvclassic faces detect``: where faces are in many pictures, and blurred, cut out or framed."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

import click

from ...shared.console import plain, report_failures
from ...shared.filenames import FreeNames
from ...shared.inputs import Inputs, input_options
from ...shared.options import jobs_option, n_jobs, quiet_option
from ...shared.progress import Tally, count_aside, duration, shown_progress
from ...shared.signals import stop_on_signals

_EXIT_FAILURES, _EXIT_INCOMPLETE = 1, 3
_COLUMNS = ("path", "status", "code", "message", "width", "height", "n_faces", "faces")


@click.command()
@input_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Folder for faces.csv or faces.jsonl, and for pictures.",
)
@click.option("--json", "format_", flag_value="jsonl", help="Write faces.jsonl: JSON lines.")
@click.option(
    "--csv", "format_", flag_value="csv", default=True, help="Write faces.csv.  [default]"
)
@click.option("--draw", "picture", flag_value="draw", help="Write pictures with faces framed.")
@click.option(
    "--blur", "picture", flag_value="blur", help="Write pictures with faces made unrecognisable."
)
@click.option("--crop", "picture", flag_value="crop", help="Write each face as a picture.")
@click.option("--parts", is_flag=True, help="Look for eyes and smiles in each face.")
@click.option(
    "--frontal", is_flag=True, help="No profiles: twice as fast, and fewer faces are found."
)
@click.option(
    "--angles",
    default="0",
    show_default=True,
    metavar="DEGREES",
    help="How far heads may be tilted, such as -20,0,20; each costs a pass.",
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Leave out boxes that are less sure.",
)
@click.option(
    "--min-size",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Smallest face in shares of the picture's shorter side.",
)
@click.option("--cascade", type=click.Path(), metavar="XML", help="Use this cascade file instead.")
@click.option("--yunet", type=click.Path(), metavar="ONNX", help="Use this YuNet network instead.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give up a picture that takes longer.",
)
@click.option(
    "--restart", is_flag=True, help="Throw away what an interrupted run to this folder has left."
)
@click.option("--lines", is_flag=True, help="Progress as JSON lines on stderr, for logs.")
@jobs_option
@quiet_option
@click.pass_context
def detect(
    ctx, paths, manifest, split, null, output, format_, jobs, quiet, lines, restart, **asked
):
    """Find the faces in PATHS: files, folders, archives, patterns, - for a list of names.

    Every input gives exactly one record in DIR: path, status (ok, warn or error), code, message,
    the picture's size, the number of faces, and of each face x, y, width, height in pixels, how
    sure it is, and how far it is turned. A picture without a face has the code no_faces.

    An interrupted run goes on where it stopped when the same command is given again.

    Exit code: 0 all could be read, 1 some could not, 2 usage or a detector's file, 3 a folder could
    not be listed or DIR not be written, 75 another run is writing to DIR, 130 and 143 interrupted.

    \b
    Example:
      cvclassic faces detect photos/ -o found/ --draw
      cvclassic faces detect street/ -o published/ --blur --angles=-20,0,20
      cvclassic faces detect party.jpg -o faces/ --crop --json
    """
    detector = _detector(**{key: asked.pop(key) for key in (
        "frontal", "angles", "min_confidence", "min_size", "cascade", "yunet"
    )})  # fmt: skip
    _check_folders(output, paths)
    run = FaceRun(detector, Inputs(paths, manifest, split, null), output, format_, **asked)
    with run.stoppable():
        run.go(n_jobs(jobs), quiet, lines, restart)
    if not quiet:
        run.report()
    ctx.exit(run.exit_code)


def _detector(frontal, angles, min_confidence, min_size, cascade, yunet) -> Any:
    """The detector that the options ask for; its files are looked at now."""
    import cvclassic.faces as faces

    if cascade is not None and yunet is not None:
        raise click.UsageError("Give --cascade or --yunet, not both.")
    if (cascade or yunet) and (frontal or angles != "0"):
        raise click.UsageError("--frontal and --angles are for the detector that comes along.")
    if cascade is not None:
        return faces.CascadeFaceDetector(cascade, min_size=min_size).fit()
    if yunet is not None:
        return faces.YuNetFaceDetector(yunet, min_confidence=min_confidence).fit()
    try:
        turns = tuple(float(text) for text in angles.split(","))
    except ValueError:
        raise click.UsageError(f"--angles must be numbers like -20,0,20. Got {angles!r}.") from None
    names = tuple(name for name in faces.CASCADES if name != "profile" or not frontal)
    return faces.HaarFaceDetector(
        names, min_confidence=min_confidence, min_size=min_size, angles=turns
    ).fit()


def _check_folders(output: str, paths: tuple[str, ...]) -> None:
    real = os.path.realpath(output)
    for path in paths:
        top = os.path.realpath(path)
        if os.path.isdir(top) and os.path.commonpath([top, real]) == top:
            raise click.UsageError(f"-o {output!r} lies in {path!r}, whose pictures are looked at.")


class FaceRun:
    """One call of the command."""

    def __init__(self, detector, inputs: Inputs, folder: str, format: str, picture, parts, timeout):
        self._detector = detector
        self._named = inputs
        self._folder = folder
        self._output = os.path.join(folder, f"faces.{format}")
        self._picture, self._parts, self._timeout = picture, parts, timeout
        self._tally = Tally()
        self._journal: Any = None
        self._names: dict[int, str] = {}
        self._n_faces = 0
        self._n_faults = 0
        self._not_written: list[tuple[str, str, str]] = []

    @contextlib.contextmanager
    def stoppable(self) -> Iterator[None]:
        """Signals end with a line that says what is kept."""
        from cvclassic.batch.engines.processes import discard_workers

        def kept() -> str:
            n = 0 if self._journal is None else self._journal.n_records
            said = f" {n:,} records are kept: the same command goes on from there." if n else ""
            return f"Interrupted.{said}"

        with stop_on_signals(kept):
            try:
                yield
            finally:
                discard_workers()

    def go(self, jobs: int, quiet: bool, lines: bool, restart: bool) -> None:
        """Look into everything, and write the records."""
        from cvclassic.batch import open_journal, prepare_workers, resume
        from cvclassic.images import watch_decoders

        prepare_workers()
        os.makedirs(self._folder, exist_ok=True)
        tally = self._tally
        with open_journal(self._output, self._about(), restart=restart) as self._journal:
            if self._journal.resumed and not quiet:
                click.echo(plain(f"{self._output}: going on with an interrupted run."), err=True)
            if (lines or not quiet) and self._named.can_be_counted:
                count_aside(tally, lambda: iter(self._named))
            found = resume(
                self._journal, self._inputs(), lambda items: self._detect(items, jobs), block_size=1
            )
            with (
                watch_decoders(),
                shown_progress(tally, quiet=quiet, lines=lines, what="Looking for faces") as tick,
                contextlib.closing(found) as records,
            ):
                for record, before in records:
                    tally.add(record, before)
                    self._n_faces += len(record.labels or ())
                    if "not_written" in record.code:
                        self._not_written.append((record.path, record.code, record.message))
                    tick()
            self._write()
            self._journal.finish()

    def _about(self) -> dict[str, Any]:
        """All that the records depend on beside the inputs."""
        import cv2

        from cvclassic import __version__
        from cvclassic.batch import file_digest

        path = getattr(self._detector, "path", None)
        return {
            "detector": repr(self._detector),
            "its file": None if path is None else file_digest(path),
            "pictures": self._picture,
            "--parts": self._parts,
            "version": f"cvclassic {__version__}, OpenCV {cv2.__version__}",
        }

    def _inputs(self) -> Iterator:
        """Inputs in order; each gets the name of its pictures."""
        from cvclassic.images import Fault

        names = FreeNames("")
        for item in self._named:
            self._n_faults += isinstance(item, Fault)
            self._names[id(item)] = names.take(os.fsdecode(getattr(item, "path", item)))
            yield item

    def _detect(self, items: Iterable, jobs: int) -> Any:
        from cvclassic.faces import Job, Wishes, detect_files

        wishes = Wishes(self._folder, self._picture, self._parts)
        named = (Job(item, self._names.pop(id(item))) for item in items)
        return detect_files(
            self._detector, named, wishes, n_jobs=jobs, engine="processes", timeout=self._timeout
        )

    def _write(self) -> None:
        """All records into one file."""
        from cvclassic._basics.atomic import atomic_file

        options: dict[str, Any] = {"encoding": "utf-8", "newline": ""}
        with atomic_file(self._output, "w", errors="surrogateescape", **options) as file:
            table = None
            if self._output.endswith(".csv"):
                table = csv.writer(file, lineterminator="\n")
                table.writerow(_COLUMNS)
            for record, _ in self._journal.kept():
                row = as_dict(record)
                if table is None:
                    file.write(json.dumps(row) + "\n")
                    continue
                row["faces"] = None if row["faces"] is None else json.dumps(row["faces"])
                table.writerow("" if value is None else value for value in row.values())

    def report(self) -> None:
        """Say on stderr what came of it."""
        tally = self._tally
        kept = f" ({tally.kept} of them before)" if tally.kept else ""
        took = f" {duration(tally.seconds)}, {tally.rate:.1f}/s." if tally.rate else ""
        click.echo(
            f"{tally.done} inputs{kept}: {self._n_faces} faces; {tally.statuses['ok']} ok, "
            f"{tally.statuses['warn']} with a warning, {tally.statuses['error']} failed.{took}",
            err=True,
        )
        click.echo(plain(f"{self._output} has the records."), err=True)
        if self._not_written:
            report_failures(self._not_written)

    @property
    def exit_code(self) -> int:
        """0, 1 or 3, as the help says."""
        if self._n_faults or self._not_written:
            return _EXIT_INCOMPLETE
        return _EXIT_FAILURES if self._tally.statuses["error"] else 0


def as_dict(record) -> dict[str, Any]:
    """A record as it is written."""
    width, height = record.size or (None, None)
    names = ("x", "y", "width", "height", "score", "angle")
    faces = []
    for row in record.labels or ():
        face = dict(zip(names, row, strict=False))
        faces.append(face | (row[6] if len(row) > 6 else {}))
    return {
        "path": record.path,
        "status": record.status,
        "code": record.code,
        "message": record.message,
        "width": width,
        "height": height,
        "n_faces": None if record.failed else len(faces),
        "faces": None if record.failed else faces,
    }
