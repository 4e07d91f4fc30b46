"""``cvclassic search evaluate``: how good an index is where the right answers are known."""

from __future__ import annotations

import os

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.json_files import write_json
from ...shared.options import quiet_option
from ...shared.outputs import TextFile


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@click.option(
    "--relevance",
    type=click.Path(),
    help='JSON file: {"queries": {NAME: {"relevant": [NAME, ...], "junk": [NAME, ...]}}}.',
)
@click.option(
    "--words",
    "manifest",
    type=click.Path(dir_okay=False),
    help="Score word search instead, by the true keywords in this manifest (CSV).",
)
@click.option("--labels", metavar="COLUMN", help="Column of the keywords of --words.")
@click.option("--split", help="Rows of --words that are judged, by its column split.")
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
def evaluate(
    ctx, index_, relevance, manifest, labels, split, queries, json_file, no_geometry, compact_only,
    expand, quiet,
):  # fmt: skip
    """Score the rankings of INDEX: mAP, precision at 1 and N-S, with 95% confidence intervals.

    Names in the relevance file are paths of the index, or the ends of paths. Images that are junk
    for a query count neither for nor against it. N-S is the mean number of relevant images among
    the first four, the query itself counted.

    Exit code: 0 all well, 1 some queries could not be read, 2 usage or index.

    \b
    Example:
      cvclassic search evaluate photos.index --relevance relevance.json --json scores.json
      cvclassic search evaluate photos.index --words tags.csv --labels keywords --split test
      cvclassic search evaluate covers.index --relevance relevance.json --queries phone/
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.evaluate import score_rankings
    from cvclassic.images import watch_decoders
    from cvclassic.search import ImageIndex, rank_queries, read_relevance

    from ...shared.console import report_failures, stages

    if (relevance is None) == (manifest is None):
        raise click.UsageError("Give either --relevance FILE or --words CSV.")
    if manifest is None and (labels is not None or split is not None):
        raise click.UsageError("--labels and --split go with --words.")
    if json_file is not None:
        check_writable(json_file)
    if manifest is not None:
        _evaluate_words(index_, manifest, labels, split, json_file)
        return
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
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)


def _evaluate_words(path: str, manifest: str, column, split, json_file: str | None) -> None:
    """Score the rankings of every word."""
    from cvclassic.errors import DataError
    from cvclassic.evaluate import score_rankings
    from cvclassic.search import ImageIndex
    from cvclassic.search.word_search import WordSearcher, rank_words
    from cvclassic.search.words import read_words, words_of_manifest

    known = read_words(path)
    if known is None:
        raise DataError(f"{path}: the index has no words. `cvclassic search words` gives it some")
    index = ImageIndex.open(path)
    truth = words_of_manifest(index, manifest, column, split)
    rankings, relevance = rank_words(index, WordSearcher(index, known), truth.images)
    scores = score_rankings(rankings, relevance)
    for key, label in (("map", "mAP"), ("precision_at_1", "precision at 1")):
        low, high = scores.intervals[key]
        click.echo(f"{label:15} {getattr(scores, key):.4f}  [{low:.4f}, {high:.4f}]")
    unknown = sorted(set(truth.words) - set(rankings))
    click.echo(f"{plural(len(rankings), 'word')} on {plural(len(truth.images), 'image')}")
    if unknown:
        click.echo(f"The index does not know {len(unknown)} more of the words.")
    if json_file is not None:
        content = {key: value for key, value in scores.to_dict().items() if key != "n_s"}
        content["intervals"] = {k: v for k, v in content["intervals"].items() if k != "n_s"}
        write_json(json_file, content | {"n_images": len(truth.images), "unknown": unknown})
