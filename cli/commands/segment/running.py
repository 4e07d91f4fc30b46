"""A run that segments: label images and drawings in a folder, a table of regions."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import click

from cvclassic._basics.printable import plural

from ...shared.film import NO_FILM, FilmOptions
from ...shared.outputs import say_wrote, wrote
from ...shared.running import Session, engine_for, format_of_records, say_failure


def run_segmentation(
    ctx,
    finder: Any,
    *,
    sources,
    output: str,
    style: str,
    table: str | None,
    pixel_size: float | None,
    records: str | None,
    options,
    background: int | None = 0,
    touching: bool = True,
    values: tuple = (),
    film: FilmOptions = NO_FILM,
) -> None:
    """Segment all sources with `finder`, and end with the right code."""
    from cvclassic._basics.atomic import check_writable

    from ...tasks.segment import SegmentTask
    from .tables import check_table, write_table

    if table is not None:
        check_table(table)
        check_writable(table)
    rows: list[dict[str, Any]] = []
    quiet = options.quiet or records == "-"
    with (
        Session(options, records, engine_for(sources)) as session,
        film.open(sources) as drawn,
    ):
        task = SegmentTask(
            finder,
            output,
            style=style,
            background=background,
            touching=touching,
            measured=table is not None,
            pixel_size=pixel_size,
            values=values,
        )
        code = session.run(
            sources,
            task,
            format=format_of_records(records),
            folder=output,
            each=partial(_take, output, quiet, rows),
            film=drawn,
            what="Segmenting",
            brief=True,
        )
    if table is not None:
        write_table(table, rows, raw=options.raw_csv)
        say_wrote(table)
    ctx.exit(code)


def _take(folder: str, quiet: bool, rows: list[dict[str, Any]], record: Any) -> None:
    """Say a line about one image, and keep its rows of the table."""
    from cvclassic._basics.printable import printable

    if record.failed:
        say_failure(record)
        return
    rows += [{"path": record.path, **row} for row in record.values.get("regions") or ()]
    if quiet:
        return
    shares = record.values.get("shares") or {}
    if "n_objects" in record.values or not shares:
        n = record.values.get("n_objects", record.values["n_regions"])
        text = plural(n, "object" if "n_objects" in record.values else "region")
    else:
        most = sorted(shares, key=lambda name: -shares[name])[:3]
        text = ", ".join(f"{100 * shares[name]:.1f}% {name}" for name in most)
    where = f". {wrote(os.path.join(folder, record.files[0]))}" if record.files else ""
    click.echo(printable(f"{record.path}: {text}{where}"))
