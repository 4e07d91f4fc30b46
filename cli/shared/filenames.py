"""Names of files that are made from other files: no two alike."""

from __future__ import annotations

import os
from pathlib import Path


class FreeNames:
    """Names in one folder, in the order in which they are asked for.

    Parameters
    ----------
    ending : str
        Of every name.
    """

    def __init__(self, ending: str) -> None:
        self._ending = ending
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def take(self, path: str) -> str:
        """A name in the folder that no other input has; fit for file systems of 255 bytes."""
        stem = Path(path).name if path.endswith("]") else Path(path).stem  # digits.npz[17]
        stem = os.fsdecode(os.fsencode(stem)[:200])
        stem = "".join("_" if c in "/\\" or ord(c) < 32 or ord(c) == 127 else c for c in stem)
        stem = stem.lstrip(".") or "picture"
        number = self._numbers.get(stem.casefold(), 0) + 1
        while True:
            name = f"{stem}{self._ending}" if number == 1 else f"{stem}-{number}{self._ending}"
            if name.casefold() not in self._taken:  # also where case makes no difference
                break
            number += 1
        self._numbers[stem.casefold()] = number
        self._taken.add(name.casefold())
        return name
