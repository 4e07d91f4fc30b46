"""``cvclassic search topics``: what the images of an index are about."""

from __future__ import annotations

import time

import click

from ...shared.json_files import write_json
from ...shared.outputs import OutputFile, TextFile, forced, wrote
from ...shared.reporting import command_line


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@click.option("-k", "--topics", "n_topics", type=click.IntRange(min=1), default=20,
              show_default=True, help="Number of topics.")  # fmt: skip
@click.option(
    "--method",
    type=click.Choice(["lsi", "plsa", "lda"]),
    default="lda",
    show_default=True,
    help="Latent semantic indexing, its probabilistic form, or latent Dirichlet allocation.",
)
@click.option("--page", type=OutputFile(), help="Write a page (.html) to browse.")
@click.option("--json", "json_file", type=TextFile(), help="Write topics and weights.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed."
)
@click.pass_context
def topics(ctx, index_, n_topics, method, page, json_file, seed):
    """Find topics of the images of INDEX: visual words that occur together, without labels.

    \b
    Example:
      cvclassic search topics photos.index -k 20 --page topics.html
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.images import watch_decoders
    from cvclassic.report import check_page_path, write_topics_page
    from cvclassic.search import ImageIndex, find_topics

    from ...shared.console import plain

    if page is not None:
        check_page_path(page, "page", force=forced())
    if json_file is not None:
        check_writable(json_file)
    index = ImageIndex.open(index_)
    found = find_topics(index, n_topics, method=method, random_state=seed)
    name = index.searcher_.name
    for k, strength in enumerate(found.strengths.tolist()):
        said = f"{strength:.2f}" if method == "lsi" else f"{strength:.1%}"
        first = ", ".join(str(plain(name(int(i)))) for i in found.top_images(k, 3))
        click.echo(f"topic {k + 1}: {said}: {first}")
    if json_file is not None:
        write_json(
            json_file,
            {
                "method": method,
                "strengths": found.strengths.tolist(),
                "images": [
                    {"path": name(int(i)), "weights": row}
                    for i, row in zip(found.images, found.weights.round(6).tolist(), strict=True)
                ],
                "words": [found.top_words(k, 20).tolist() for k in range(n_topics)],
            },
        )
    if page is not None:
        began = time.perf_counter()
        with watch_decoders():
            size = write_topics_page(page, index, found, name=index_, command=command_line(ctx))
        seconds = time.perf_counter() - began
        click.echo(f"{wrote(page, size)} in {seconds:.1f} s", err=True)
