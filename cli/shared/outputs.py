"""Files that a command writes: nothing of somebody else's is overwritten."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cvclassic.batch import Sources


class OutputFile(click.Path):
    """A file to write: one that is there is replaced only if cvclassic wrote it, or by force."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; refused where something else has that name."""
        path = super().convert(value, param, ctx)
        name = os.fsdecode(path)
        if name != "-" and os.path.isfile(name) and not forced(ctx) and not self.holds(name):
            self.fail(f"{_show(name)} {self.refusal}. {_WAY_OUT}", param, ctx)
        return path

    refusal = "exists and was not written by cvclassic"

    def holds(self, path: str) -> bool:
        """Whether what is there may be replaced."""
        from cvclassic._basics.marks import is_own_file

        return is_own_file(path)


class OutputFolder(click.Path):
    """A folder to write to; one that is named like a file is refused as a mistake."""

    def __init__(self) -> None:
        super().__init__(file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; refused where it is a file, or named like one."""
        name = os.fsdecode(value)
        if os.path.isfile(name):
            self.fail(f"{_show(name)} is a file, not a folder.", param, ctx)
        path = super().convert(value, param, ctx)
        if name.lower().endswith(_OF_FILES) and not os.path.isdir(name):
            self.fail(f"expected a folder, such as found/. Got {_show(name)}.", param, ctx)
        return path


class TextFile(OutputFile):
    """A file for text: only what begins like it is replaced.

    Parameters
    ----------
    begins : str
        Regular expression. [default: JSON as these commands write it, see `write_json`]
    """

    def __init__(self, begins: str = r"[\[{](\n [^ ]|[\]}])", **options: Any) -> None:
        super().__init__(**options)
        self._begins = begins

    def holds(self, path: str) -> bool:
        """Whether what is there is of the same kind."""
        from cvclassic._basics.marks import begins_with

        return begins_with(path, self._begins)


class RecordsFile(OutputFile):
    """A file for records: only records are replaced, not a manifest or an image."""

    refusal = "exists and holds no records of cvclassic"

    def holds(self, path: str) -> bool:
        """Whether what is there are records, in the format that its name says."""
        from cvclassic._basics.marks import begins_with
        from cvclassic.batch.outputs.writers import begins_of

        return begins_with(path, begins_of(path))


_OF_FILES = (
    *(".bmp", ".csv", ".gif", ".html", ".jpeg", ".jpg", ".json", ".jsonl", ".mp4", ".parquet"),
    *(".pdf", ".png", ".sqlite", ".svg", ".tif", ".tiff", ".txt", ".webp", ".xml", ".zip"),
)
_WAY_OUT = "Choose another name, or replace it with --force."
LABELS = (  # how label files begin that `objects` writes
    r'\{("images": \[|"[^"]*": \[\[|\})|\{"path": |path,label,score|filename,(width|file_size),|'
    r"<[?]xml version=.1.0. encoding=.utf-8.[?]>\s*<(annotations|dataset)>"
)
TABLE = "PAR1|path,region"  # how tables of regions begin
FORCE = "cvclassic.force"


def forced(ctx: click.Context | None = None) -> bool:
    """Whether --force is given, so that files of others may be replaced."""
    ctx = ctx or click.get_current_context(silent=True)
    return ctx is not None and bool(ctx.meta.get(FORCE))


def force_option(command: Callable) -> Callable:
    """``--force``; what it says is told by `forced`."""

    def keep(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
        ctx.meta[FORCE] = value

    return click.option(
        "--force",
        is_flag=True,
        is_eager=True,  # known before the names of outputs are looked at
        expose_value=False,
        callback=keep,
        help="Also replace existing files that cvclassic did not write.",
    )(command)


def _show(path: str) -> str:
    from cvclassic._basics.printable import show_path

    return show_path(path)


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


def check_model_output(path: str) -> None:
    """Find out before the training whether the model can be written, and may be.

    A file that is no model of ours is replaced only with --force.
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.errors import ModelFileError
    from cvclassic.models.header import read_model_info

    _check_folder(path)
    if os.path.lexists(path) and not os.path.isdir(path) and not forced():
        try:
            read_model_info(path)
        except ModelFileError:
            raise click.UsageError(
                f"-o {_show(path)}: this file exists and is not a cvclassic model. Choose "
                "another name, or replace it with --force."
            ) from None
    check_writable(path)


def check_bundle_output(path: str) -> None:
    """The same for detectors, segmenters and the like: only files of cvclassic are replaced."""
    from cvclassic._basics.atomic import check_writable

    _check_folder(path)
    check_own(path)
    check_writable(path)


def check_own(path: str, option: str = "-o") -> None:
    """Refuse a file that something else wrote, unless --force is given."""
    from cvclassic._basics.marks import is_own_file

    if os.path.isfile(path) and not forced() and not is_own_file(path):
        raise click.UsageError(f"{option}: {_show(path)} {OutputFile.refusal}. {_WAY_OUT}")


def _check_folder(path: str) -> None:
    """Raise `OSError` unless the folder of an output is there."""
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise NotADirectoryError(errno.ENOTDIR, f"{_show(folder)} is not a folder", path)
        raise FileNotFoundError(
            errno.ENOENT,
            f"No such file or directory: the folder {_show(folder)} does not exist",
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


def picture_place(
    output: str, sources: Sources, what: str, *, also: tuple[str, ...] = ()
) -> tuple[str, str | None, str]:
    """Folder, name and ending of the images of a command.

    One image file and an output that is named like an image (or has one of the suffixes `also`)
    give that very file; anything else needs a folder, where names end in ``.WHAT.png``.
    """
    stem, suffix = os.path.splitext(os.path.basename(output))
    if not suffix or output.endswith(os.sep) or os.path.isdir(output):
        return output, None, f".{what}.png"
    paths = sources.paths
    if sources.manifest is not None or len(paths) != 1 or paths == ("-",):
        raise click.UsageError(f"Several images need a folder for -o. Got {output!r}.")
    if os.path.isdir(paths[0]):
        raise click.UsageError(f"Several images need a folder for -o. Got {output!r}.")
    check_no_input(output, paths)
    if suffix not in also:
        check_image_suffix(output)
    return os.path.dirname(output) or ".", stem, suffix


def check_image_suffix(path: str) -> None:
    """Find out before the work whether an image can be written under this name."""
    import numpy as np

    from cvclassic.images import encode_image

    encode_image(np.zeros((1, 1, 3), np.uint8), os.path.splitext(path)[1])


def wrote(path: str, size: int | None = None) -> str:
    """``Wrote x.html (0.3 MB)``."""
    from cvclassic._basics.printable import show_bytes, show_path

    n = os.path.getsize(path) if size is None else size
    return f"Wrote {show_path(os.fsdecode(path).removeprefix(f'.{os.sep}'))} ({show_bytes(n)})"


def say_wrote(path: str) -> None:
    """Say on stderr that a file was written, unless the command is to be quiet."""
    ctx = click.get_current_context(silent=True)
    if ctx is None or not ctx.params.get("quiet"):
        click.echo(wrote(path), err=True)
