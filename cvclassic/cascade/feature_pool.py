"""All features of all windows that a stage learns from, as one byte each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .cascades import CODES, Tree, stump
from .features_haar import all_haar_features, haar_value
from .features_lbp import all_lbp_features, lbp_code, lbp_codes
from .integral import CropSums, Sums

_BLOCK = 4096  # windows at a time: their integral images stay in the cache
_SPREAD = 3.0  # deviations of a Haar feature that the codes cover on either side
HAAR_FEATURES = 10_000


class Pool:
    """Codes of features.

    Parameters
    ----------
    kind : {"lbp", "haar"}
    crops : ndarray of shape (n, H, W), uint8
    rng : numpy.random.Generator
        Draws which Haar features come in, as there are too many of them.
    n_jobs : int
        Threads.

    Attributes
    ----------
    features : ndarray
        As in `Cascade`.
    codes : ndarray of shape (features, n), uint8
        LBP: the code. Haar: in which of 256 equal steps the value lies.
    ordered : bool
        Whether codes have an order (Haar) or are names (LBP).
    """

    def __init__(
        self, kind: str, crops: np.ndarray, rng: np.random.Generator, n_jobs: int = 1
    ) -> None:
        self.kind = kind
        self.ordered = kind == "haar"
        self.n, height, width = crops.shape
        if self.ordered:
            every = all_haar_features(width, height)
            chosen = rng.choice(len(every), min(HAAR_FEATURES, len(every)), replace=False)
            self.features = every[np.sort(chosen)]
        else:
            self.features = all_lbp_features(width, height)
        self.codes = np.empty((len(self.features), self.n), np.uint8)
        blocks = [
            CropSums(crops[start : start + _BLOCK], self.ordered)
            for start in range(0, self.n, _BLOCK)
        ]
        self._low = self._step = np.zeros(0)
        if self.ordered:
            self._measure(blocks[:: max(len(blocks) // 2, 1)])
        with ThreadPoolExecutor(max_workers=n_jobs) as threads:
            list(threads.map(self._fill, range(len(blocks)), blocks))

    def _measure(self, blocks: list[CropSums]) -> None:
        """Range of each Haar feature, from some of the windows."""
        low, step = [], []
        for feature in self.features:
            values = np.concatenate([haar_value(block, feature) for block in blocks])
            mean, spread = float(values.mean()), _SPREAD * float(values.std()) + 1e-9
            low.append(mean - spread)
            step.append(2 * spread / CODES)
        self._low, self._step = np.array(low), np.array(step)

    def _fill(self, number: int, block: CropSums) -> None:
        part = self.codes[:, number * _BLOCK : number * _BLOCK + len(block)]
        if not self.ordered:
            lbp_codes(block, self.features, part)
            return
        for row, feature in enumerate(self.features):
            scaled = (haar_value(block, feature) - self._low[row]) / self._step[row]
            part[row] = np.clip(scaled, 0, CODES - 1)

    def _cut(self, row: int, split: int) -> np.float32:
        """Where the step after code `split` begins."""
        return np.float32(self._low[row] + (split + 1) * self._step[row])

    def stump(self, row: int, split: np.ndarray | int, yes: float, no: float) -> Tree:
        """The tree that tests a feature of the pool; it names the feature by its row."""
        if self.ordered:
            return stump(row, float(self._cut(row, int(split))), yes, no)
        return stump(row, np.asarray(split), yes, no)

    def holds(self, row: int, split: np.ndarray | int) -> np.ndarray:
        """Whether the test holds for each window of the pool, up to rounding at the cut (Haar)."""
        codes = self.codes[row]
        return codes <= split if self.ordered else np.asarray(split)[codes]

    def holds_for(self, sums: Sums, row: int, split: np.ndarray | int) -> np.ndarray:
        """Whether the test holds for other windows."""
        if self.ordered:
            return haar_value(sums, self.features[row]) < self._cut(row, int(split))
        return np.asarray(split)[lbp_code(sums, self.features[row])]
