"""One record for each image of the sources, worked on by several threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

MAX_PIXELS = 400_000_000


def each_image(
    paths: Iterable[str], work: Callable[[str, Any], dict[str, Any]], jobs: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield a record for each file, in order: what `work(path, pixels)` gives, or the error."""
    from cvclassic.images import walk_images

    def record(item) -> dict[str, Any]:
        return _record(item, work)

    if jobs == 1:
        yield from map(record, walk_images(paths))
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque = deque()
        for item in walk_images(paths):
            waiting.append(pool.submit(record, item))
            # images that wait must not fill the memory
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _record(item, work) -> dict[str, Any]:
    from cvclassic.errors import CvclassicError, ImageReadError
    from cvclassic.images import Fault, decode_image

    record: dict[str, Any] = {"path": item.path, "status": "ok", "code": "", "message": ""}
    try:
        if isinstance(item, Fault):
            raise ImageReadError(item.code, item.message)
        decoded = decode_image(item.path, max_pixels=MAX_PIXELS, max_bytes=2_000_000_000)
        record |= {"width": decoded.width, "height": decoded.height}
        if decoded.warnings:
            record["status"], record["code"] = "warn", decoded.warnings[0].code
            record["message"] = "; ".join(warning.message for warning in decoded.warnings)
        record |= work(item.path, decoded.pixels)
    except ImageReadError as error:
        record |= {"status": "error", "code": error.code, "message": error.message}
        record["folder"] = isinstance(item, Fault)
    except CvclassicError as error:
        record |= {"status": "error", "code": "failed", "message": str(error)}
    return record


class OutputNames:
    """Names of what is written for an image: two images never share one."""

    def __init__(self, folder: str) -> None:
        import threading

        self._folder = folder
        self._stems: dict[str, str] = {}
        self._lock = threading.Lock()

    def path(self, image: str, ending: str) -> str:
        """Path in the folder for an image, such as ``found/a.overlay.png``."""
        import os
        from pathlib import Path

        stem = os.fsdecode(os.fsencode(Path(image).stem)[:200]) or "image"
        with self._lock:
            name, number = stem, 1
            while self._stems.setdefault(name, image) != image:
                number += 1
                name = f"{stem}-{number}"
        return os.path.join(self._folder, name + ending)


def tell(record: dict[str, Any], line: str, quiet: bool) -> None:
    """Say what became of an image: errors on stderr, the rest on stdout."""
    import click

    from ...shared.pictures import short_path

    path = short_path(record["path"])
    if record["status"] == "error":
        click.echo(" ".join(f"{path}: {record['code']}: {record['message']}".split()), err=True)
    elif not quiet:
        click.echo(f"{path}: {line}")
