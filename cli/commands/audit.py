"""``cvclassic audit``: what is wrong with pictures before anything learns from them."""

from __future__ import annotations

import csv
import time

import click

from ..shared.options import jobs_option, n_jobs, quiet_option

_EXIT_FINDINGS, _EXIT_INCOMPLETE = 1, 3
# what --fail-on takes, beside the kinds themselves
_GROUPS = {
    "duplicates": ("leak", "conflict", "duplicate"),
    "classes": ("single", "imbalance"),
}


@click.command()
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=click.Path())
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False),
    help="CSV file with the columns path, label and perhaps split.",
)
@click.option(
    "--split", help="Rows of the manifest to look at, by its column split. [default: all]"
)
@click.option("-o", "--output", type=click.Path(), help="Write a page (.html) with thumbnails.")
@click.option("--csv", "csv_file", type=click.Path(), help="Write a row for each picture found.")
@click.option("--json", "json_file", type=click.Path(), help="Write all findings to this file.")
@click.option(
    "--fail-on",
    metavar="LIST",
    help="Findings that make the exit code 1: leak, conflict, unreadable, duplicate, blank, tiny, "
    "blurred, odd, single, imbalance; duplicates and classes stand for several; none for none. "
    "[default: all]",
)
@click.option(
    "--tiny",
    type=click.FloatRange(min=0),
    default=32,
    show_default=True,
    help="Shorter side in pixels below which a picture is tiny.",
)
@click.option(
    "--blur",
    type=click.FloatRange(min=0),
    default=0.05,
    show_default=True,
    help="Share of the median sharpness below which a picture is blurred; 0 for none.",
)
@click.option(
    "--imbalance",
    type=click.FloatRange(min=1),
    default=10,
    show_default=True,
    help="How many times as many pictures the largest class may have as the smallest.",
)
@jobs_option
@quiet_option
@click.pass_context
def audit(
    ctx, folders, manifest, split, output, csv_file, json_file, fail_on, jobs, quiet, **limits
):
    """Find what is wrong with the pictures in FOLDER, or of a manifest, before training.

    The same picture in several splits or classes, also re-encoded or resized; files that cannot be
    read; copies; blank, tiny and blurred pictures; classes that are too small. Classes are
    the folders in FOLDER; below folders called train, test and validation, if there is nothing
    else. Several FOLDERs are taken for splits.

    Exit code: 0 nothing found, 1 findings (see --fail-on), 2 usage, 3 a folder could not be listed
    or a file not be written.

    \b
    Example:
      cvclassic audit photos/
      cvclassic audit train-photos/ test-photos/ -o audit.html --csv audit.csv
      cvclassic audit --manifest birds.csv --fail-on leak,conflict,unreadable
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.audit import judge_pictures, list_folders, list_manifest, scan_pictures
    from cvclassic.errors import DataError
    from cvclassic.images import Fault, watch_decoders
    from cvclassic.report import check_page_path, write_audit_page

    from ..shared.console import report_failures, stages
    from ..shared.predicting import write_json
    from ..shared.reporting import command_line, say_page

    kinds = _kinds(fail_on)
    if bool(folders) == (manifest is not None):
        raise click.UsageError("Give either FOLDERs or --manifest CSV.")
    if split is not None and manifest is None:
        raise click.UsageError("--split needs --manifest.")
    if output is not None:
        check_page_path(output, "output")
    for path in filter(None, (csv_file, json_file)):
        check_writable(path)
    faults: list[tuple[str, str, str]] = []

    def listed():
        for item in list_manifest(manifest, split) if manifest else list_folders(folders):
            if isinstance(item, Fault):
                faults.append((item.path, item.code, item.message))
            else:
                yield item

    start = time.perf_counter()
    with stages(quiet) as progress, watch_decoders():
        scanned = list(progress.count(scan_pictures(listed(), n_jobs=n_jobs(jobs)), "read"))
    read = time.perf_counter()
    if not scanned and not faults:
        raise DataError(f"{', '.join(folders)}: there is no picture")
    found = judge_pictures(scanned, **limits)
    seconds = {"reading": read - start, "comparing": time.perf_counter() - read}
    show_audit(found, time.perf_counter() - start)
    if csv_file:
        _write_csv(csv_file, found)
    if json_file:
        write_json(json_file, _as_dict(found, faults))
    if output is not None:
        began = time.perf_counter()
        title = f"Audit of {manifest or ', '.join(folders)}"
        with watch_decoders():
            size = write_audit_page(
                output,
                found,
                title=title,
                command=command_line(ctx),
                seconds=seconds,
                n_jobs=n_jobs(jobs),
            )
        if not quiet:
            say_page(output, size, time.perf_counter() - began)
    if faults:
        click.echo(f"{len(faults)} folders could not be listed:", err=True)
        report_failures(faults)
        ctx.exit(_EXIT_INCOMPLETE)
    ctx.exit(_EXIT_FINDINGS if kinds & set(found.totals) else 0)


def _kinds(fail_on: str | None) -> set[str]:
    """Kinds of findings that --fail-on names."""
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
                f"expected some of {known}. Got {name!r} instead.", param_hint="'--fail-on'"
            )
        kinds.update(_GROUPS.get(name, (name,)))
    return kinds


def show_audit(found, seconds: float) -> None:
    """Print how many findings there are of each kind, and the worst of them."""
    from cvclassic.audit import KINDS

    from ..shared.console import plain, show_table

    speed = f"{1e3 * seconds / max(found.n_pictures, 1):.1f} ms a picture"
    click.echo(
        f"{found.n_pictures} pictures in {len(found.counts)} classes, "
        f"{found.n_bytes / 1e6:.1f} MB, {seconds:.1f} s ({speed})"
    )
    if not found.findings:
        click.echo("Nothing is wrong.")
        return
    rows = [(kind, n, KINDS[kind][0]) for kind, n in found.totals.items()]
    show_table(rows, headers=("kind", "findings", "what"))
    for kind in ("leak", "conflict", "unreadable"):
        some = found.of_kind(kind)
        for finding in some[:3]:
            paths = ", ".join(picture.path for picture in finding.pictures[:4])
            more = ", ..." if len(finding.pictures) > 4 else ""
            click.echo(f"{kind}: {plain(finding.detail)}: {plain(paths)}{more}")
        if len(some) > 3:
            click.echo(f"{kind}: {len(some) - 3} more")


def _write_csv(path: str, found) -> None:
    """A row for each picture of each finding; rows of a group share their number."""
    from cvclassic._basics.atomic import atomic_file

    with atomic_file(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        rows.writerow(["finding", "kind", "code", "path", "label", "split", "detail"])
        for number, finding in enumerate(found.findings, 1):
            for one in finding.pictures or (None,):
                where = ("", "", "") if one is None else (one.path, one.label, one.split)
                row = [str(number), finding.kind, finding.code, *where, finding.detail]
                # csv leaves a carriage return unquoted, and readers take it for the line's end
                (quoted if any("\r" in cell for cell in row) else rows).writerow(row)


def _as_dict(found, faults: list) -> dict:
    """The audit as JSON."""
    return {
        "n_pictures": found.n_pictures,
        "n_bytes": found.n_bytes,
        "totals": found.totals,
        "counts": found.counts,
        "findings": [
            {
                "kind": finding.kind,
                "code": finding.code,
                "detail": finding.detail,
                "pictures": [
                    {"path": one.path, "label": one.label, "split": one.split}
                    for one in finding.pictures
                ],
            }
            for finding in found.findings
        ],
        "folders_not_listed": [list(fault) for fault in faults],
    }
