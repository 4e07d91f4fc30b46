"""Parameter types that many estimators share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

Seed: TypeAlias = int | np.random.RandomState | None
"""An integer gives the same result each time; None another."""

Pyramid: TypeAlias = Sequence[Sequence[int]]
"""Grids of (rows, columns)."""

ClassWeight: TypeAlias = Mapping[Any, float] | Literal["balanced"] | None
"""How much the samples of each class count."""
