"""Stub until the reader lands."""

import cv2
import numpy as np


def read_image(source, *, max_side=None):
    """Read a picture."""
    if not isinstance(source, np.ndarray):
        data = source if isinstance(source, bytes) else open(source, "rb").read()
        source = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1].copy()
    if max_side and max(source.shape[:2]) > max_side:
        f = max_side / max(source.shape[:2])
        size = (max(1, round(source.shape[1] * f)), max(1, round(source.shape[0] * f)))
        source = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
    return source
