"""``cvclassic objects evaluate``: what a detector finds, against true boxes."""

from __future__ import annotations

import click

from cvclassic.errors import ExitCode

from ...shared.console import plain, report_failures, show_table, stages
from ...shared.json_files import check_json, write_json
from ...shared.options import jobs_option, n_jobs, quiet_option
from ...shared.outputs import OutputFile, TextFile, forced, wrote
from .options import labels_options, say_label_faults


@click.command()
@click.argument("model", type=click.Path())
@labels_options
@click.option("--json", "json_", type=TextFile(), help="File for the numbers; - is stdout.")
@click.option(
    "--report", type=OutputFile(), metavar="HTML", help="Write an HTML page with the mistakes."
)
@jobs_option
@quiet_option
@click.pass_context
def evaluate(ctx, model, labels, images, labels_format, json_, report, jobs, quiet):
    """Score MODEL on images with boxes, as the COCO challenge does.

    AP50 and AP75 are average precisions at an overlap (IoU) of .5 and .75, AP the mean over .5 to
    .95; the log-average miss rate is the mean share of objects missed at 0.01 to 1 false alarms
    per image. Boxes marked as crowd, difficult or ignored count neither way.

    Exit code: 0 all well, 1 an image could not be read, 2 usage, model or labels, 3 output.

    \b
    Example:
      cvclassic objects evaluate raccoons.cvobjects --labels test.json --images photos/ \\
          --json scores.json --report mistakes.html
    """
    from cvclassic.images.labels import load_labeled_files
    from cvclassic.objects import load_detector
    from cvclassic.objects.evaluating import evaluate_detector

    check_json(json_)
    if report is not None:
        from cvclassic.report.page import check_page_path

        check_page_path(report, force=forced())
    detector, summary = load_detector(model)
    files = load_labeled_files(labels, images, format=labels_format)
    failures = say_label_faults(files, quiet=quiet)
    unknown = sorted({o.label for i in files.images for o in i.objects} - set(detector.classes_))
    if unknown and not quiet:
        click.echo(plain(f"Classes that the model does not know: {', '.join(unknown)}"), err=True)
    with stages(quiet or json_ == "-") as bars:
        result = evaluate_detector(
            detector, files.paths, files.images, n_jobs=n_jobs(jobs),
            progress=lambda done, total: bars("classify", done, total),
        )  # fmt: skip
    report_failures(result.failures)
    numbers = result.scores.to_dict()
    if json_ != "-":
        _show(numbers)
    write_json(json_, numbers)
    if report is not None:
        from cvclassic.report.objects_page import write_objects_page

        size = write_objects_page(report, result, model=model, labels=labels, summary=summary)
        click.echo(wrote(report, size), err=True)
    ctx.exit(ExitCode.FAILURES if failures or result.failures else ExitCode.OK)


def _show(numbers: dict) -> None:
    def percent(value) -> str:
        return "-" if value is None else f"{100 * value:.1f}%"

    keys = ("ap50", "ap75", "ap", "log_average_miss_rate", "recall50")
    heads = ("AP50", "AP75", "AP", "miss rate", "recall")
    rows = [("all classes", numbers["objects"], *(percent(numbers[key]) for key in keys))]
    if len(numbers["classes"]) > 1:
        rows += [
            (name, one["objects"], *(percent(one[key]) for key in keys))
            for name, one in numbers["classes"].items()
        ]
    show_table(rows, ("class", "objects", *heads))
