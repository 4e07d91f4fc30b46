"""``cvclassic classify``: many pictures in, one record each out."""

from __future__ import annotations

from collections import Counter

import click

from .inputs import Inputs, input_options, open_sorter
from .options import jobs_option, n_jobs, quiet_option

_EXIT_FAILURES, _EXIT_INCOMPLETE = 1, 3


@click.command()
@click.argument("model", type=click.Path())
@input_options
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="File to write: .csv, .jsonl, .parquet or .sqlite. [default: stdout]",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "jsonl", "parquet", "sqlite"]),
    help="Format. [default: as the output is named, else csv]",
)
@click.option(
    "--top", type=click.IntRange(min=1), default=1, show_default=True, help="Classes to list."
)
@click.option(
    "--pictures",
    type=click.Path(),
    help="Folder for a PNG of each picture, with a bar chart of the five best classes.",
)
@jobs_option
@quiet_option
@click.pass_context
def classify(ctx, model, output, format_, top, pictures, jobs, quiet, sort_into, link, **given):
    """Label the pictures in PATHS with MODEL.

    PATHS are files, folders with all that is in them, archives (.zip, .tar, .tar.gz ...) whose
    pictures become photos.zip!a/b.jpg, quoted patterns, URLs (s3://, gs://, https://), and - for a
    list of names on standard input.

    Pictures of .npz, .npy and IDX files, and rows of tables for a model that was trained on a
    table, are inputs of their own, such as digits.npz[17] and table.csv:3.

    Every input gives exactly one record: path, status (ok, warn or error), code, message,
    label and probability. Names in folders that begin with a dot are skipped.

    A model that was trained with --unknown gives the label unknown where it is not sure, and its
    best guess in the column guess; with --unknown-sets it gives a set of labels in the column
    labels, as a JSON list.

    Exit code: 0 all could be read, 1 some could not, 2 usage or model, 3 a folder could not
    be listed or the output (a picture of --pictures too) not be written.

    \b
    Example:
      cvclassic classify photos.cvmodel new/ more/cat.jpg -o labels.csv
      cvclassic classify photos.cvmodel new/ --format jsonl --top 3 | head
      cvclassic classify photos.cvmodel new/ -o labels.csv --pictures drawn/
      cvclassic classify photos.cvmodel 'new/**/*.jpg' old.zip shard-*.tar -o labels.parquet
      find new/ -newer labels.csv -print0 | cvclassic classify photos.cvmodel -0 - -o labels.sqlite
      cvclassic classify photos.cvmodel new/ -o labels.csv --sort-into sorted/ --link
    """
    from cvclassic.batch import classify_files, format_of, open_writer
    from cvclassic.images import Fault, watch_decoders
    from cvclassic.models import load_model

    from .console import plain, report_failures, stages
    from .sources import expand

    inputs = Inputs(**given)
    if format_ is None:
        format_ = "csv" if output is None else format_of(output)
    pipeline = load_model(model)
    top = min(top, len(getattr(pipeline, "classes_", [None])))
    sorter = open_sorter(sort_into, link, inputs.paths, pipeline)
    incomplete = []
    drawn = _drawings(pipeline, pictures)

    def found():
        for item in inputs:
            if isinstance(item, Fault):
                incomplete.append(item.path)
            yield item

    statuses: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    rule = getattr(pipeline[-1], "unknown_", None)
    extra = () if rule is None else ("guess",) if rule.kind == "threshold" else ("labels",)
    with (
        open_writer(output, format_, top, extra) as writer,
        watch_decoders(),
        stages(quiet) as progress,
    ):
        opened = expand(found(), pipeline)
        records = classify_files(
            pipeline,
            opened if drawn is None else drawn.name(opened),
            top=top,
            n_jobs=n_jobs(jobs),
            on_answer=None if drawn is None else drawn.draw,
        )
        for record in progress.count(records, "classify"):
            writer.write(record)
            if sorter is not None:
                sorter.write(record)
            statuses[record.status] += 1
            if not record.failed:
                labels[str(record.label)] += 1
    if not quiet:
        summary = ", ".join(f"{label} {n}" for label, n in labels.most_common(5))
        more = f" and {len(labels) - 5} more labels" if len(labels) > 5 else ""
        click.echo(
            f"{sum(statuses.values())} inputs: {statuses['ok']} ok, {statuses['warn']} with a "
            f"warning, {statuses['error']} failed. {plain(summary)}{more}",
            err=True,
        )
    if drawn is not None and drawn.failures:
        click.echo(f"{len(drawn.failures)} pictures could not be written:", err=True)
        report_failures([(path, "not_written", why) for path, why in drawn.failures])
    if sorter is not None and sorter.failures:
        click.echo(f"{len(sorter.failures)} pictures could not be sorted:", err=True)
        report_failures([(path, "not_sorted", why) for path, why in sorter.failures])
        incomplete += sorter.failures
    if incomplete or (drawn is not None and drawn.failures):
        ctx.exit(_EXIT_INCOMPLETE)
    ctx.exit(_EXIT_FAILURES if statuses["error"] else 0)


def _drawings(pipeline, folder: str | None):
    """Where pictures of predictions go; None if none are wanted."""
    if folder is None:
        return None
    if not hasattr(pipeline[-1], "classes_") or hasattr(pipeline[0], "columns"):
        raise click.UsageError("--pictures needs a model that gives labels to pictures.")
    from .predictions import PredictionPictures

    return PredictionPictures(folder)
