"""Finished training steps on disk, so that an interrupted training can be resumed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from .._basics.atomic import atomic_file


class Checkpoint:
    """A folder with the arrays of finished steps; of None nothing is kept.

    Parameters
    ----------
    folder : str or Path or None
    about : JSON-able, optional
        All that the steps depend on. A folder of another training is emptied.
    """

    def __init__(self, folder, about: Any = None) -> None:
        self.folder = None if folder is None else Path(folder)
        self.resumed = False
        if self.folder is None:
            return
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        mark = self.folder / "about.txt"
        with contextlib.suppress(OSError):
            self.resumed = mark.read_text() == digest
        if not self.resumed:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            mark.write_text(digest)
        self.resumed = self.resumed and any(self.folder.glob("*.npz"))

    def load(self, step: str) -> dict[str, np.ndarray] | None:
        """Arrays of a step that is done, or None."""
        if self.folder is None:
            return None
        try:
            with np.load(self.folder / f"{step}.npz", allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError):
            return None

    def save(self, step: str, arrays: dict[str, Any]) -> None:
        """Keep the arrays of a step."""
        if self.folder is not None:
            with atomic_file(os.fspath(self.folder / f"{step}.npz")) as file:
                np.savez(file, **arrays)

    def remove(self) -> None:
        """Forget everything, when the training has ended."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
