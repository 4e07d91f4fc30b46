"""``cvclassic search words``: give the images of an index their keywords."""

from __future__ import annotations

import click

from cvclassic.errors import ExitCode

from ...shared.options import jobs_option, n_jobs, quiet_option


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@click.option(
    "--manifest", type=click.Path(dir_okay=False), help="CSV file with the columns path, keywords."
)
@click.option("--labels", metavar="COLUMN", help="Column of the keywords. [default: keywords]")
@click.option("--split", help="Rows of the manifest to use, by its column split. [default: all]")
@click.option("--model", type=click.Path(), help="Model of keywords, which classifies every image.")
@jobs_option
@quiet_option
@click.pass_context
def words(ctx, index_, manifest, labels, split, model, jobs, quiet):
    """Give the images of INDEX keywords, from a manifest or by a model of keywords.

    Earlier words are replaced. `cvclassic search query --words` finds images by them.

    Exit code: 0 all well, 1 some images could not be read, 2 usage, index or model.

    \b
    Example:
      cvclassic search words photos.index --manifest tags.csv --labels keywords
      cvclassic search words photos.index --model tags.cvmodel
    """
    from cvclassic._basics.printable import plural
    from cvclassic.search import ImageIndex
    from cvclassic.search.words import words_of_manifest, words_of_model, write_words

    from ...shared.console import report_failures, stages

    if (manifest is None) == (model is None):
        raise click.UsageError("Give either --manifest CSV or --model MODEL.")
    if manifest is None and (labels is not None or split is not None):
        raise click.UsageError("--labels and --split go with --manifest.")
    index = ImageIndex.open(index_)
    failures: list = []
    if manifest is not None:
        found = words_of_manifest(index, manifest, labels, split)
    else:
        from cvclassic import load_model

        with stages(quiet) as progress:
            found, failures = words_of_model(
                index,
                load_model(model),
                n_jobs=n_jobs(jobs),
                watch=lambda records: progress.count(records, "classify", index.n_images_),
            )
    write_words(index_, found)
    click.echo(
        f"{plural(len(found.words), 'word')} for {len(found.images):,} of "
        f"{plural(index.n_images_, 'image')}"
    )
    if failures:
        click.echo(f"{plural(len(failures), 'image')} could not be read:", err=True)
        report_failures(failures)
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)
