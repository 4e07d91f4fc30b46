"""``cvclassic objects detect``: where objects are in many images."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import click

from cvclassic._basics.printable import plural

from ...shared.console import plain, show_table
from ...shared.film import film_options
from ...shared.outputs import LABELS, TextFile, forced, wrote
from ...shared.running import Session, engine_for, run_options, source_options

_FILES = {"coco": "objects.json", "csv": "objects.csv", "jsonl": "objects.jsonl"}


@click.command()
@click.argument("model", type=click.Path())
@source_options
@click.option(
    "--json",
    "format_",
    type=click.Choice(["coco", "csv", "jsonl", "voc", "yolo"]),
    help="Format of what is written; voc and yolo need -o.  [default: coco with -o, else a table]",
)
@click.option(
    "-o",
    "--output",
    type=TextFile(LABELS),
    metavar="FILE|DIR",
    help="File for the boxes, or folder for them and for drawings.  [default: stdout]",
)
@click.option("--draw", "picture", flag_value="draw", help="Write images with objects framed.")
@click.option("--crop", "picture", flag_value="crop", help="Write each object as an image.")
@click.option("--blur", "picture", flag_value="blur", help="Write images with objects blurred.")
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    help="Skip objects with a lower probability.  [default: 0.01 in coco, csv and jsonl, which "
    "have the scores; 0.5 in drawings, tables, voc and yolo]",
)
@film_options
@run_options(json_flag=False)
@click.pass_context
def detect(ctx, model, sources, format_, output, picture, min_score, film, options):
    """Find objects in PATHS: files, folders, archives, patterns, URLs, - for a list of names.

    Boxes are x, y, width, height in pixels, scores are probabilities. COCO JSON has the images,
    the classes, and as annotations what COCO calls results, with scores. Run the same command again
    to resume an interrupted run with -o.

    Exit code: 0 all could be read, 1 some could not, 2 usage or model, 3 a folder could not be
    listed or the output not be written, 75 another run is writing there, 130 and 143 interrupted.

    \b
    Example:
      cvclassic objects detect raccoons.cvobjects photos/ --json coco > found.json
      cvclassic objects detect raccoons.cvobjects photos.zip -o found/ --draw
      cvclassic objects detect raccoons.cvobjects new/ -o prelabeled/ --json yolo
    """
    from cvclassic.batch import file_digest
    from cvclassic.objects import DetectTask, load_detector

    is_folder = output is not None and not os.path.splitext(output)[1]
    if picture is not None and not is_folder:
        raise click.UsageError("--draw, --crop and --blur need a folder: -o DIR.")
    if format_ in ("voc", "yolo") and not is_folder:
        raise click.UsageError(
            f"--json {format_} writes one file per image: give a folder with -o."
        )
    if film and picture == "crop":
        raise click.UsageError("--video and --live draw or blur: leave out --crop.")
    detector, _ = load_detector(model)
    if output is not None and format_ is None:
        format_ = {".csv": "csv", ".jsonl": "jsonl"}.get(os.path.splitext(output)[1], "coco")
    with_scores = format_ in ("coco", "csv", "jsonl")
    least = min_score if min_score is not None else 0.01 if with_scores else 0.5
    shown = max(least, 0.5) if min_score is None else min_score
    task = DetectTask(
        detector,
        least,
        picture or ("draw" if film else None),
        about={"model": file_digest(model)},
        picture_score=shown,
    )
    if is_folder and format_ in _FILES:
        TextFile(LABELS).convert(os.path.join(output, _FILES[format_]), None, ctx)
    records: list[Any] = []
    journal = None
    if output is not None:
        journal = _records_file(output, is_folder)
        os.makedirs(os.path.dirname(journal) or ".", exist_ok=True)
    with (
        Session(options, journal, engine_for(sources)) as session,
        film.open(sources) as drawn,
    ):
        code = session.run(
            sources,
            task,
            format="jsonl" if journal else None,
            folder=output if picture else None,
            each=lambda record: records.append(replace(record, pictures={})),
            film=drawn,
            what="Detecting objects",
            names_file=False,
        )
    where = _write(records, detector, format_, output, is_folder, sources)
    if journal:
        os.unlink(journal)
    if not options.quiet:
        n = sum(len(r.detections) for r in records if r.detections is not None)
        said = f"{plural(n, 'object')} with a score of at least {least:g}."
        if picture and shown > least:
            m = sum(int((r.detections.scores >= shown).sum()) for r in records if r.detections)
            said = f"{said[:-1]}, {m:,} of at least {shown:g} in the images."
        click.echo(plain(said), err=True)
        if where:
            click.echo(
                wrote(where) if os.path.isfile(where) else plain(f"Labels: {where}"), err=True
            )
    ctx.exit(code)


def _records_file(output: str, is_folder: bool) -> str:
    """File of the run while it is in progress, so that it can be resumed."""
    if is_folder:
        return os.path.join(output, "objects.partial.jsonl")
    return f"{output}.partial.jsonl"


def _write(records, detector, format_, output, is_folder: bool, sources) -> str:
    """The boxes in the format that is requested; where they went."""
    from cvclassic._basics.atomic import atomic_file
    from cvclassic.images.labels import write_labels
    from cvclassic.objects.export import coco_object, csv_text, jsonl_text, label_set

    classes = [str(name) for name in detector.classes_]
    folders = [path for path in sources.paths if os.path.isdir(path)]
    root = folders[0] if len(folders) == 1 and len(sources.paths) == 1 else ""
    if format_ is None:
        _table(records)
        return ""
    if format_ in ("voc", "yolo"):
        write_labels(output, label_set(records, classes, root), format_, force=forced())
        return output
    if format_ == "coco":
        text = json.dumps(coco_object(records, classes, root)) + "\n"
    else:
        text = csv_text(records) if format_ == "csv" else jsonl_text(records)
    if output is None:
        click.echo(text, nl=False)
        return ""
    target = os.path.join(output, _FILES[format_]) if is_folder else output
    with atomic_file(target, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    return target


def _table(records) -> None:
    rows = []
    for record in records:
        for row in record.rows() or ():
            place = [round(row[key]) for key in ("x", "y", "width", "height")]
            rows.append((record.path, row["label"], f"{100 * row['score']:.1f}%", *place))
    if rows:
        show_table(rows, ("image", "label", "score", "x", "y", "width", "height"))
