"""Which frames of a video are taken, by number and by time."""

from __future__ import annotations

import math
from typing import Any


class Choice:
    """Which frames are asked for, told one after the other.

    Parameters
    ----------
    request : dict
        ``start``, ``end`` (None: no end), ``every`` and ``times`` of a `FrameSelection`.

    Attributes
    ----------
    done : bool
        Whether no later frame can be asked for.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.start = request["start"] - 1e-9
        self.end = math.inf if request["end"] is None else request["end"] - 1e-9
        self._every = request["every"]
        self._times = None if request["times"] is None else sorted(request["times"])
        self._next: float | None = None
        self.done = False

    def takes(self, index: int, moment: float) -> bool:
        """Whether a frame is one of them."""
        if self._times is not None:
            taken = False
            while self._times and moment >= self._times[0] - 1e-9:
                self._times.pop(0)
                taken = True
            self.done = not self._times
            return taken
        if isinstance(self._every, int):
            return index % self._every == 0
        if self._next is None:
            self._next = moment
        if moment < self._next - 1e-9:
            return False
        while self._next <= moment + 1e-9:
            self._next += self._every
        return True
