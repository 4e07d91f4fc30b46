"""Everything that may be named as an input: files, folders, patterns, archives, URLs, lists."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from cvclassic._basics.csv_tables import CSVTable, find_encoding, open_csv
from cvclassic.errors import DataError
from cvclassic.images.archives.walking import ArchiveMember, archive_kind, walk_archive
from cvclassic.images.files import show_path
from cvclassic.images.globs import has_magic, walk_glob
from cvclassic.images.labeled import same_split
from cvclassic.images.manifests import place_beside
from cvclassic.images.remote import is_url, list_url
from cvclassic.images.walking import Fault, FoundFile, walk_images

_LONGEST = 1 << 20


def find_inputs(
    paths: Iterable[str | os.PathLike], *, patterns: bool = True, only_images: bool = False
) -> Iterator[FoundFile | Fault | ArchiveMember]:
    """Walk all that is named, one by one, in order and in bounded memory.

    - What is there is taken as it is called: a folder is walked (see
      :func:`cvclassic.images.walk_images`), also if its name looks like a pattern or a URL.
    - Else a name with ``*``, ``?`` or ``[`` is a pattern (``**`` for any folders).
    - Else ``s3://``, ``gs://``, ``https://`` and the like are read through fsspec.
    - Archives, wherever they are found, are opened: the images in them come as
      ``archive.zip!folder/picture.jpg``. That name can be given again, here and to every function
      that reads an image.

    Parameters
    ----------
    paths : iterable of str or os.PathLike
    patterns : bool
        Whether patterns are looked for; in lists that a program wrote, a ``[`` is only a ``[``.
    only_images : bool
        Whether other files in folders are skipped, archives too, as in `walk_images`.

    Yields
    ------
    FoundFile, ArchiveMember or Fault

    Raises
    ------
    MissingDependencyError
        A URL needs a package that is not installed.

    Examples
    --------
    >>> list(find_inputs(["no/such/file.jpg"]))
    [FoundFile(path='no/such/file.jpg')]
    """
    for path in paths:
        name = os.fsdecode(path)
        found: Iterator[FoundFile | Fault] = walk_images([name], only_images=only_images)
        if not _exists(name):
            if is_url(name):
                found = list_url(name)
            elif patterns and has_magic(name):
                found = walk_glob(name)
        for item in found:
            if isinstance(item, FoundFile) and archive_kind(item.path) is not None:
                yield from walk_archive(item.path)
            else:
                yield item


def _exists(name: str) -> bool:
    try:
        os.lstat(name)
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        pass  # what is wrong with it will be said when it is read
    return True


def read_list(stream: IO[bytes], *, null: bool = False, name: str = "-") -> Iterator[str]:
    """Names from a list, one per line, as they come in.

    Parameters
    ----------
    stream : binary file
    null : bool
        Names end in a NUL byte, as ``find -print0`` writes them, instead of a newline.
    name : str
        Name of the list, for messages.

    Yields
    ------
    str
        A byte order mark, UTF-16 and lines that end in CRLF, as Windows writes them, are
        understood. Bytes that are not UTF-8 are kept by ``surrogateescape``; empty names are
        left out.

    Raises
    ------
    DataError
        A name has more than a million bytes: the list is none.

    Examples
    --------
    >>> import io
    >>> list(read_list(io.BytesIO(b"a.jpg\\nb c.jpg\\n")))
    ['a.jpg', 'b c.jpg']
    """
    end = b"\0" if null else b"\n"
    read = getattr(stream, "read1", stream.read)
    pending = b""
    decode = None  # until the first bytes are there
    while chunk := read(1 << 16):
        if decode is None:
            while len(chunk) < 4 and (more := read(1 << 16)):
                chunk += more
            decode = _list_decoder(chunk)
        *whole, pending = (pending + decode(chunk)).split(end)
        yield from (os.fsdecode(one) for one in _without_cr(whole, null) if one)
        if len(pending) > _LONGEST:
            hint = "" if null else ", or NUL bytes with --null"
            raise DataError(
                f"{show_path(name)}: expected a list of names that end in newlines{hint}. "
                f"Got {len(pending)} bytes without one"
            )
    yield from (os.fsdecode(one) for one in _without_cr([pending], null) if one)


def _list_decoder(head: bytes) -> Callable[[bytes], bytes]:
    """Function from the pieces of a list to UTF-8: for the lists that Windows writes."""
    # a list with NUL bytes between names is no UTF-16, whose zeros stand at every second place
    encoding = find_encoding(head)
    if encoding == "utf-8-sig":
        skip = [len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0]

        def strip_mark(chunk: bytes) -> bytes:
            chunk, skip[0] = chunk[skip[0] :], 0
            return chunk

        return strip_mark
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    return lambda chunk: decoder.decode(chunk).encode("utf-8", "surrogatepass")


def _without_cr(names: list[bytes], null: bool) -> list[bytes]:
    """Names without the carriage return that ends a line of Windows, unless one is called so."""
    if null:
        return names
    return [
        name[:-1] if name.endswith(b"\r") and not os.path.lexists(name) else name for name in names
    ]


def walk_manifest(
    manifest: str | os.PathLike, split: str | None = None
) -> Iterator[FoundFile | Fault | ArchiveMember]:
    """Files that a table names in its column ``path``, one row at a time.

    Parameters
    ----------
    manifest : str or os.PathLike
        As :func:`cvclassic.images.load_manifest`, but only ``path`` is needed, and ``split`` where
        one is requested. Bytes that are not UTF-8 are kept.
    split : str, optional
        Take only the rows with this value in the column ``split``.

    Yields
    ------
    FoundFile, ArchiveMember or Fault
        A row that cannot be used is a `Fault` of the name ``manifest.csv:17``.

    Raises
    ------
    DataError
        The file is missing, or its header lacks a column.
    """
    with _open_manifest(manifest, split):  # known before the first row is asked for
        return _walk_rows(manifest, split)


@contextmanager
def _open_manifest(
    manifest: str | os.PathLike, split: str | None
) -> Iterator[tuple[CSVTable, int, int | None]]:
    """The table behind its header line, and where the columns path and split stand."""
    wanted = ["path"] + ["split"] * (split is not None)
    with open_csv(manifest, wanted=wanted, errors="surrogateescape", what="manifest") as table:
        at_path = table.column("path")
        yield table, at_path, None if split is None else table.column("split")


def _walk_rows(
    manifest: str | os.PathLike, split: str | None
) -> Iterator[FoundFile | Fault | ArchiveMember]:
    name = os.fsdecode(manifest)
    folder = os.path.dirname(name)
    with _open_manifest(manifest, split) as (table, at_path, at_split):
        rows = table.rows(checked=False)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except DataError as error:
                said = f"the table cannot be read from here on ({error})"
                yield Fault(f"{name}:{table.line}", "corrupt", said)
                return
            fault = ""
            if len(row) != len(table.header):
                columns = ", ".join(table.header)
                fault = f"expected {len(table.header)} columns ({columns}). Got {len(row)}"
            elif at_split is not None and not same_split(row[at_split], split or ""):
                continue
            elif not row[at_path].strip():
                fault = "the column 'path' is empty"
            if fault:
                yield Fault(f"{name}:{table.line}", "corrupt", fault)
            else:
                yield from find_inputs([place_beside(folder, row[at_path])], patterns=False)
