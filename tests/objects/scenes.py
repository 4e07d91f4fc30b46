"""Small scenes with objects that a detector learns in seconds: discs and squares on noise."""

from __future__ import annotations

import cv2
import numpy as np


def scene(seed: int, n: int = 2, size=(120, 160)) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """An image, its boxes and labels."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(110, 25, (*size, 3)).astype(np.float32)
    image = np.clip(cv2.GaussianBlur(noise, (0, 0), 1.2), 0, 255).astype(np.uint8)
    boxes, labels = [], []
    for _ in range(40):
        if len(boxes) == n:
            break
        side = int(rng.integers(24, 44))
        x, y = int(rng.integers(0, size[1] - side)), int(rng.integers(0, size[0] - side))
        if any(abs(x - b[0]) < 46 and abs(y - b[1]) < 46 for b in boxes):
            continue
        center, half = (x + side // 2, y + side // 2), side // 2
        if rng.random() < 0.5:
            cv2.circle(image, center, half, (230, 60, 40), -1)
            cv2.circle(image, center, half // 2, (20, 20, 20), 3)
            labels.append("disc")
        else:
            cv2.rectangle(image, (x, y), (x + side, y + side), (40, 90, 230), -1)
            cv2.line(image, (x, y), (x + side, y + side), (240, 240, 240), 3)
            labels.append("square")
        boxes.append([x, y, side, side])
    return image, np.array(boxes, np.float32).reshape(-1, 4), labels


def scenes(n: int, start: int = 0):
    """Images and what `ObjectDetector.fit` takes as y."""
    made = [scene(start + i) for i in range(n)]
    return [m[0] for m in made], [(m[1], m[2]) for m in made]
