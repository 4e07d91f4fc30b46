"""``cvclassic search evaluate``: how good an index is where the right answers are known."""

from __future__ import annotations

import os

import click

from ...shared.options import quiet_option
from ...shared.outputs import TextFile
from ...shared.predicting import write_json


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@click.option(
    "--relevance",
    required=True,
    type=click.Path(),
    help='JSON file: {"queries": {NAME: {"relevant": [NAME, ...], "junk": [NAME, ...]}}}.',
)
@click.option(
    "--queries",
    type=click.Path(),
    help="Folder of the query images. [default: the images of the index are the queries]",
)
@click.option("--json", "json_file", type=TextFile(), help="Write the scores to this file.")
@click.option("--no-geometry", is_flag=True, help="Skip geometric verification.")
@click.option("--compact-only", is_flag=True, help="Rank by compact codes only.")
@click.option(
    "--expand", is_flag=True, help="Query expansion: search again with features of the best hits."
)
@quiet_option
@click.pass_context
def evaluate(ctx, index_, relevance, queries, json_file, no_geometry, compact_only, expand, quiet):
    """Score the rankings of INDEX: mAP, precision at 1 and N-S, with 95% confidence intervals.

    Names in the relevance file are paths of the index, or the ends of paths. Images that are junk
    for a query count neither for nor against it. N-S is the mean number of relevant images among
    the first four, the query itself counted.

    Exit code: 0 all well, 1 some queries could not be read, 2 usage or index.

    \b
    Example:
      cvclassic search evaluate photos.index --relevance relevance.json --json scores.json
      cvclassic search evaluate covers.index --relevance relevance.json --queries phone/
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.evaluate import score_rankings
    from cvclassic.images import watch_decoders
    from cvclassic.search import ImageIndex, rank_queries, read_relevance

    from ...shared.console import report_failures, stages

    if json_file is not None:
        check_writable(json_file)
    truth = read_relevance(relevance)
    searched = ImageIndex.open(index_, geometry=not no_geometry)
    with stages(quiet) as progress, watch_decoders():
        rankings, failures, seconds = rank_queries(
            searched,
            truth,
            folder=queries,
            shown=os.fsdecode(relevance),
            expand=expand,
            compact_only=compact_only,
            watch=lambda names, n: progress.count(names, "search", n),
        )
    scores = score_rankings(rankings, truth)
    content = scores.to_dict()
    ms = 1e3 * seconds / max(len(rankings), 1)
    for key, label in (("map", "mAP"), ("precision_at_1", "precision at 1"), ("n_s", "N-S")):
        low, high = scores.intervals[key]
        click.echo(f"{label:15} {content[key]:.4f}  [{low:.4f}, {high:.4f}]")
    noun = "query" if scores.n_queries == 1 else "queries"
    click.echo(f"{scores.n_queries:,} {noun}, {ms:.1f} ms per query after description")
    if failures:
        n = len(failures)
        click.echo(f"{n} {'query' if n == 1 else 'queries'} could not be read:", err=True)
        report_failures(failures)
    if json_file is not None:
        content |= {
            "n_images": searched.n_images_,
            "ms_per_query": ms,
            "failures": [list(one) for one in failures],
        }
        write_json(json_file, content)
    ctx.exit(1 if failures else 0)
