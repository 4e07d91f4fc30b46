"""JSON that commands write beside their tables."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from .outputs import say_wrote


def check_json(path: str | None) -> None:
    """Find out now whether the JSON file can be written."""
    if path not in (None, "-"):
        from cvclassic._basics.atomic import check_writable

        check_writable(path)


def write_json(path: str | None, content: Any) -> None:
    """Write JSON to a file, or to stdout for "-"; to nothing for None.

    Labels and paths become ASCII: bytes of a path that are not UTF-8 come out as escaped
    surrogates, which Python's ``json`` and ``os.fsencode`` turn back into the same bytes. Numbers
    that are none become null.
    """
    if path is None:
        return
    text = json.dumps(_finite(content), indent=1, allow_nan=False) + "\n"
    if path == "-":
        click.echo(text, nl=False)
    else:
        from cvclassic._basics.atomic import atomic_file

        with atomic_file(path, "w", encoding="utf-8") as file:
            file.write(text)
        say_wrote(path)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
