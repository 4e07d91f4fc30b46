"""Commands that tell about an index: ``info``, ``verify``."""

from __future__ import annotations

import click

from ...shared.json_files import write_json
from ...shared.outputs import TextFile

_json_option = click.option(
    "--json", "json_file", type=TextFile(), help="Write the numbers to this file."
)


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@_json_option
def info(index_, json_file):
    """Show how many images INDEX holds, its vocabulary and its size.

    \b
    Example:
      cvclassic search info photos.index
    """
    from cvclassic.search import index_numbers

    _show(index_numbers(index_), json_file)


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@_json_option
def verify(index_, json_file):
    """Read and check every byte of INDEX. Exit code 2 where something is damaged.

    \b
    Example:
      cvclassic search verify photos.index
    """
    from cvclassic.search import verify_index

    _show(verify_index(index_), json_file)
    click.echo("The index is intact.")


def _show(numbers: dict, json_file: str | None) -> None:
    """A table on stdout; a file where it is wanted."""
    from cvclassic._basics.printable import show_bytes

    from ...shared.console import show_table

    compact = numbers["compact_bytes"]
    show_table(
        [
            ("images", f"{numbers['n_images']:,}"),
            ("removed, not yet compacted", f"{numbers['n_removed']:,}"),
            ("keypoints", f"{numbers['n_postings']:,}"),
            ("visual words", f"{numbers['n_words']:,}"),
            ("compact code", f"{compact} bytes per image" if compact else "none"),
            ("segments", f"{numbers['n_segments']}"),
            ("size", show_bytes(numbers["n_bytes"])),
        ]
    )
    if json_file:
        write_json(json_file, numbers)
