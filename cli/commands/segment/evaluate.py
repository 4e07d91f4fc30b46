"""``cvclassic segment evaluate``: score a model against true masks."""

from __future__ import annotations

import os
import time

import click

from ...shared.options import jobs_option, quiet_option
from ...shared.outputs import OutputFile, TextFile, forced


@click.command()
@click.argument("model", type=click.Path())
@click.option("--images", required=True, type=click.Path(), metavar="DIR", help="Folder of images.")
@click.option(
    "--masks",
    required=True,
    type=click.Path(),
    metavar="DIR",
    help="Folder of true masks, with the values that the model learned, or with --instances "
    "numbers of objects.",
)
@click.option(
    "--inside",
    type=click.Path(),
    metavar="DIR",
    help="Folder of fields of view: pixels of value 0 do not count.",
)
@click.option(
    "--instances",
    is_flag=True,
    help="Masks hold numbers of objects, and objects are scored, too; always on for a model "
    "trained with --instances.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    help="Tolerance for boundaries in pixels.",
)
@click.option(
    "--json", "json_", type=TextFile(), metavar="FILE", help="Write the scores to this JSON file."
)
@click.option(
    "--report", type=OutputFile(), metavar="FILE", help="Write a page (.html), worst images first."
)
@jobs_option
@quiet_option
@click.pass_context
def evaluate(ctx, model, images, masks, inside, instances, tolerance, json_, report, jobs, quiet):
    """Score a MODEL of `segment train` on images with true masks.

    Pixels of all images are counted together. Intervals (95%) come from resampling the images.
    dice and iou are those of the second of two classes, or the mean over the classes; boundary_f1
    allows for --tolerance pixels; instance_f1 counts objects that overlap by more than a half, and
    instance_ap is the mean average precision over overlaps from 0.5 to 0.95.

    Exit code: 0 done, 2 usage, data or model, 3 output.

    \b
    Example:
      cvclassic segment evaluate cells.cvmodel --images test/ --masks test-masks/ --json scores.json
      cvclassic segment evaluate cells.cvmodel --images test/ --masks test-masks/ --report page.html
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.errors import DataError
    from cvclassic.evaluate import segmentation_intervals, segmentation_scores
    from cvclassic.report import check_page_path
    from cvclassic.segment import load_segmentation, pair_folders

    from ...shared.console import show_table, stages
    from ...shared.json_files import write_json
    from ...shared.options import n_jobs
    from .evaluating import evaluate_pairs

    classifier, summary = load_segmentation(model)
    instances = instances or classifier.instances
    if instances and len(classifier.classes_) != 2:
        raise DataError(f"{model}: only a model of two classes tells objects apart")
    if json_ is not None:
        check_writable(json_)
    if report is not None:
        check_page_path(report, force=forced())
    pairs = pair_folders(images, masks, inside)
    start = time.perf_counter()
    with stages(quiet) as progress:
        cases = list(
            progress.count(
                evaluate_pairs(
                    classifier, summary, pairs, tolerance, n_jobs(jobs), report, instances
                ),
                "segment",
                len(pairs),
            )
        )
    seconds = time.perf_counter() - start
    measures = [case.measures for case in cases]
    scores = segmentation_scores(measures)
    intervals = segmentation_intervals(measures)
    names = summary["names"]
    if not quiet:
        show_table(
            _rows(scores, intervals, tolerance, names, len(cases)), ("score", "value", "95%")
        )
    content = {
        **{key: value for key, value in scores.items() if not key.startswith("class_")},
        "classes": [
            {"name": name, "iou": iou, "dice": dice}
            for name, iou, dice in zip(
                names, scores["class_iou"], scores["class_dice"], strict=True
            )
        ],
        "intervals": {key: list(ends) for key, ends in intervals.items()},
        "tolerance": tolerance,
        "n_images": len(cases),
        "seconds": seconds,
        "images": [{"path": c.pair.image, "score": c.measures.score} for c in cases],
    }
    if json_ is not None:
        write_json(json_, content)
    if report is not None:
        from cvclassic.report import write_segmentation_page

        from ...shared.reporting import command_line, say_page

        began = time.perf_counter()
        size = write_segmentation_page(
            report,
            [case.shown for case in cases],
            scores,
            intervals,
            names,
            tolerance=tolerance,
            title=f"Segmentation by {os.path.basename(model)}",
            command=command_line(ctx),
            seconds=seconds,
        )
        say_page(report, size, time.perf_counter() - began)


def _rows(scores, intervals, tolerance: float, names, n: int) -> list[tuple[str, str, str]]:
    two = len(names) == 2
    labels = {
        "dice": f"Dice of {names[1]}" if two else "mean Dice",
        "iou": f"IoU of {names[1]}" if two else "mean IoU over classes",
        "mean_iou": "mean IoU",
        "pixel_accuracy": "pixel accuracy",
        "auc": "area under the ROC curve",
        "boundary_f1": f"F1 of boundaries, {tolerance:g} px",
        "tolerant_f1": f"F1 of pixels, {tolerance:g} px",
        "instance_f1": "F1 of objects, overlap > 0.5",
        "instance_ap": "AP of objects, overlap 0.5 to 0.95",
    }
    rows = [("images", str(n), "")]
    for key, label in labels.items():
        if scores[key] is None or (key == "iou" and not two):
            continue
        ends = intervals.get(key)
        shown = f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else ""
        rows.append((label, f"{scores[key]:.3f}", shown))
    if not two:
        rows += [
            (f"IoU of {name}", "not present" if iou is None else f"{iou:.3f}", "")
            for name, iou in zip(names, scores["class_iou"], strict=True)
        ]
    return rows
