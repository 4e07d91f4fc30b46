"""``cvclassic classify``: many images in, one record each out."""

from __future__ import annotations

import os
from typing import Any

import click

from cvclassic._basics.printable import plural

from ..shared.config import config_option
from ..shared.film import film_options
from ..shared.outputs import OutputFolder, RecordsFile
from ..shared.running import OUTPUT_HELP, Session, run_options, source_options
from ..shared.timeline import Timeline, timeline_option

_MOST_SMOOTHED = 50  # classes that take part in smoothing


@click.command()
@click.argument("model", type=click.Path())
@source_options
@click.option("-o", "--output", type=RecordsFile(), help=f"{OUTPUT_HELP} [default: -]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "jsonl", "json", "parquet", "sqlite"]),
    help="Output format. [default: by the output's extension, else csv]",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of classes to list per image.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Answer all keywords of at least this probability. [default: learned per keyword]",
)
@click.option(
    "--pictures",
    type=OutputFolder(),
    metavar="DIR",
    help="Folder for a PNG of each image, with a bar chart of the five best classes.",
)
@click.option(
    "--sort-into",
    type=OutputFolder(),
    metavar="DIR",
    help="Copy each image into a folder of its label. Nothing is overwritten.",
)
@click.option("--link", is_flag=True, help="Sort symbolic links instead of copies.")
@click.option("--dry-run", is_flag=True, help="Only count the inputs and print what would be done.")
@click.option(
    "--smooth",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give frames of videos the labels that their neighbors agree with; SECONDS is how long a "
    "label lasts on average. The label of the frame by itself is in the column label_alone.",
)
@timeline_option
@film_options
@config_option
@run_options()
@click.pass_context
def classify(
    ctx,
    model,
    sources,
    output,
    format_,
    top,
    threshold,
    pictures,
    sort_into,
    link,
    dry_run,
    smooth,
    timelines,
    film,
    options,
):
    """Label the images in PATHS with MODEL.

    PATHS are files, folders (searched recursively), archives (.zip, .tar, .tar.gz ...) whose
    images are called photos.zip!a/b.jpg, quoted patterns, URLs (s3://, gs://, https://), and -
    for a list of names on standard input.

    Images of .npz, .npy and IDX files, and rows of tables for a model that was trained on a
    table, are inputs of their own, such as digits.npz[17] and table.csv:3.

    Every input gives exactly one record: path, status (ok, warn or error), code, message,
    label and probability. Names in folders that begin with a dot are skipped.

    A model that was trained with --unknown gives the label unknown when it is not sure, and its
    best guess in the column guess; with --unknown-sets it gives a set of labels in the column
    labels, as a JSON list.

    A model of keywords gives its words in the column labels, most probable first, as a JSON list
    (a list in JSON lines and Parquet); label is the most probable one.

    With -o a run may be interrupted in any way, also by a power cut: the same command continues
    where it stopped, and the output is the same, byte for byte. Until the end its records lie in
    the hidden file .OUTPUT.partial.

    Exit code: 0 all could be read, 1 some could not, 2 usage, model, or an interrupted run that
    does not fit, 3 a folder could not be listed or the output (an image of --pictures too) not be
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
      cvclassic classify photos.cvmodel clip.mp4 -o labels.csv --video labeled.mp4
      cvclassic classify photos.cvmodel clip.mp4 -o labels.csv --smooth 1 --timeline who.html
      cvclassic classify photos.cvmodel inbox/ -o labels.csv --watch
      cvclassic classify photos.cvmodel /mnt/all/ -o labels.parquet --dask tcp://scheduler:8786
    """
    from cvclassic.batch.outputs.writers import check_output, format_of, is_stream

    output = output or "-"
    if format_ is None and not is_stream(output):
        format_ = format_of(output)
    check_output(output, format_ or "csv")
    if smooth is not None and options.watch:
        raise click.UsageError("--smooth is for videos, and --watch for folders.")
    if link and sort_into is None:
        raise click.UsageError("--link needs --sort-into.")
    if sort_into is not None:
        _check_outside(sort_into, sources.folders, "--sort-into")
    if dry_run:
        _say_plan(model, sources, output, format_)
        return
    with Session(options, output) as session, film.open(sources) as drawn:
        from cvclassic.batch import ClassifyTask, Sorter, file_digest
        from cvclassic.model import load_model

        known = load_model(model)
        if not known.is_classifier or known.takes == "table":
            for name, asked in (
                ("--pictures", pictures),
                ("--sort-into", sort_into),
                ("--video", film or None),
                ("--smooth", smooth),
            ):
                if asked is not None:
                    raise click.UsageError(f"{name} needs a model that gives labels to images.")
        digest = file_digest(model)
        draws = pictures is not None or bool(drawn)
        if threshold is not None and not known.is_multilabel:
            raise click.UsageError("--threshold needs a model of keywords.")
        if smooth is not None and known.is_multilabel:
            raise click.UsageError("--smooth needs a model that gives one label per frame.")
        task = ClassifyTask(known.pipeline, top=top, model=digest, draw=draws, threshold=threshold)
        timeline = Timeline(timelines, _shown, smooth or 1.0)
        sinks: list = [timeline]
        if sort_into is not None:
            sinks.append(Sorter(sort_into, link=link))
        after: Any = iter
        if smooth is not None:
            from cvclassic.batch import Column
            from cvclassic.video import RecordSmoother

            columns = (*task.columns, Column("label_alone"))
            most = max(top, _MOST_SMOOTHED)
            task = ClassifyTask(known.pipeline, top=most, model=digest, draw=draws)
            task.columns = columns
            after = RecordSmoother(known.classes, smooth, top)
        code = session.run(
            sources,
            task,
            format=format_,
            folder=pictures,
            sinks=sinks,
            about={"--smooth": smooth} if smooth else None,
            after=after,
            film=drawn,
            what="Classifying",
        )
    if timeline:
        timeline.finish(f"Timeline of {os.path.basename(model)}")
    ctx.exit(code)


def _shown(record: Any) -> list[str]:
    """What a record says, for a timeline."""
    return [] if record.label is None else [str(record.label)]


def _say_plan(path: str, sources, output: str, format_: str | None) -> None:
    """Say what would be classified, and by what."""
    from cvclassic.batch import expand_inputs
    from cvclassic.model import load_model

    from ..shared.console import show_table

    model = load_model(path)
    n = "unknown" if not sources.can_be_counted else ""
    n = n or f"{sum(1 for _ in expand_inputs(sources, model.columns)):,}"
    rows = [
        ("inputs", n),
        (
            "model",
            f"{model.recipe} + {model.head}, {plural(len(model.classes), 'class', 'classes')}",
        ),
        ("output", f"{output} ({format_ or 'csv'})"),
    ]
    show_table(rows, title="Would classify (--dry-run)")


def _check_outside(place: str, folders: tuple[str, ...], option: str) -> None:
    """Refuse a folder for results that lies among the inputs."""
    real = os.path.realpath(place)
    for folder in folders:
        top = os.path.realpath(folder)
        if os.path.commonpath([top, real]) == top:
            raise click.UsageError(f"{option} {place!r} lies in {folder!r}, which is an input.")
