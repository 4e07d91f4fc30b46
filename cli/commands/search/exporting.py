"""``cvclassic search export``: an index for servers, or its vocabulary for other indexes."""

from __future__ import annotations

import os
from functools import partial

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.outputs import OutputFile, wrote
from ...shared.running import source_options

_SEND = {
    "pgvector": "psql DATABASE -f {folder}/images.sql",
    "qdrant": "curl -X PUT localhost:6333/collections/{name} -H 'Content-Type: application/json' "
    "-d @{folder}/collection.json, then each points file to .../collections/{name}/points",
    "opensearch": "curl -X PUT localhost:9200/{name} -H 'Content-Type: application/json' "
    "-d @{folder}/index.json, then each documents file by POST to localhost:9200/_bulk",
}


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@partial(source_options, required=False)
@click.option(
    "--to",
    required=True,
    type=click.Choice(["qdrant", "opensearch", "pgvector", "vocabulary"]),
    help="What to export for. vocabulary: a file for search index --vocabulary.",
)
@click.option(
    "-o", "--output", required=True, type=OutputFile(), help="New folder; a file for vocabulary."
)
@click.option(
    "--name", default="images", show_default=True, help="Name of the collection, index or table."
)
@click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, help="Hits per query."
)
@click.pass_context
def export(ctx, index_, sources, to, output, name, top):
    """Export INDEX as requests that load it into a search server.

    Words go as terms, compact codes as vectors. With PATHS of images, write the requests that
    search for these instead. Geometry is not exported: run "search query" on the hits where it
    matters.

    \b
    Example:
      cvclassic search export photos.index --to pgvector -o sql/
      cvclassic search export photos.index crop.jpg --to pgvector -o query/
      cvclassic search export photos.index --to vocabulary -o words.safetensors
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.search import ImageIndex, export_index, write_coder

    from ...shared.console import plain

    if to == "vocabulary" and sources is not None:
        raise click.UsageError("A vocabulary goes without PATHS.")
    opened = ImageIndex.open(index_)
    if to == "vocabulary":
        check_writable(output)
        write_coder(output, opened.coder_)
        click.echo(wrote(output))
        return
    if sources is not None:
        ctx.exit(_export_queries(opened, sources, to, output, name, top))
    files = export_index(opened, output, to=to, name=name)
    size = sum(os.path.getsize(os.path.join(output, file)) for file in files)
    click.echo(f"{wrote(output, size)}: {plural(len(files), 'file')}")
    click.echo(f"Load it: {_SEND[to].format(folder=plain(output), name=name)}")


def _export_queries(opened, sources, to: str, output: str, name: str, top: int) -> int:
    """One file for each image that can be read; the exit code."""
    from cvclassic._basics.atomic import atomic_file
    from cvclassic.batch import expand_inputs
    from cvclassic.batch.tasks import path_of
    from cvclassic.errors import ImageReadError
    from cvclassic.images import watch_decoders
    from cvclassic.search import export_query

    from ...shared.console import report_failures
    from ...tasks.search import image_of

    os.makedirs(output, exist_ok=True)
    suffix = "sql" if to == "pgvector" else "json"
    failures = []
    for i, item in enumerate(expand_inputs(sources), 1):
        try:
            with watch_decoders():
                code = opened.coder_.code(image_of(item))
        except ImageReadError as error:
            failures.append((path_of(item), error.code, error.message))
            continue
        file_name = os.path.join(output, f"query-{i}.{suffix}")
        with atomic_file(file_name, "w") as file:
            file.write(export_query(code, to=to, name=name, top=top))
        click.echo(wrote(file_name))
    if failures:
        n = plural(len(failures), "query", "queries")
        click.echo(f"{n} could not be read:", err=True)
        report_failures(failures)
    return ExitCode.FAILURES if failures else ExitCode.OK
