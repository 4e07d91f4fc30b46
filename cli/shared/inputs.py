"""What is to be classified: PATHS, lists on standard input, manifests; and sorting it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click


def input_options(command: Callable) -> Callable:
    """``[PATHS]... [-0] [--manifest CSV [--split NAME]]``."""
    for option in (
        click.option("--split", help="Rows of the manifest to use, by its column split."),
        click.option(
            "--manifest",
            type=click.Path(dir_okay=False),
            help="CSV file with the column path (and split) that lists pictures.",
        ),
        click.option(
            "-0", "--null", is_flag=True, help="Names on standard input end in NUL, not newline."
        ),
    ):
        command = option(command)
    return click.argument("paths", nargs=-1, type=click.Path())(command)


def sort_options(command: Callable) -> Callable:
    """``--sort-into DIR [--link]``."""
    for option in (
        click.option("--link", is_flag=True, help="Sort symbolic links instead of copies."),
        click.option(
            "--sort-into",
            type=click.Path(file_okay=False),
            metavar="DIR",
            help="Copy each picture into a folder of its label. Nothing is overwritten.",
        ),
    ):
        command = option(command)
    return command


class Inputs:
    """All that one call names."""

    def __init__(
        self, paths: tuple[str, ...], manifest: str | None, split: str | None, null: bool
    ) -> None:
        if not paths and manifest is None:
            raise click.UsageError("Give PATHS, - for a list on standard input, or --manifest CSV.")
        if split is not None and manifest is None:
            raise click.UsageError("--split needs --manifest.")
        if null and "-" not in paths:
            raise click.UsageError("--null needs -, a list on standard input.")
        if paths.count("-") > 1:
            raise click.UsageError("Standard input can be read once: give - once.")
        self.paths = paths
        self._manifest = manifest
        self._split = split
        self._null = null
        self._check()

    def _check(self) -> None:
        """What can be known before the first picture."""
        from cvclassic.images import check_url, is_url, walk_manifest

        for path in self.paths:
            if is_url(path) and not os.path.lexists(path):
                check_url(path)
        if self._manifest is not None:
            walk_manifest(self._manifest, self._split)

    @property
    def are_folders(self) -> bool:
        """Whether they are folders and nothing else."""
        return self._manifest is None and all(map(os.path.isdir, self.paths))

    @property
    def can_be_counted(self) -> bool:
        """Whether they can be walked twice, the first time only to know how many there are."""
        from cvclassic.images import is_url

        return not any(path == "-" or is_url(path) for path in self.paths)

    def __iter__(self) -> Iterator[Any]:
        """Walk them as `find_inputs` does."""
        from cvclassic.images import find_inputs, read_list, walk_manifest

        for path in self.paths:
            if path == "-":
                names = read_list(sys.stdin.buffer, null=self._null)
                yield from find_inputs(names, patterns=False)
            else:
                yield from find_inputs([path])
        if self._manifest is not None:
            yield from walk_manifest(self._manifest, self._split)


def check_sorting(
    folder: str | None, link: bool, paths: tuple[str, ...]
) -> tuple[str, bool] | None:
    """Where pictures are sorted to, and whether as links; None if that is not wanted."""
    if folder is None:
        if link:
            raise click.UsageError("--link needs --sort-into.")
        return None
    real = os.path.realpath(folder)
    for path in paths:
        top = os.path.realpath(path)
        if os.path.isdir(top) and os.path.commonpath([top, real]) == top:
            raise click.UsageError(
                f"--sort-into {folder!r} lies in {path!r}, whose pictures are classified."
            )
    return folder, link
