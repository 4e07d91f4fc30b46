"""``cvclassic words``: the visual words of a model."""

from __future__ import annotations

import os

import click

from cvclassic.errors import ExitCode

from ..shared.options import data_options, jobs_option, load_data, n_jobs, quiet_option
from ..shared.outputs import OutputFile, wrote

_KINDS = (".png", ".jpg", ".jpeg", ".webp", ".html")


@click.command()
@click.argument("model", type=click.Path())
@data_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(),
    help="File to write: .html for a page, .png or .jpg for a sheet.",
)
@click.option(
    "--words",
    "n_words",
    type=click.IntRange(min=1),
    help="Number of words to show, the most informative first. "
    "[default: 40 on a sheet, all on a page]",
)
@click.option(
    "--patches",
    type=click.IntRange(min=1, max=40),
    default=10,
    show_default=True,
    help="Number of patches per word.",
)
@jobs_option
@quiet_option
@click.pass_context
def words(ctx, model, folder, manifest, split, output, n_words, patches, jobs, quiet):
    """Show what the visual words of MODEL look like in the training images of FOLDER.

    For each word (or Gaussian) of the vocabulary: the patches nearest to it, one per image, and
    the classes that it is evidence for and against. For models of the recipe patches: the mosaic
    of learned kernels, for which no images are needed.

    Exit code: 0 all could be read, 1 some could not, 2 usage or model, 3 output.

    \b
    Example:
      cvclassic words photos.cvmodel photos/ -o words.html
      cvclassic words photos.cvmodel --manifest photos.csv --split train -o words.png --words 25
    """
    from cvclassic import load_model
    from cvclassic._basics.atomic import atomic_file, check_writable
    from cvclassic._basics.printable import plural
    from cvclassic.encode import PatchWords
    from cvclassic.images import watch_decoders

    kind = os.path.splitext(output)[1].lower()
    if kind not in _KINDS:
        raise click.UsageError(f"-o must end in {', '.join(_KINDS)}. Got {output!r}.")
    check_writable(output)
    pipeline = load_model(model).pipeline
    if isinstance(pipeline[0], PatchWords):
        _write_mosaic(pipeline[0], output, kind, n_words)
        return
    from cvclassic.draw import draw_words, write_drawing
    from cvclassic.explain import browse_words
    from cvclassic.explain.local_features import check_explainable
    from cvclassic.report import words_page

    from ..shared.console import report_failures, stages
    from ..shared.reporting import command_line
    from .explain import _Counted

    check_explainable(pipeline)
    data = load_data(folder, manifest, split, 1)
    if n_words is None and kind != ".html":
        n_words = 40
    with stages(quiet) as progress, watch_decoders():
        found, failures = browse_words(
            pipeline,
            _Counted(data.paths, progress),
            n_words=n_words,
            n_patches=patches,
            n_jobs=n_jobs(jobs),
        )
    classes = pipeline.classes_.tolist()
    title = f"Visual words of {os.path.basename(model)}"
    if kind == ".html":
        with atomic_file(output, "w", encoding="utf-8", errors="replace") as file:
            file.write(words_page(found, classes, title, command_line(ctx)))
    else:
        write_drawing(output, draw_words(found, classes, title))
    click.echo(wrote(output), err=True)
    if failures:
        click.echo(f"{plural(len(failures), 'image')} could not be read:", err=True)
        report_failures([(data.paths[i], error.code, error.message) for i, error in failures])
    if not quiet:
        click.echo(
            f"{plural(len(found), 'visual word')} from {len(data) - len(failures)} images", err=True
        )
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)


def _write_mosaic(encoder, output: str, kind: str, n_words: int | None) -> None:
    """The learned kernels of small patches, side by side."""
    from cvclassic.draw import contact_sheet, write_drawing

    if kind == ".html":
        raise click.UsageError("A model of patches is shown as a mosaic image: use -o words.png.")
    write_drawing(output, contact_sheet(list(encoder.word_pictures()[:n_words]), side=28, gap=2))
