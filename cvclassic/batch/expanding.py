"""Array files and tables among the inputs: each image or row becomes an input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..errors import DataError
from ..images import ArchiveMember, Fault, FoundFile, NamedItem, is_array_file, read_table
from ..images.arrays import load_pictures
from .tasks import Input


def expand_inputs(items: Iterable, columns: Sequence[str] | None = None) -> Iterator[Input]:
    """Open array files and tables among the inputs.

    Parameters
    ----------
    items : iterable of inputs
        As `cvclassic.images.find_inputs` gives them.
    columns : sequence of str, optional
        Columns that a model of tables takes; every file is read as a table then.

    Yields
    ------
    FoundFile, ArchiveMember, NamedItem or Fault
        What cannot be opened becomes a `Fault`.
    """
    for item in items:
        try:
            if isinstance(item, FoundFile) and columns is not None:
                yield from read_table(item.path, list(columns)).items
            elif isinstance(item, ArchiveMember) and columns is not None:
                yield Fault(item.path, "unsupported_format", "expected a table. Got an image")
            elif isinstance(item, FoundFile) and is_array_file(item.path):
                for i, picture in enumerate(load_pictures(item.path)):
                    yield NamedItem(f"{item.path}[{i}]", picture)
            else:
                yield item
        except DataError as error:
            yield Fault(item.path, "corrupt", str(error))
