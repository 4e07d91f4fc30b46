"""``cvclassic explain``: which keypoints spoke for a label."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from cvclassic._basics.printable import plural, printable
from cvclassic.errors import ExitCode

from ..shared.options import n_jobs
from ..shared.outputs import OutputFile, picture_place
from ..shared.running import (
    Session,
    engine_for,
    format_of_records,
    path_options,
    records_option,
    run_options,
    say_failure,
)


@click.command()
@click.argument("model", type=click.Path())
@path_options
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    help="Drawing to write, .png or .jpg; for several images a folder.",
)
@click.option("--label", help="Class to explain. [default: the model's answer]")
@click.option("--against", help="Class to compare with. [default: the runner-up]")
@click.option(
    "--flip", is_flag=True, help="Find a small set of keypoints whose removal changes the label."
)
@click.option(
    "--train",
    type=click.Path(),
    help="Folder of training images. The most similar ones are drawn, with matching words.",
)
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False),
    help="CSV manifest of training images, instead of --train.",
)
@click.option("--split", help="Rows of the manifest to use, by its column split. [default: all]")
@click.option(
    "--nearest",
    type=click.IntRange(min=1, max=20),
    default=3,
    show_default=True,
    help="Number of training images to draw.",
)
@records_option
@run_options(json_flag=False)
@click.pass_context
def explain(ctx, model, sources, output, records, options, **asked):
    """Show why MODEL predicts a label: the share of every keypoint in the decision.

    For linear classifiers on visual words, VLAD or Fisher vectors (recipes sift-bow, phow, llc,
    vlad, fast, fisher, best) the shares and the bias add up to the decision. For others the drawing
    names the approximation. Blue is evidence for the label, vermilion for the class it is
    compared with.

    --flip gives an upper bound: keypoints are removed by share, largest first, until the
    model's answer changes.

    Exit code: 0 all explained, 1 some images could not be read or have no usable features, 2
    usage or model, 3 output.

    \b
    Example:
      cvclassic explain photos.cvmodel cat.jpg -o why.png
      cvclassic explain photos.cvmodel cat.jpg -o why.png --against dog --flip --json why.json
      cvclassic explain photos.cvmodel new/ -o explained/ --train photos/
    """
    from cvclassic import load_model
    from cvclassic.batch import file_digest
    from cvclassic.explain.explanation import class_column
    from cvclassic.explain.local_features import check_explainable, members_of

    if output is None and records is None:
        raise click.UsageError("Give -o DRAWING or --json FILE, or both.")
    if asked["train"] and asked["manifest"]:
        raise click.UsageError("Give either --train FOLDER or --manifest CSV.")
    if asked["split"] and not asked["manifest"]:
        raise click.UsageError("--split needs --manifest.")
    folder, name, ending = None, None, ""
    if output is not None:
        folder, name, ending = picture_place(output, sources, "explained")
    with Session(options, records, engine_for(sources)) as session:
        from ..tasks.explain import ExplainTask

        known = load_model(model)
        check_explainable(known.pipeline)
        if asked["flip"] and members_of(known.pipeline[0]) is None:
            raise click.UsageError(
                "--flip needs a model of keypoints; this one uses the whole image."
            )
        for which in ("label", "against"):
            if asked[which] is not None:
                class_column(tuple(known.classes), which, asked[which])
        similar, paths = _encode_training(known.pipeline, asked, options)
        task = ExplainTask(
            known.pipeline, file_digest(model), similar, paths, asked, folder, ending
        )
        bare: list[str] = []
        code = session.run(
            sources,
            task,
            format=format_of_records(records),
            folder=folder,
            name=name,
            each=partial(_say, options.quiet or records == "-", bare),
            what="Explaining",
            brief=True,
        )
    ctx.exit(max(code, ExitCode.FAILURES) if bare else code)


def _encode_training(pipeline, asked: dict[str, Any], options) -> tuple[Any, list[str]]:
    """Training images, encoded once; None and nothing where they are not asked for."""
    if not asked["train"] and not asked["manifest"]:
        return None, []
    from cvclassic.explain import SimilarPictures

    from ..shared.console import report_failures, stages
    from ..shared.options import load_data

    data = load_data(asked["train"], asked["manifest"], asked["split"], 1)
    with stages(options.quiet) as progress:
        watched = _Counted(data.paths, progress)
        found = SimilarPictures(pipeline, watched, data.labels, n_jobs(options.jobs))
    if found.failures:
        click.echo(f"{plural(len(found.failures), 'training image')} could not be read:", err=True)
        report_failures([(data.paths[i], e.code, e.message) for i, e in found.failures])
    return found, data.paths


class _Counted(Sequence):
    """Paths whose reading moves a progress bar."""

    def __init__(self, paths: list[str], progress) -> None:
        self._paths, self._progress, self._done = paths, progress, 0

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index):
        return self._paths[index]

    def __iter__(self):
        return self._progress.count(iter(self._paths), "features", len(self._paths))


def _say(quiet: bool, bare: list[str], record: Any) -> None:
    """One line about one image; those without features are kept in `bare`."""
    if record.failed:
        say_failure(record)
    elif "label" not in record.values:
        bare.append(record.path)
        say_failure(record)
    elif not quiet:
        click.echo(printable(f"{record.path}: {_in_words(record.values)}"))


def _in_words(values: dict[str, Any]) -> str:
    from cvclassic.draw.typesetting import percent

    names = values["probabilities"]
    first, second = str(values["label"]), str(values["against"])
    ranked = sorted(names, key=lambda name: -names[name])
    one = "predicted " if first == ranked[0] else ""
    two = "runner-up" if one and second == ranked[1] else "compared with"
    line = (
        f"{one}{first} {percent(names[first])}, {two} {second} {percent(names[second])}, "
        f"decision {values['decision']:+.3f}"
    )
    if "flip" in values:
        flip = values["flip"]
        line += (
            f"; becomes {flip['label_after']} when {len(flip['keypoints'])} of "
            f"{plural(len(values['keypoints']), 'keypoint')} are removed"
            if flip["keypoints"]
            else "; no set of keypoints that changes it was found"
        )
    return line
