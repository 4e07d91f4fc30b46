"""JSON that commands write beside their tables, and codes they end with."""

from __future__ import annotations

import json
from typing import Any

import click

from cvclassic._basics.printable import printable as short_path
from cvclassic.errors import ExitCode

__all__ = ["EXIT_FAILURES", "EXIT_INCOMPLETE", "check_json", "short_path", "write_json"]

EXIT_FAILURES, EXIT_INCOMPLETE = ExitCode.FAILURES, ExitCode.INCOMPLETE


def check_json(path: str | None) -> None:
    """Find out now whether the JSON file can be written."""
    if path not in (None, "-"):
        from cvclassic._basics.atomic import check_writable

        check_writable(path)


def write_json(path: str | None, content: Any) -> None:
    """Write JSON to a file, or to stdout for "-".

    Bytes of a path that are not UTF-8 come out as escaped surrogates, which Python's ``json`` and
    ``os.fsencode`` turn back into the same bytes.
    """
    if path is None:
        return
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    if path == "-":
        click.echo(text, nl=False)
    else:
        from cvclassic._basics.atomic import atomic_file

        with atomic_file(path, "w", encoding="utf-8") as file:
            file.write(text)
