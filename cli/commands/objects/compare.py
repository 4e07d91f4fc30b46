"""``cvclassic objects compare``: detectors of any origin on the same images."""

from __future__ import annotations

import os

import click

from cvclassic.errors import ExitCode

from ...shared.console import plain, report_failures, show_table, stages
from ...shared.json_files import check_json, write_json
from ...shared.options import jobs_option, n_jobs, quiet_option
from ...shared.outputs import TextFile
from .options import labels_options, say_label_faults


@click.command()
@click.argument("models", nargs=-1, type=click.Path())
@labels_options
@click.option(
    "--predictions",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Boxes that another program found in these images, as COCO JSON with scores.",
)
@click.option("--json", "json_", type=TextFile(), help="File for the numbers; - is stdout.")
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@jobs_option
@quiet_option
@click.pass_context
def compare(ctx, models, labels, images, labels_format, predictions, json_, seed, jobs, quiet):
    """Score MODELS and the predictions of other programs on the same images.

    Predictions of a neural network, or of anything else, are a COCO results file, or COCO JSON
    whose annotations have scores. Brackets hold 95% of the differences in AP50 to the best one
    when the images are drawn again; where they hold 0, the difference may be luck.

    Exit code: 0 all well, 1 an image could not be read, 2 usage, model, labels or predictions.

    \b
    Example:
      cvclassic objects compare raccoons.cvobjects --predictions network=results.json \\
          --labels test.json --images photos/
    """
    from cvclassic.images.labels import load_labeled_files
    from cvclassic.objects import compare_detectors, load_detector, read_predictions
    from cvclassic.objects.evaluating import evaluate_detector

    check_json(json_)
    if not models and not predictions:
        raise click.UsageError("give at least one MODEL or --predictions.")
    detectors = {_name(path, None): load_detector(path)[0] for path in models}
    files = load_labeled_files(labels, images, format=labels_format)
    failures = say_label_faults(files, quiet=quiet)
    others = {}
    for given in predictions:
        name, _, path = given.rpartition("=") if not os.path.exists(given) else ("", "", given)
        others[_name(path, name)] = read_predictions(path, files, labels)
    if len({*detectors, *others}) < len(models) + len(predictions):
        raise click.UsageError("two of them have the same name: give names as NAME=FILE.")
    found, judged = {}, list(files.images)
    for name, detector in detectors.items():
        with stages(quiet or json_ == "-") as bars:
            result = evaluate_detector(
                detector, files.paths, files.images, n_jobs=n_jobs(jobs),
                progress=lambda done, total: bars("classify", done, total),
            )  # fmt: skip
        if not failures:
            report_failures(result.failures)
        failures = failures or result.failures
        found[name], judged = result.found, result.images
    kept = {id(image) for image in judged}
    rows = [k for k, image in enumerate(files.images) if id(image) in kept]
    found |= {name: [own[k] for k in rows] for name, own in others.items()}
    compared = compare_detectors(judged, found, seed=seed)
    if json_ != "-":
        _show(compared, others)
    write_json(
        json_,
        [
            {"name": one.name, **one.scores.to_dict(), "ap50_difference": one.difference,
             "ap50_interval": list(one.interval)}
            for one in compared
        ],
    )  # fmt: skip
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)


def _name(path: str, name: str | None) -> str:
    return name or os.path.splitext(os.path.basename(os.path.normpath(path)))[0]


def _show(compared, others) -> None:
    def percent(value) -> str:
        return "-" if value is None else f"{100 * value:.1f}%"

    rows = []
    for one in compared:
        numbers = one.scores.to_dict()
        low, high = (f"{100 * value:+.1f}" for value in one.interval)
        gap = "" if one is compared[0] else f"{100 * one.difference:+.1f} [{low}, {high}]"
        keys = ("ap50", "ap", "log_average_miss_rate", "recall50")
        rows.append((plain(one.name), *(percent(numbers[key]) for key in keys), gap))
    show_table(rows, ("detector", "AP50", "AP", "miss rate", "recall", "AP50 to the best"))
    best = compared[0]
    if best.name in others and len(compared) > len(others):
        click.echo(plain(f"{best.name} finds more than the trained models in these images."))
