"""Estimates of the disk space and memory that training needs."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from .._basics.platform import available_memory
from .._basics.printable import show_bytes
from ..describe import Scattering
from ..encode import FisherVector
from .fusion import WeightedUnion
from .heads import GRAM_LIMIT, STORED_LANDMARKS
from .stored_vectors import in_file

_PROGRAM = 400e6  # bytes of libraries, decoded images in progress, and pieces of columns
_IMAGE = 200e3  # bytes of a decoded photograph of 300 pixels


@dataclass(frozen=True)
class Needs:
    """Bytes that training a recipe takes at its peak.

    Parameters
    ----------
    disk : int
        In temporary files.
    memory : int
    """

    disk: int
    memory: int

    def __str__(self) -> str:
        memory = f"{show_bytes(self.memory)} of memory"
        if not self.disk:
            return memory
        return f"{show_bytes(self.disk)} of temporary disk space and {memory}"

    def shortage(self) -> str:
        """Why this machine cannot do it, in words; empty where it can."""
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
        if free < self.disk:
            return (
                f"needs about {show_bytes(self.disk)} of temporary disk space, and {folder} has "
                f"{show_bytes(free)} free (set TMPDIR to another folder)"
            )
        memory = available_memory()
        if memory is not None and memory < self.memory:
            return (
                f"needs about {show_bytes(self.memory)} of memory, "
                f"of which {show_bytes(memory)} are free"
            )
        return ""


def needs_of(pipeline: Pipeline, n_images: int) -> Needs | None:
    """Estimate of what training on `n_images` images takes; None where it is not known.

    It is known where Fisher vectors, which are long, decide about it.

    Parameters
    ----------
    pipeline : Pipeline
        Unfitted, as `make_recipe` gives it.
    n_images : int

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> needs = needs_of(make_recipe("fisher"), 10_000)
    >>> round(needs.disk / 1e9), needs.memory < 4e9
    (17, True)
    """
    union = pipeline[0]
    if not isinstance(union, WeightedUnion):
        return None
    members = [member for _, member in union.transformer_list]
    if not any(isinstance(member, FisherVector) for member in members):
        return None
    n_rows = n_images * (2 if getattr(pipeline, "mirror", False) else 1)
    blocks = [_blocks(member) for member in members]
    columns, n_blocks = sum(map(sum, blocks)), sum(map(len, blocks))
    chosen = 4 * n_blocks * min(n_images, union.max_samples) ** 2
    exact = n_rows <= GRAM_LIMIT
    # all of the Gram matrix and a fold's part of it; LinearSVC takes features in double precision
    solved = 2 * 4 * n_rows**2 if exact else 4 * 4 * n_rows * STORED_LANDMARKS
    disk = 2 * n_rows * columns
    stored = 0 if in_file(disk) else disk
    return Needs(
        int(disk - stored + _IMAGE * n_images), int(_PROGRAM + stored + max(chosen, solved))
    )


def _blocks(member: BaseEstimator) -> list[int]:
    """Columns of each block of a member, if its codebook is as large as requested.

    Vectors other than these are short: their blocks count without columns.
    """
    if isinstance(member, Scattering):
        return member.block_sizes_
    if not isinstance(member, FisherVector):
        return [0] * len(getattr(member, "pyramid", "1"))
    dims = member.n_components or 128
    per_cell = 2 * member.n_gaussians * (dims + 2 * member.augment_position)
    return [per_cell * rows * columns for rows, columns in member.pyramid]
