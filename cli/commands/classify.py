"""``cvclassic classify``: many pictures in, one record each out."""

from __future__ import annotations

import click

from ..shared.inputs import Inputs, check_sorting, input_options, sort_options
from ..shared.options import jobs_option, quiet_option


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
@click.option(
    "--restart", is_flag=True, help="Throw away what an interrupted run to this output has left."
)
@click.option(
    "--engine",
    type=click.Choice(["threads", "processes"]),
    help="Where decoders run; in processes a crash costs one picture. "
    "[default: processes with -o, else threads]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give up a picture that takes longer (processes only).",
)
@click.option(
    "--memory-cap",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Give up a picture that needs more memory, with the model's (processes only).",
)
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Classify on a Dask cluster: tcp://host:8786, or local for one on this machine.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Go on with what arrives in the folders, and add to the output, until Ctrl-C.",
)
@click.option("--json", "lines", is_flag=True, help="Progress as JSON lines on stderr, for logs.")
@sort_options
@jobs_option
@quiet_option
@click.pass_context
def classify(
    ctx, model, paths, manifest, split, null, output, format_, top, pictures, sort_into, link,
    lines, quiet, restart, watch, **work,
):  # fmt: skip
    """Label the pictures in PATHS with MODEL.

    PATHS are files, folders with all that is in them, archives (.zip, .tar, .tar.gz ...) whose
    pictures are called photos.zip!a/b.jpg, quoted patterns, URLs (s3://, gs://, https://), and -
    for a list of names on standard input.

    Pictures of .npz, .npy and IDX files, and rows of tables for a model that was trained on a
    table, are inputs of their own, such as digits.npz[17] and table.csv:3.

    Every input gives exactly one record: path, status (ok, warn or error), code, message,
    label and probability. Names in folders that begin with a dot are skipped.

    A model that was trained with --unknown gives the label unknown where it is not sure, and its
    best guess in the column guess; with --unknown-sets it gives a set of labels in the column
    labels, as a JSON list.

    With -o a run may be interrupted in any way, also by a power cut: the same command goes on
    where it stopped, and the output is the same, byte for byte. Until the end its records lie in
    the hidden file .OUTPUT.partial.

    Exit code: 0 all could be read, 1 some could not, 2 usage, model, or an interrupted run that
    does not fit, 3 a folder could not be listed or the output (a picture of --pictures too) not be
    written, 75 another run is writing the output, 130 and 143 interrupted.

    \b
    Example:
      cvclassic classify photos.cvmodel new/ more/cat.jpg -o labels.csv
      cvclassic classify photos.cvmodel new/ --format jsonl --top 3 | head
      cvclassic classify photos.cvmodel new/ -o labels.csv --pictures drawn/
      cvclassic classify photos.cvmodel 'new/**/*.jpg' old.zip shard-*.tar -o labels.parquet
      find new/ -mtime -1 -print0 | cvclassic classify photos.cvmodel -0 - -o labels.sqlite
      cvclassic classify photos.cvmodel new/ -o labels.csv --sort-into sorted/ --link
      cvclassic classify photos.cvmodel archive/ -o labels.csv --timeout 60 --memory-cap 2000
      cvclassic classify photos.cvmodel inbox/ -o labels.csv --watch
      cvclassic classify photos.cvmodel /mnt/all/ -o labels.parquet --dask tcp://scheduler:8786
    """
    from ..shared.batch import Run, engine_options

    if format_ is None and output is not None:
        from cvclassic.batch import format_of

        format_ = format_of(output)
    if restart and output is None:
        raise click.UsageError("--restart needs -o.")
    options = engine_options(output, pictures, **work)
    inputs = Inputs(paths, manifest, split, null)
    sorting = check_sorting(sort_into, link, paths)
    kind = Run
    if watch:
        from ..shared.watch import WatchRun, check_watch

        check_watch(inputs, output, format_, pictures, sort_into, options)
        kind = WatchRun
    run = kind(model, inputs, output, format_ or "csv", top, pictures, sorting, options)
    with run.stoppable():
        run.load()
        run.go(quiet, lines, restart)
    run.report(quiet)
    ctx.exit(run.exit_code)
