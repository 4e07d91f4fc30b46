"""Images that the detectors' tests share."""

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def scene() -> np.ndarray:
    """Discs, boxes and lines on a gentle ramp, with a little noise, 150 x 200 gray."""
    rng = np.random.default_rng(5)
    image = np.tile(np.linspace(60, 120, 200), (150, 1)).astype(np.float32)
    for _ in range(14):
        x, y, r = rng.integers(15, 185), rng.integers(15, 135), rng.integers(4, 14)
        cv2.circle(image, (int(x), int(y)), int(r), float(rng.integers(0, 255)), -1, cv2.LINE_AA)
    for _ in range(6):
        x, y = rng.integers(10, 150), rng.integers(10, 110)
        w, h = rng.integers(12, 40, 2)
        cv2.rectangle(
            image, (int(x), int(y)), (int(x + w), int(y + h)), float(rng.integers(0, 255)), -1
        )
    image = cv2.GaussianBlur(image, (0, 0), 0.8) + rng.normal(0, 2, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)
