"""Everything that may be named as an input: files, folders, patterns, archives, URLs, lists."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from cvclassic.errors import DataError
from cvclassic.images.archives.walking import ArchiveMember, archive_kind, walk_archive
from cvclassic.images.files import show_path
from cvclassic.images.folders import manifest_columns
from cvclassic.images.globs import has_magic, walk_glob
from cvclassic.images.remote import is_url, list_url
from cvclassic.images.walking import Fault, FoundFile, walk_images

_LONGEST = 1 << 20


def find_inputs(
    paths: Iterable[str | os.PathLike], *, patterns: bool = True
) -> Iterator[FoundFile | Fault | ArchiveMember]:
    """Walk all that is named, one by one, in order and in bounded memory.

    - What is there is taken as it is called: a folder is walked (see
      :func:`cvclassic.images.walk_images`), also if its name looks like a pattern or a URL.
    - Else a name with ``*``, ``?`` or ``[`` is a pattern (``**`` for any folders).
    - Else ``s3://``, ``gs://``, ``https://`` and the like are read through fsspec.
    - Archives, wherever they are found, are opened: the pictures in them come as
      ``archive.zip!folder/picture.jpg``. That name can be given again, here and to every function
      that reads a picture.

    Parameters
    ----------
    paths : iterable of str or os.PathLike
    patterns : bool
        Whether patterns are looked for; in lists that a program wrote, a ``[`` is only a ``[``.

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
        found: Iterator[FoundFile | Fault] = walk_images([name])
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
    """Names from a list, one a line, as they come in.

    Parameters
    ----------
    stream : binary file
    null : bool
        Names end in a NUL byte, as ``find -print0`` writes them, instead of a newline.
    name : str
        Of the list, for messages.

    Yields
    ------
    str
        Bytes that are not UTF-8 are kept by ``surrogateescape``; empty names are left out.

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
    while chunk := read(1 << 16):
        *whole, pending = (pending + chunk).split(end)
        yield from (os.fsdecode(one) for one in whole if one)
        if len(pending) > _LONGEST:
            hint = "" if null else ", or NUL bytes with --null"
            raise DataError(
                f"{show_path(name)}: expected a list of names that end in newlines{hint}. "
                f"Got {len(pending)} bytes without one"
            )
    if pending:
        yield os.fsdecode(pending)


def walk_manifest(
    manifest: str | os.PathLike, split: str | None = None
) -> Iterator[FoundFile | Fault | ArchiveMember]:
    """Files that a table names in its column ``path``, one row at a time.

    Parameters
    ----------
    manifest : str or os.PathLike
        As :func:`cvclassic.images.load_manifest`, but only ``path`` is needed, and ``split`` where
        one is asked for. Bytes that are not UTF-8 are kept.
    split : str, optional
        Take only the rows that say so in the column ``split``.

    Yields
    ------
    FoundFile, ArchiveMember or Fault
        A row that cannot be used is a `Fault` of the name ``manifest.csv:17``.

    Raises
    ------
    DataError
        The file is missing, or its header lacks a column.
    """
    name = os.fsdecode(manifest)
    with _open_manifest(name, split):  # known before the first row is asked for
        return _walk_rows(name, split)


@contextmanager
def _open_manifest(name: str, split: str | None) -> Iterator[tuple]:
    """Reader behind the header line, the header, and where the columns stand in it."""
    shown = show_path(name)
    try:
        file = open(name, newline="", encoding="utf-8-sig", errors="surrogateescape")  # noqa: SIM115
    except FileNotFoundError:
        raise DataError(f"{shown}: there is no such manifest") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown}: the manifest cannot be read ({reason})") from None
    with file:
        reader = csv.reader(file, strict=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
        except csv.Error as error:
            raise DataError(f"{shown}, line 1: not a CSV table ({error})") from None
        at = manifest_columns(header, ["path"] + ["split"] * (split is not None), shown)
        yield reader, header, at


def _walk_rows(name: str, split: str | None) -> Iterator[FoundFile | Fault | ArchiveMember]:
    with _open_manifest(name, split) as (reader, header, at):
        yield from _inputs_of_rows(reader, name, header, at, split)


def _inputs_of_rows(
    reader, name: str, header: list[str], at: dict[str, int], split: str | None
) -> Iterator[FoundFile | Fault | ArchiveMember]:
    """Inputs of the rows below the header of a manifest."""
    folder = os.path.dirname(name)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except (OSError, csv.Error) as error:
            said = f"the table cannot be read from here on ({error})"
            yield Fault(f"{name}:{reader.line_num}", "corrupt", said)
            return
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            said = f"expected {len(header)} columns ({', '.join(header)}). Got {len(row)}"
            yield Fault(f"{name}:{reader.line_num}", "corrupt", said)
        elif split is not None and row[at["split"]] != split:
            continue
        elif not row[at["path"]].strip():
            yield Fault(f"{name}:{reader.line_num}", "corrupt", "the column 'path' is empty")
        else:
            yield from find_inputs([_beside(folder, row[at["path"]])], patterns=False)


def _beside(folder: str, path: str) -> str:
    """A path of a manifest in that folder; URLs and absolute paths stay what they are."""
    return path if is_url(path) else os.path.join(folder, path)
