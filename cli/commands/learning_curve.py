"""``cvclassic learning-curve``: what more images would bring."""

from __future__ import annotations

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ..shared.json_files import write_json
from ..shared.options import jobs_option, n_jobs, quiet_option
from ..shared.outputs import OutputFile, TextFile
from ..shared.sources import load_source, picture_options


@click.command("learning-curve")
@click.argument("model", type=click.Path())
@click.argument("train_folder", required=False, type=click.Path())
@click.argument("test_folder", required=False, type=click.Path())
@picture_options
@click.option(
    "--test-split",
    default="test",
    show_default=True,
    help="Rows of the manifest to test on; --split gives those to train on [default: train].",
)
@click.option("-o", "--output", type=OutputFile(), help="Plot to write: .png, .svg or .pdf.")
@click.option("--json", "json_file", type=TextFile(), help="Write all numbers to this file.")
@click.option(
    "--sizes",
    metavar="LIST",
    help="Training-set sizes in images per class. [default: 1,2,5,10,20,50,100,200,500]",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Number of random subsets.",
)
@click.option(
    "--refit",
    is_flag=True,
    help="Retrain everything at each size, not only the classifier.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@jobs_option
@quiet_option
@click.pass_context
def learning_curve_(
    ctx, model, train_folder, test_folder, test_split, output, json_file, sizes, repeats, refit,
    seed, jobs, quiet, **source,
):  # fmt: skip
    """Show how MODEL's accuracy grows with the number of training images.

    Training images come from TRAIN_FOLDER and test images from TEST_FOLDER, or both from a folder
    with train and test sub-folders, a manifest's splits or an array file (--npz). Every class gets
    the same number of images, up to the size of the smallest class.

    Each image is encoded once, by MODEL's own encoder. Its vocabulary was learned from all training
    images, so small sizes look slightly better than they are; --refit relearns it at each
    size. Images that cannot be read are listed and skipped; the exit code is 1 then.

    \b
    Example:
      cvclassic learning-curve photos.cvmodel photos/ test-photos/ -o curve.png
      cvclassic learning-curve birds.cvmodel --manifest birds.csv --json curve.json --refit
      cvclassic evaluate birds.cvmodel --manifest birds.csv --split test --report birds.html \\
          --learning-curve curve.json
    """
    from cvclassic import load_model
    from cvclassic._basics.atomic import check_writable
    from cvclassic.draw import check_curve_path, draw_learning_curve
    from cvclassic.errors import ModelFileError
    from cvclassic.evaluate import learning_curve
    from cvclassic.evaluate.learning_curves import SIZES
    from cvclassic.images import watch_decoders

    from ..shared.console import report_failures, show_table, stages

    for path in filter(None, (output, json_file)):
        check_writable(path)
    if output:
        check_curve_path(output)
    wanted = _parse(sizes) if sizes is not None else SIZES
    known = load_model(model)
    pipeline = known.pipeline
    if not known.is_classifier or known.takes == "table":
        raise ModelFileError(f"{model}: expected a model that classifies images.")
    if train_folder is not None and test_folder is None:
        from .versus_cnn import _has_test

        if not _has_test(train_folder):
            raise click.UsageError(
                "Give a TRAIN_FOLDER and a TEST_FOLDER, or a folder that holds train and test."
            )
        test_folder = train_folder
    split = source.pop("split")
    if source["npz"] is None and split is None and source["manifest"] is not None:
        split = "train"
    test_split = test_split if source["manifest"] is not None else None
    train = load_source(
        {**source, "folder": train_folder, "split": split}, part="train", min_classes=2
    )
    test = load_source(
        {**source, "folder": test_folder, "split": test_split}, part="test", min_classes=1
    )
    workers = n_jobs(jobs)
    for step in [step for _, step in pipeline.steps] if workers > 1 else []:
        if "n_jobs" in step.get_params():
            step.set_params(n_jobs=workers)
    with stages(quiet) as progress, watch_decoders():
        side = known.max_side
        images, labels, failures = _readable(train, side, workers, progress)
        test_images, test_labels, more = _readable(test, side, workers, progress)
        curve = learning_curve(
            pipeline, images, labels, test_images, test_labels, wanted, repeats,
            refit=refit, random_state=seed, progress=progress,
        )  # fmt: skip
    rows = [(n, f"{a:.1%} ± {s:.1%}", f"{m:.1%} ± {t:.1%}") for n, a, s, m, t in curve.summary()]
    show_table(
        rows,
        headers=("images per class", "accuracy", "mean class accuracy"),
        title=f"{curve.n_test} test images, {repeats} random subsets",
    )
    if not refit:
        click.echo(
            "The vocabulary was learned from all training images; use --refit to relearn it at "
            "each size."
        )
    if output:
        draw_learning_curve(curve, output)
    if json_file:
        content = {**curve.to_dict(), "n_failed": len(failures) + len(more)}
        write_json(json_file, content)
    if failures or more:
        click.echo(f"{plural(len(failures + more), 'image')} could not be read:", err=True)
        report_failures(failures + more)
    ctx.exit(ExitCode.FAILURES if failures or more else ExitCode.OK)


def _parse(text: str) -> tuple[int, ...]:
    """``"1,2,5"`` as numbers."""
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = (0,)
    if min(sizes) < 1:
        raise click.BadParameter(f"--sizes must be numbers such as 1,2,5. Got {text!r} instead.")
    return sizes


def _readable(data, side, jobs: int, progress) -> tuple:
    """Images that can be read, their labels, and what became of the others."""
    from cvclassic.batch import read_all

    if hasattr(data, "items"):
        return data.images, data.labels, []
    pictures, faults = read_all(progress.count(data.paths, "read", len(data)), side, n_jobs=jobs)
    kept = [i for i in range(len(data)) if i not in faults]
    failures = [(data.paths[i], error.code, error.message) for i, error in faults.items()]
    return [pictures[i] for i in kept], [data.labels[i] for i in kept], failures
