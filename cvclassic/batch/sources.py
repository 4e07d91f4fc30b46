"""Inputs of a run, and the files that must not be taken for inputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import DataError, ParameterError
from ..images import (
    ArchiveMember,
    Fault,
    FoundFile,
    FrameSelection,
    check_url,
    find_inputs,
    is_url,
    is_video,
    read_frames,
    read_list,
    walk_manifest,
)
from .tasks import Input, path_of

_ALL_FRAMES = FrameSelection()


@dataclass(frozen=True)
class Sources:
    """Inputs of a run: files, folders, archives, patterns, URLs, lists, manifests.

    Parameters
    ----------
    paths : sequence of str
        As `find_inputs` takes them; ``-`` stands for a list of names on standard input.
    manifest : str, optional
        CSV file with the column path.
    split : str, optional
        Rows of the manifest to use, by its column split.
    null : bool
        Names on standard input end in NUL.
    frames : FrameSelection
        Which frames of videos; files, parts such as ``clip.mp4#t=10,20``, and ``camera:0`` must be
        named, or match a pattern: those in folders are skipped.
    only_images : bool
        Whether other files in folders are skipped, archives too: of a data set.

    Raises
    ------
    ParameterError
        There is nothing, or parts that do not go together, or an address that is none.
    DataError
        The manifest cannot be read.
    """

    paths: tuple[str, ...] = ()
    manifest: str | None = None
    split: str | None = None
    null: bool = False
    frames: FrameSelection = _ALL_FRAMES
    only_images: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", tuple(map(os.fsdecode, self.paths)))
        if not self.paths and self.manifest is None:
            raise ParameterError("no inputs: name files or folders, or a manifest.")
        if self.split is not None and self.manifest is None:
            raise ParameterError("a split needs a manifest.")
        if self.null and "-" not in self.paths:
            raise ParameterError("names that end in NUL need -, a list on standard input.")
        if self.paths.count("-") > 1:
            raise ParameterError("Standard input can be read once: give - once.")
        if "-" in self.paths:
            _standard_input()
        for path in self.paths:
            if is_url(path) and not os.path.lexists(path):
                check_url(path)
        if self.manifest is not None:
            walk_manifest(self.manifest, self.split)  # known before the first image

    @property
    def folders(self) -> tuple[str, ...]:
        """Those of the paths that are folders."""
        return tuple(path for path in self.paths if os.path.isdir(path))

    @property
    def can_be_counted(self) -> bool:
        """Whether they can be walked twice, the first time only to know how many there are."""
        return not any(path == "-" or is_url(path) or is_video(path) for path in self.paths)

    def __iter__(self) -> Iterator[Any]:
        """Walk them as `find_inputs` does."""
        for path in self.paths:
            if path == "-":
                names = read_list(_standard_input(), null=self.null)
                yield from self._opened(self._find(names, patterns=False))
            elif is_video(path):
                yield from read_frames(path, self.frames)
            else:
                yield from self._opened(self._find([path]))
        if self.manifest is not None:
            yield from walk_manifest(self.manifest, self.split)

    def _find(self, names: Iterable[str], *, patterns: bool = True) -> Iterator[Any]:
        return find_inputs(names, patterns=patterns, only_images=self.only_images)

    def _opened(self, items: Iterable[Any]) -> Iterator[Any]:
        """Items, and the frames of those that are videos: what a pattern has found."""
        for item in items:
            if isinstance(item, FoundFile) and is_video(item.path):
                yield from read_frames(item.path, self.frames)
            else:
                yield item


def _standard_input() -> Any:
    if sys.stdin is None:  # the caller has closed it
        raise DataError("-: standard input is closed")
    return sys.stdin.buffer


class Own:
    """What a run writes, and therefore does not read.

    Parameters
    ----------
    output : str or None
        A file.
    folder : str or None
        All that is found in it counts; files in it that are named are inputs.
    paths : sequence of str
        What is named as inputs.

    Raises
    ------
    ParameterError
        The output is named as an input, or the folder or one in it is.
    """

    def __init__(self, output: str | None, folder: str | None, paths: Iterable[str] = ()) -> None:
        self._output = None if output is None else os.path.realpath(output)
        self._folder = None if folder is None else os.path.realpath(folder)
        self._known: dict[str, bool] = {}  # folders that were looked at
        self._named = frozenset(paths)
        for path in self._named:
            real = os.path.realpath(path)
            if os.path.lexists(path) and real == self._output:
                raise ParameterError(f"{path!r} is an input and the output as well.")
            if self._folder is not None and os.path.isdir(path) and self._is_inside(real):
                raise ParameterError(
                    f"images are written to {folder!r}, and {path!r} is an input: "
                    "choose another folder."
                )

    def leave_out(self, inputs: Iterable[Input]) -> Iterator[Input]:
        """Pass on what the run does not write itself."""
        for item in inputs:
            if not (isinstance(item, FoundFile | Fault | ArchiveMember) and self._owns(item)):
                yield item

    def _owns(self, item: FoundFile | Fault | ArchiveMember) -> bool:
        path = path_of(item)
        if (self._output is None and self._folder is None) or "\0" in path:
            return False  # a name with a NUL is no file at all
        top, name = os.path.split(path)
        if self._output is not None and name == os.path.basename(self._output):
            return os.path.realpath(path) == self._output
        if self._folder is None or path in self._named:
            return False
        known = self._known.get(top)
        if known is None:
            known = self._known[top] = self._is_inside(os.path.realpath(top))
        return known

    def _is_inside(self, real: str) -> bool:
        folder = self._folder or ""
        return real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)
