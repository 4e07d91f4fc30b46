"""Thumbnails for pages, taken from the pixels that the work needs anyhow."""

from __future__ import annotations

import threading
import time
from typing import Any

MOST = 6000  # thumbnails of images that were recognized


class Album:
    """Thumbnails and sizes of images, taken while they are classified or read.

    Pixels are those that the work needs anyhow, so that no file is decoded twice. Every mistake
    is kept, and of each class the first images, so that memory does not grow with the rest.
    """

    def __init__(self, paths: list[str], labels: list) -> None:
        self.thumbnails: dict[str, Any] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self._truth: dict[str, object] = {}
        most = max(MOST // max(len(set(labels)), 1), 3)
        counts: dict[object, int] = {}
        self._kept: set[str] = set()
        for path, label in zip(paths, labels, strict=True):
            self._truth[path] = label
            counts[label] = counts.get(label, 0) + 1
            if counts[label] <= most:
                self._kept.add(path)
        self._lock = threading.Lock()
        self.seconds = 0.0

    def __call__(self, item: object, record, scores: tuple, pixels) -> None:
        """Keep what is needed of an image that was classified; called in worker threads."""
        if record.size is not None:
            self.sizes[record.path] = record.size
        truth = self._truth.get(record.path)
        wrong = truth != record.label
        if isinstance(truth, tuple):  # keywords: hardly ever all right
            wrong = len(self.thumbnails) < MOST
        if wrong or record.path in self._kept:
            self.add(record.path, pixels)

    def see(self, path: str, decoded) -> None:
        """Keep what is needed of an image that was read; called in worker threads."""
        self.sizes[path] = (decoded.width, decoded.height)
        if path in self._kept:
            self.add(path, decoded.pixels)

    def wants(self, path: str) -> bool:
        """Whether an image is among the first of its class."""
        return path in self._kept

    def add(self, path: str, pixels) -> None:
        """Keep a thumbnail."""
        from cvclassic.draw import make_thumbnail

        start = time.thread_time()
        if pixels.ndim > 1:  # rows of tables have nothing to show
            self.thumbnails[path] = make_thumbnail(pixels)
        with self._lock:
            self.seconds += time.thread_time() - start
