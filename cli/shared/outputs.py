"""Files that a command writes: nothing of somebody else's is overwritten."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import click


class _OwnFile(click.Path):
    """A file to write: one that is there is replaced only if it holds what is written there."""

    holds: Callable[[str], bool]
    refusal: str

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; refused where something else has that name."""
        path = super().convert(value, param, ctx)
        name = os.fsdecode(path)
        if name != "-" and os.path.isfile(name) and not self.holds(name):
            from cvclassic._basics.printable import show_path

            self.fail(f"{show_path(name)} {self.refusal}", param, ctx)
        return path


def _holds_records(path: str) -> bool:
    """Whether a file begins as records do in the format that its name says."""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return True  # left to the writer
    suffix = os.path.splitext(path)[1].lower()
    magic = {
        ".parquet": b"PAR1",
        ".sqlite": b"SQLite format 3",
        ".db": b"SQLite",
        ".gz": b"\x1f\x8b",
    }
    if suffix in magic:
        return not start or start.startswith(magic[suffix])
    if suffix == ".csv":
        return not start or start.startswith(b"path,status,code,message")
    text = start.lstrip(b"[ \r\n\t")
    return not text or text.startswith((b'{"path"', b"]"))


def _holds_text(path: str) -> bool:
    """Whether the first bytes of a file are text; one that cannot be read is left to the writer."""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return True
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16, as Windows writes it
        return True
    return b"\0" not in start and not start.startswith((b"\xff\xd8", b"\x1f\x8b", b"%PDF"))


class TextFile(_OwnFile):
    """A file for text (JSON, CSV): an image, a model or any other binary file is not replaced."""

    holds = staticmethod(_holds_text)
    refusal = "exists and is no text file. Choose another name."


class RecordsFile(_OwnFile):
    """A file for records: only records are replaced, not a manifest or an image."""

    holds = staticmethod(_holds_records)
    refusal = "exists and holds no records of cvclassic. Choose another name, or move it away."


def default_model(source: dict[str, Any]) -> str:
    """Name of a model where none is given: that of the data, in the current folder."""
    given = next(
        (source[name] for name in ("folder", "manifest", "npz", "table") if source.get(name)), None
    )
    if given is None:
        return "model.cvmodel"
    name = os.path.basename(os.path.abspath(os.fsdecode(given)))
    stem = name if os.path.isdir(given) else name.split(".")[0]
    return f"{stem or 'model'}.cvmodel"


def check_model_output(path: str, force: bool) -> None:
    """Find out before the training whether the model can be written, and may be.

    A file that is no model of ours is replaced only with --force.
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic._basics.printable import show_path
    from cvclassic.errors import ModelFileError
    from cvclassic.models.header import read_model_info

    _check_folder(path)
    if os.path.lexists(path) and not os.path.isdir(path) and not force:
        try:
            read_model_info(path)
        except ModelFileError:
            raise click.UsageError(
                f"-o {show_path(path)}: this file exists and is not a cvclassic model. Choose "
                "another name, or replace it with --force."
            ) from None
    check_writable(path)


def check_bundle_output(path: str) -> None:
    """The same for detectors, segmenters and the like: only files of cvclassic are replaced."""
    from cvclassic._basics.atomic import check_writable
    from cvclassic._basics.printable import show_path

    _check_folder(path)
    if os.path.isfile(path) and not _is_bundle(path):
        raise click.UsageError(
            f"-o {show_path(path)}: this file exists and was not written by cvclassic. Choose "
            "another name."
        )
    check_writable(path)


def _is_bundle(path: str) -> bool:
    """Whether a file begins as all that cvclassic trains does: arrays under a JSON description."""
    try:
        with open(path, "rb") as file:
            start = file.read(1 << 20)
    except OSError:
        return True  # left to the writer
    size = int.from_bytes(start[:8], "little")
    return not start or (start[8:9] == b"{" and b"cvclassic" in start[8 : 8 + size])


def _check_folder(path: str) -> None:
    """Raise `OSError` unless the folder of an output is there."""
    from cvclassic._basics.printable import show_path

    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise NotADirectoryError(errno.ENOTDIR, f"{show_path(folder)} is not a folder", path)
        raise FileNotFoundError(
            errno.ENOENT,
            f"No such file or directory: the folder {show_path(folder)} does not exist",
            path,
        )


def keep_backup(path: str) -> str:
    """Keep an older model beside the new one as ``.bak``; where it is, empty if there is none."""
    if not os.path.isfile(path):
        return ""
    backup = f"{path}.bak"
    temporary = f"{backup}.{os.getpid()}"
    try:
        os.link(path, temporary)
    except OSError:  # a file system without links
        import shutil

        shutil.copy2(path, temporary)
    os.replace(temporary, backup)
    return backup


def check_no_input(output: str, inputs: tuple[str, ...]) -> None:
    """Refuse an output that is one of the inputs."""
    for path in inputs:
        if os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
            raise click.UsageError(f"-o {output!r} is an input; it would be overwritten.")


def wrote(path: str, size: int | None = None) -> str:
    """``Wrote x.html (0.3 MB)``."""
    from cvclassic._basics.printable import show_path

    n = os.path.getsize(path) if size is None else size
    return f"Wrote {show_path(os.fsdecode(path))} ({_size(n)})"


def _size(n_bytes: int) -> str:
    if n_bytes < 100_000:
        return f"{n_bytes / 1e3:.1f} kB"
    return f"{n_bytes / 1e6:.1f} MB"
