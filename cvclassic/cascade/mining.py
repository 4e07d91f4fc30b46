"""Hard negatives: windows without the object that the cascade still accepts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from .cascades import Cascade
from .loading import CascadeDetector
from .positive_samples import Jitter, spoil

ROUNDS = 24
"""Ways to look at each image: eight turns and mirror images, at three sets of scales."""
_FACTOR = 1.2  # from scale to scale
_BATCH = 16  # images between two looks at how many negatives there are


@dataclass(frozen=True, eq=False)
class Mined:
    """What a search found.

    Attributes
    ----------
    crops : ndarray of shape (n, H, W), uint8
    n_windows, n_passed : int
        Windows on OpenCV's grid that were looked at, and how many of them passed.
    """

    crops: np.ndarray
    n_windows: int
    n_passed: int

    @property
    def false_alarms(self) -> float:
        """Share of the windows that passed."""
        return self.n_passed / max(self.n_windows, 1)


def mine(
    cascade: Cascade | None,
    scenes: Sequence[np.ndarray],
    size: tuple[int, int],
    wanted: int,
    seed: Sequence[int],
    n_jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
    jitter: Jitter | None = None,
) -> Mined:
    """Look for windows that pass, in all images alike, until there are as many as wanted.

    Parameters
    ----------
    cascade : Cascade or None
        None: every window passes.
    scenes : sequence of ndarray of shape (H, W), uint8
    size : (width, height)
        Size of the windows.
    wanted : int
    seed : sequence of int
        The same seed finds the same windows, whatever `n_jobs` is.
    n_jobs : int
        Threads; each has its own `cv2.CascadeClassifier`.
    progress : callable, optional
        Called with the number found and the number of windows looked at.
    jitter : Jitter, optional
        Images are blurred and get noise as copies of the objects do; each round anew.

    Returns
    -------
    Mined
        Fewer than wanted only after all rounds.
    """
    detector = None if cascade is None else CascadeDetector(cascade)
    order = np.random.default_rng([*seed, 0]).permutation(len(scenes))
    found: list[np.ndarray] = []
    n_found = n_windows = n_passed = 0

    def work(job: tuple[int, int, int]) -> tuple[np.ndarray, int, int]:
        turn, index, most = job
        rng = np.random.default_rng([*seed, 1, turn, index])
        view = look(scenes[index], turn)
        if jitter is not None:
            view = spoil(view, jitter, rng)
        return scan_scene(detector, view, turn, size, most, rng)

    with ThreadPoolExecutor(max_workers=n_jobs) as threads:
        for turn in range(ROUNDS):
            # each image gives its part, so that no image with a fence fills the whole set
            most = -(-(wanted - n_found) // len(scenes))
            for start in range(0, len(order), _BATCH):
                jobs = [(turn, int(i), most) for i in order[start : start + _BATCH]]
                for crops, windows, passed in threads.map(work, jobs):
                    found.append(crops)
                    n_found += len(crops)
                    n_windows += windows
                    n_passed += passed
                if progress is not None:
                    progress(min(n_found, wanted), n_windows)
                if n_found >= wanted:
                    return Mined(np.concatenate(found)[:wanted], n_windows, n_passed)
    return Mined(np.concatenate(found), n_windows, n_passed)


def look(scene: np.ndarray, turn: int) -> np.ndarray:
    """The image turned by quarters and mirrored, as a round has it."""
    turned = np.rot90(scene, turn // 2 % 4)
    return np.ascontiguousarray(turned[:, ::-1] if turn % 2 else turned)


def scan_scene(
    detector: CascadeDetector | None,
    scene: np.ndarray,
    turn: int,
    size: tuple[int, int],
    most: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, int, int]:
    """Windows of one image that pass, at all scales, up to a maximum number.

    Returns
    -------
    crops : ndarray of shape (n, H, W), uint8
    n_windows, n_passed : int
    """
    width, height = size
    places: list[np.ndarray] = []
    layers: list[np.ndarray] = []
    n_windows = 0
    # a third of a step further in later rounds: other scales, other windows
    scale = _FACTOR ** (turn // 8 / 3)
    while True:
        wide, high = round(scene.shape[1] / scale), round(scene.shape[0] / scale)
        if wide < width or high < height:
            break
        layer = scene
        if (wide, high) != (scene.shape[1], scene.shape[0]):
            layer = cv2.resize(scene, (wide, high), interpolation=cv2.INTER_LINEAR)
        # the grid has a step of two pixels; later rounds see its other places
        dx, dy = (int(d) for d in rng.integers(0, 2, 2))
        if turn and wide > width and high > height:
            layer = np.ascontiguousarray(layer[dy:, dx:])
        across, down = (layer.shape[1] - width) // 2 + 1, (layer.shape[0] - height) // 2 + 1
        n_windows += across * down
        if detector is None:
            xy = 2 * np.stack(np.divmod(np.arange(across * down), across)[::-1], axis=1)
        else:
            xy = detector.passing(layer)
        places.append(np.column_stack([np.full(len(xy), len(layers)), xy]))
        layers.append(layer)
        scale *= _FACTOR
    if not places:
        return np.zeros((0, height, width), np.uint8), 0, 0
    every = np.concatenate(places).astype(np.int64)
    chosen = every
    if len(every) > most:
        chosen = every[np.sort(rng.choice(len(every), most, replace=False))]
    crops = np.empty((len(chosen), height, width), np.uint8)
    for number, layer in enumerate(layers):
        here = chosen[:, 0] == number
        if here.any():
            windows = np.lib.stride_tricks.sliding_window_view(layer, (height, width))
            crops[here] = windows[chosen[here, 2], chosen[here, 1]]
    return crops, n_windows, len(every)
