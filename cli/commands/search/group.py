"""``cvclassic search``: the group of commands around an index of images."""

from __future__ import annotations

import click

from .changing import add, compact, index, merge, remove
from .duplicates import duplicates
from .evaluating import evaluate
from .exporting import export
from .querying import query
from .telling import info, verify
from .topics import topics
from .words import words


@click.group()
def search() -> None:
    """Find the same object or scene in many images with an index of visual words.

    \b
    Example:
      cvclassic search index photos/ -o photos.index
      cvclassic search query photos.index crop.jpg --page hits.html
      cvclassic search add photos.index new-photos/
      cvclassic search duplicates photos.index --json copies.json
    """


for command in (
    index,
    add,
    remove,
    merge,
    compact,
    info,
    verify,
    query,
    duplicates,
    evaluate,
    topics,
    words,
    export,
):
    search.add_command(command)
