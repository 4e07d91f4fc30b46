"""``cvclassic faces threshold | train-metric``: what is learned on people who are not enrolled."""

from __future__ import annotations

from typing import Any

import click

from cvclassic._basics.printable import plural
from cvclassic._basics.printable import printable as short_path
from cvclassic.errors import ExitCode

from ...shared.console import stages
from ...shared.options import quiet_option
from ...shared.outputs import OutputFile, check_bundle_output


def _load_people(folder: str, source: str, quiet: bool) -> tuple[list, list[str], int]:
    """Faces, whose they are, and how many images could not be used."""
    from cvclassic.errors import DataError, ImageReadError
    from cvclassic.faces import HaarFaceDetector, IdentifyTask, largest_face
    from cvclassic.images import decode_image, load_folder

    data = load_folder(folder)
    detector = HaarFaceDetector()
    faces: list[Any] = []
    people: list[str] = []
    failed = 0
    with stages(quiet) as progress:
        for path, label in progress.count(
            zip(data.paths, data.labels, strict=True), "read", len(data.paths)
        ):
            try:
                pixels = decode_image(path, max_side=IdentifyTask.max_side).pixels
                faces.append(largest_face(pixels, source, detector).pixels)
                people.append(label)
            except (DataError, ImageReadError) as error:
                failed += 1
                reason = getattr(error, "message", None) or str(error)
                click.echo(f"{short_path(path)}: {reason}", err=True)
    return faces, people, failed


@click.command()
@click.argument("gallery", type=click.Path())
@click.argument("folder", type=click.Path())
@click.option(
    "--max-far",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="Maximum share of strangers accepted as the person they "
    "are compared with (false accept rate).",
)
@click.option("--roc", type=OutputFile(), help="Draw the ROC curve (.png, .svg or .pdf).")
@quiet_option
@click.pass_context
def threshold(ctx, gallery, folder, max_far, roc, quiet):
    """Choose the threshold for unknown people in GALLERY from the people in FOLDER, one folder
    each.

    Every image is compared with the other images of its person (genuine) and with other people
    (impostor). The people in FOLDER need not be in the gallery and are not added to it. With N
    people enrolled, a stranger is N times as likely to be accepted as one of them.

    Exit code: 0 all images were used, 1 some could not be, 2 usage, gallery or too few images,
    3 output, 75 another run is changing the gallery.

    \b
    Example:
      cvclassic faces threshold people.faces others/ --max-far 0.001 --roc roc.png
    """
    from cvclassic.draw import check_curve_path
    from cvclassic.faces import compare_people, error_rates, load_gallery, locked, save_gallery

    if roc is not None:
        check_curve_path(roc)
    with locked(gallery):
        known = load_gallery(gallery)
        faces, people, failed = _load_people(folder, known.source, quiet)
        rates = error_rates(*compare_people(known, faces, people))
        known.learn_threshold(rates, max_far)
        if roc is not None:
            from cvclassic.draw import draw_error_rates

            chosen = (known.threshold.far or 0.0, known.threshold.frr or 0.0)
            title = (
                f"{plural(len(set(people)), 'person', 'people')}, "
                f"{plural(len(people), 'image')}; EER {rates.eer:.2%}"
            )
            draw_error_rates(rates.far, rates.frr, roc, chosen=chosen, title=title)
        save_gallery(gallery, known)
    limit = known.threshold
    click.echo(
        f"Threshold {limit.distance:.4f}: FAR {limit.far:.2%}, FRR {limit.frr:.2%}; EER "
        f"{limit.eer:.2%}. {limit.n_genuine} genuine and {limit.n_impostor} impostor distances."
    )
    ctx.exit(ExitCode.FAILURES if failed else ExitCode.OK)


@click.command("train-metric")
@click.argument("folder", type=click.Path())
@click.option("-o", "--output", required=True, type=OutputFile(), help="File to write.")
@click.option(
    "--feature",
    type=click.Choice(["lbp+hog", "lbp", "hog", "pixels"]),
    default="lbp+hog",
    show_default=True,
    help="Features that faces are compared by.",
)
@click.option(
    "--kind",
    type=click.Choice(["rca", "lda", "pca"]),
    default="rca",
    show_default=True,
    help="Kind of metric. With pixels, lda gives Fisherfaces and "
    "pca Eigenfaces; lda needs many people.",
)
@click.option("--whole", is_flag=True, help="Images are cropped faces; skip face detection.")
@quiet_option
@click.pass_context
def train_metric(ctx, folder, output, feature, kind, whole, quiet):
    """Learn a metric from the people in FOLDER, one folder each: which differences between faces
    matter.

    Use it in galleries of other people (faces enroll --metric), and then choose their threshold
    (faces threshold) on people who are not in FOLDER.

    Exit code: 0 all images were used, 1 some could not be, 2 usage or too few, 3 output.

    \b
    Example:
      cvclassic faces train-metric others/ -o faces.metric
      cvclassic faces enroll people.faces --metric faces.metric Ann ann.jpg
    """
    import numpy as np

    from cvclassic.faces import Gallery, learn_metric, save_metric

    check_bundle_output(output)
    faces, people, failed = _load_people(folder, "whole" if whole else "detect", quiet)
    plain = Gallery(feature)
    vectors, labels = [], []
    for face, person in zip(faces, people, strict=True):
        # a metric should know how little a shift means; a few of the views are enough
        own = np.concatenate(
            [plain.describe(face)[::3], plain.template(face)[1:].astype(np.float32)]
        )
        vectors.append(own)
        labels += [person] * len(own)
    stacked = np.concatenate(vectors) if vectors else np.zeros((0, 1))
    metric = learn_metric(stacked, np.array(labels), kind)
    size = save_metric(output, metric, feature)
    click.echo(
        f"{output}: {metric.projection.shape[1]} directions from {plural(len(faces), 'image')} of "
        f"{plural(len(set(people)), 'person', 'people')}, {size:,} bytes."
    )
    ctx.exit(ExitCode.FAILURES if failed else ExitCode.OK)
