"""What the commands that look into pictures share: reading each, naming drawings, JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

EXIT_FAILURES, EXIT_INCOMPLETE = 1, 3


def max_side_option(command: Callable) -> Callable:
    """``--max-side N``."""
    return click.option(
        "--max-side",
        type=click.IntRange(min=16),
        default=2000,
        show_default=True,
        help="Reduce larger pictures to this long side; positions are given in the file's pixels.",
    )(command)


def each_picture(
    paths: tuple[str, ...], max_side: int, work: Callable[[str, Any, float], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield one record for each file: what `work(path, pixels, factor)` gives, or the error.

    `factor` is the size of the file's picture over that of the pixels. A folder is walked for all
    that is in it. Errors are said on stderr as they come.
    """
    from cvclassic.errors import ImageReadError
    from cvclassic.images import Fault, decode_image, walk_images

    for item in walk_images(paths):
        record: dict[str, Any] = {"path": item.path, "status": "ok", "code": "", "message": ""}
        try:
            if isinstance(item, Fault):
                raise ImageReadError(item.code, item.message)
            decoded = decode_image(item.path, max_side=max_side)
        except ImageReadError as error:
            record |= {"status": "error", "code": error.code, "message": error.message}
            record["folder"] = isinstance(item, Fault)
            line = f"{short_path(item.path)}: {error.code}: {error.message}"
            click.echo(" ".join(line.split()), err=True)
            yield record
            continue
        if decoded.warnings:
            record["status"], record["code"] = "warn", decoded.warnings[0].code
            record["message"] = "; ".join(warning.message for warning in decoded.warnings)
        record |= {"width": decoded.width, "height": decoded.height}
        factor = max(decoded.width, decoded.height) / max(decoded.pixels.shape[:2])
        record |= work(item.path, decoded.pixels, factor)
        yield record


class PictureNames:
    """Names of the drawings in a folder: two pictures never share one."""

    def __init__(self, folder: str | None, what: str) -> None:
        self._folder = folder
        self._what = what
        self._taken: set[str] = set()

    def write(self, path: str, drawing: Any) -> str:
        """Write the drawing of the picture at `path`, and return where it is."""
        from cvclassic.images import write_image

        # A name can be 255 bytes long already; the ending and a number need their room.
        stem = os.fsdecode(os.fsencode(Path(path).stem)[:200]) or "picture"
        name, number = f"{stem}.{self._what}.png", 1
        while name in self._taken:
            number += 1
            name = f"{stem}-{number}.{self._what}.png"
        self._taken.add(name)
        target = os.path.join(self._folder or ".", name)
        write_image(target, drawing)
        return target


def prepare_folder(folder: str | None) -> str | None:
    """Make the folder for drawings, and find out now whether it can be written to."""
    if folder is not None:
        from cvclassic._basics.atomic import check_writable

        os.makedirs(folder, exist_ok=True)
        check_writable(os.path.join(folder, "drawing.png"))
    return folder


def check_json(path: str | None) -> None:
    """Find out now whether the JSON file can be written."""
    if path not in (None, "-"):
        from cvclassic._basics.atomic import check_writable

        check_writable(path)


def write_json(path: str | None, content: Any) -> int:
    """Write JSON to a file, or to stdout for "-"; returns the exit code that the records ask for.

    Bytes of a path that are not UTF-8 come out as escaped surrogates, which Python's ``json`` and
    ``os.fsencode`` turn back into the same bytes.
    """
    code = _exit_code(content) if isinstance(content, list) else 0
    if isinstance(content, list):
        content = [{k: v for k, v in record.items() if k != "folder"} for record in content]
    if path is None:
        return code
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    if path == "-":
        click.echo(text, nl=False)
    else:
        from cvclassic._basics.atomic import atomic_file

        with atomic_file(path, "w", encoding="utf-8") as file:
            file.write(text)
    return code


def short_path(path: str) -> str:
    """A path for people: control characters and broken bytes are shown, not printed."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path)


def _exit_code(records: list[dict[str, Any]]) -> int:
    """0 all well, 1 a file could not be read, 3 a folder could not be listed."""
    if any(record.get("folder") for record in records):
        return EXIT_INCOMPLETE
    return EXIT_FAILURES if any(r["status"] == "error" for r in records) else 0
