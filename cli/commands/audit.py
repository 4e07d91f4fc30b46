"""``cvclassic audit``: what is wrong with images before anything learns from them."""

from __future__ import annotations

import csv
import os
import time
from collections import defaultdict, deque
from dataclasses import replace

import click

from cvclassic.errors import ExitCode

from ..shared.options import n_jobs, tell_notes
from ..shared.outputs import OutputFile, OutputFolder, RecordsFile, TextFile, forced, say_wrote
from ..shared.running import Session, run_options, source_options

# kinds of which the first are named on the terminal
_WORST = (
    "leak", "conflict", "unreadable", "unsupported", "loose", "empty", "spelling", "featureless",
    "single", "duplicate",
)  # fmt: skip
# what --fail-on takes, beside the kinds themselves
_GROUPS = {
    "duplicates": ("leak", "conflict", "duplicate"),
    "unreadable": ("unreadable", "unsupported"),
    "classes": ("empty", "spelling", "single", "imbalance"),
}


@click.command()
@source_options
@click.option("-o", "--output", type=OutputFile(), help="Write a page (.html) with thumbnails.")
@click.option(
    "--csv",
    "csv_file",
    type=TextFile("finding,kind,"),
    help="Write a CSV file with one row per finding and image.",
)
@click.option("--json", "json_file", type=TextFile(), help="Write all findings to this file.")
@click.option(
    "--records",
    type=RecordsFile(),
    metavar="FILE",
    help="Write one record per image: .jsonl, .json, .csv, .parquet or .sqlite; with it an "
    "interrupted audit is resumed.",
)
@click.option(
    "--fail-on",
    metavar="LIST",
    help="Kinds of findings that make the exit code 1: leak, conflict, "
    "unreadable, loose, empty, spelling, "
    "duplicate, blank, featureless, tiny, blurred, odd, single, imbalance; duplicates and classes "
    "stand for several; none for none. [default: all]",
)
@click.option(
    "--features",
    is_flag=True,
    help="Also compute keypoints and report images that have none.",
)
@click.option(
    "--copies",
    is_flag=True,
    help="Look for cropped and recolored copies, too, by visual words; takes longer.",
)
@click.option(
    "--move-to",
    type=OutputFolder(),
    metavar="DIR",
    help="Move the files of some findings there, see --move. Nothing is deleted or overwritten.",
)
@click.option(
    "--move",
    metavar="LIST",
    help="Kinds of findings whose files --move-to moves (names as in "
    "--fail-on); one of each set of copies stays. "
    "[default: unreadable,duplicate]",
)
@click.option(
    "--tiny",
    type=click.FloatRange(min=0),
    default=32,
    show_default=True,
    help="Shorter side in pixels below which an image is tiny.",
)
@click.option(
    "--blur",
    type=click.FloatRange(min=0),
    default=0.05,
    show_default=True,
    help="Share of the median sharpness below which an image is blurred; 0 for none.",
)
@click.option(
    "--imbalance",
    type=click.FloatRange(min=1),
    default=10,
    show_default=True,
    help="Maximum ratio of the largest class to the smallest.",
)
@run_options(json_flag=False, watch=False)
@click.pass_context
def audit(
    ctx,
    sources,
    output,
    csv_file,
    json_file,
    records,
    fail_on,
    features,
    copies,
    move_to,
    move,
    options,
    **limits,
):
    """Find problems in the images of PATHS, or of a manifest, before training.

    The same image in several splits or classes, also re-encoded or resized; files that cannot be
    read, with advice; copies; blank, tiny and blurred images; empty and too small classes;
    images in no class folder; names that differ only in case. Classes are the folders in a
    folder or an archive, or lie below the folders train, valid and test. Several folders are
    treated as splits. Images that are named one by one, or listed, are in no class.

    With --move-to the files of some findings are moved to another folder, in which moved.csv says
    where they were.

    Exit code: 0 nothing found, 1 findings (see --fail-on), 2 usage, 3 a folder could not be listed
    or a file not be written.

    \b
    Example:
      cvclassic audit photos/
      cvclassic audit train-photos/ test-photos/ -o audit.html --csv audit.csv
      cvclassic audit photos.zip
      cvclassic audit --manifest birds.csv --fail-on leak,conflict,unreadable
      cvclassic audit photos/ --move-to put-aside/ --move unreadable,duplicate,blank
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic._basics.printable import plural
    from cvclassic.audit import find_empty_classes, judge_images, note_keywords
    from cvclassic.audit.repair import check_target
    from cvclassic.errors import DataError
    from cvclassic.images import watch_decoders
    from cvclassic.report import check_page_path, write_audit_page

    from ..shared.console import report_failures
    from ..shared.json_files import write_json
    from ..shared.reporting import command_line, say_page

    kinds = _kinds(fail_on)
    manifest, paths = sources.manifest, sources.paths
    if manifest is not None and paths:
        raise click.UsageError("Give either PATHS or --manifest CSV.")
    to_move = _movable(move, move_to, sources)
    if output is not None:
        check_page_path(output, "output", force=forced())
    for path in filter(None, (csv_file, json_file)):
        check_writable(path)
    if move_to is not None:
        check_target(move_to, paths)
    start = time.perf_counter()
    scanned, faults = _scan(sources, records, features, options)
    pairs = _find_copies(scanned, n_jobs(options.jobs), options.quiet) if copies else None
    read = time.perf_counter()
    named = manifest or ", ".join(paths)
    if not scanned and not faults:
        raise DataError(f"{named}: there are no images")
    if manifest:
        tell_notes(note_keywords(manifest, sources.split))
    empty = find_empty_classes(sources.folders)
    found = judge_images(scanned, empty_classes=empty, copies=pairs, **limits)
    seconds = {"reading": read - start, "comparing": time.perf_counter() - read}
    if "-" not in (records, csv_file, json_file):
        show_audit(found, time.perf_counter() - start)
    if csv_file:
        _write_csv(csv_file, found, options.raw_csv)
        say_wrote(csv_file)
    if json_file:
        write_json(json_file, _as_dict(found, faults))
    if output is not None:
        began = time.perf_counter()
        with watch_decoders():
            size = write_audit_page(
                output,
                found,
                title=f"Audit of {named}",
                command=command_line(ctx),
                seconds=seconds,
                n_jobs=n_jobs(options.jobs),
            )
        if not options.quiet:
            say_page(output, size, time.perf_counter() - began)
    if move_to is not None:
        _move(found, paths, move_to, to_move)
    if faults:
        click.echo(f"{plural(len(faults), 'source')} could not be read to the end:", err=True)
        report_failures(faults)
        ctx.exit(ExitCode.INCOMPLETE)
    ctx.exit(ExitCode.FAILURES if kinds & set(found.totals) else ExitCode.OK)


def _scan(sources, records: str | None, features: bool, options) -> tuple[list, list]:
    """What there is to see of every image; folders that could not be listed."""
    from cvclassic.audit import Listed, list_manifest, place_images
    from cvclassic.errors import DataError
    from cvclassic.images import is_url
    from cvclassic.images.globs import has_magic

    from ..tasks.audit import ScanTask, as_scanned

    listed: dict[str, deque] = defaultdict(deque)  # a path may be in a manifest twice
    if sources.manifest:
        for one in list_manifest(sources.manifest, sources.split):
            listed[one.path].append(one)
    for path in sources.paths:
        elsewhere = path == "-" or is_url(path) or has_magic(path) or "!" in path
        if not (elsewhere or os.path.lexists(path)):
            raise DataError(f"{path}: there is no such file or folder")
    seen: list = []
    with Session(options, records, "threads" if records is None else None) as session:
        session.run(
            replace(sources, only_images=True),
            ScanTask(features),
            each=seen.append,
            what="Reading",
            report=False,
        )
    faults = [(one.path, one.code, one.message) for one in seen if one.values.get("fault")]
    seen = [one for one in seen if not one.values.get("fault")]
    if sources.manifest:
        places = [
            listed[one.path].popleft() if listed[one.path] else Listed(one.path) for one in seen
        ]
    else:
        places = place_images([one.path for one in seen], sources.paths)
    return [as_scanned(one, place) for one, place in zip(seen, places, strict=True)], faults


def _find_copies(scanned, n_jobs: int, quiet: bool):
    """Pairs of copies among the images that can be read."""
    import numpy as np

    from cvclassic.images import watch_decoders
    from cvclassic.search import find_copies

    from ..shared.console import stages

    readable = np.array([i for i, one in enumerate(scanned) if not one.code], int)
    if len(readable) < 2:
        return None
    with stages(quiet) as progress, watch_decoders():
        pairs = find_copies(
            [scanned[i].image.path for i in readable],
            n_jobs=n_jobs,
            watch=lambda numbers, n: progress.count(numbers, "compare", n),
        )
    return readable[pairs]


def _movable(move: str | None, move_to: str | None, sources) -> list[str]:
    """Kinds of findings that --move names."""
    from cvclassic.audit import KINDS, MOVABLE

    if move_to is None:
        if move is not None:
            raise click.UsageError("--move needs --move-to DIR.")
        return []
    if sources.manifest is not None or sources.folders != sources.paths:
        raise click.UsageError("--move-to needs folders: lists and archives would not follow.")
    kinds = _kinds(move or "unreadable,duplicate", "--move")
    fixed = sorted(kinds - set(MOVABLE), key=list(KINDS).index)
    if fixed:
        raise click.BadParameter(
            f"findings of kind {fixed[0]} are not about files.", param_hint="'--move'"
        )
    return [kind for kind in KINDS if kind in kinds]


def _move(found, folders, move_to: str, kinds: list[str]) -> None:
    """Move the files, and say how many."""
    from cvclassic._basics.printable import plural
    from cvclassic.audit import move_findings

    moved = move_findings(found, folders, move_to, kinds)
    counts = {kind: sum(m.finding.kind == kind for m in moved) for kind in kinds}
    said = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n)
    where = f" to {os.path.join(move_to, '')} (moved.csv says where they were)" if moved else ""
    click.echo(f"Moved {plural(len(moved), 'file')}{f' ({said})' if said else ''}{where}")


def _kinds(fail_on: str | None, option: str = "--fail-on") -> set[str]:
    """Kinds of findings that --fail-on or --move names."""
    from cvclassic.audit import KINDS

    if fail_on is None:
        return set(KINDS)
    if fail_on.strip() == "none":
        return set()
    kinds: set[str] = set()
    for name in filter(None, (part.strip() for part in fail_on.split(","))):
        if name not in KINDS and name not in _GROUPS:
            known = ", ".join([*KINDS, *_GROUPS, "none"])
            raise click.BadParameter(
                f"expected names from {known}. Got {name!r} instead.", param_hint=f"'{option}'"
            )
        kinds.update(_GROUPS.get(name, (name,)))
    return kinds


def show_audit(found, seconds: float) -> None:
    """Print how many findings there are of each kind, and the worst of them."""
    from cvclassic._basics.printable import plural, show_bytes
    from cvclassic.audit import KINDS

    from ..shared.console import plain, show_table

    n_classes = sum(1 for label in found.counts if label)
    speed = f"{1e3 * seconds / max(found.n_images, 1):.1f} ms per image"
    classes = f" in {plural(n_classes, 'class', 'classes')}" if n_classes else " without classes"
    click.echo(
        f"{plural(found.n_images, 'image')}{classes}, {show_bytes(found.n_bytes)}, {seconds:.1f} s "
        f"({speed})"
    )
    if not found.findings:
        click.echo("No problems found.")
        return
    rows = [(kind, n, KINDS[kind][0]) for kind, n in found.totals.items()]
    show_table(rows, headers=("kind", "findings", "what"))
    for kind in _WORST:
        some = found.of_kind(kind)
        for finding in some[:3]:
            if not finding.images:
                click.echo(f"{kind}: {plain(finding.detail)}")
                continue
            paths = ", ".join(image.path for image in finding.images[:4])
            more = ", ..." if len(finding.images) > 4 else ""
            click.echo(f"{kind}: {plain(finding.detail)}: {plain(paths)}{more}")
        if len(some) > 3:
            click.echo(f"{kind}: {len(some) - 3} more")


def _write_csv(path: str, found, raw: bool) -> None:
    """A row for each image of each finding; rows of a group share their number."""
    from cvclassic._basics.atomic import atomic_file
    from cvclassic.batch.outputs.writers import defused

    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        rows.writerow(["finding", "kind", "code", "path", "label", "split", "detail"])
        for number, finding in enumerate(found.findings, 1):
            for one in finding.images or (None,):
                where = ("", "", "") if one is None else (one.path, one.label, one.split)
                row = [str(number), finding.kind, finding.code, *where, finding.detail]
                row = row if raw else [defused(cell) for cell in row]
                # csv leaves a carriage return unquoted, and readers take it for the line's end
                (quoted if any("\r" in cell for cell in row) else rows).writerow(row)


def _as_dict(found, faults: list) -> dict:
    """The audit as JSON."""
    return {
        "n_images": found.n_images,
        "n_bytes": found.n_bytes,
        "totals": found.totals,
        "counts": found.counts,
        "findings": [
            {
                "kind": finding.kind,
                "code": finding.code,
                "detail": finding.detail,
                "images": [
                    {"path": one.path, "label": one.label, "split": one.split}
                    for one in finding.images
                ],
            }
            for finding in found.findings
        ],
        "folders_not_listed": [list(fault) for fault in faults],
    }
