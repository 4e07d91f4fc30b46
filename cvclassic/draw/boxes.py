"""Boxes on an image: framed with their labels, blurred, cut out."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..images.checks import check_image

_COLORS = (
    (0, 158, 115), (213, 94, 0), (0, 114, 178), (204, 121, 167), (230, 159, 0), (86, 180, 233),
    (240, 228, 66),
)  # fmt: skip
TRUE_COLOR = (255, 255, 255)


def label_colors(labels: Sequence) -> dict[object, tuple[int, int, int]]:
    """A color for each label, told apart also by most color-blind people (Okabe & Ito)."""
    names = sorted({str(label) for label in labels})
    return {name: _COLORS[i % len(_COLORS)] for i, name in enumerate(names)}


def draw_boxes(
    image: np.ndarray,
    boxes: np.ndarray,
    labels: Sequence = (),
    scores: Sequence[float] | None = None,
    *,
    truth: np.ndarray | None = None,
    classes: Sequence | None = None,
) -> np.ndarray:
    """Frame boxes.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8
    boxes : ndarray of shape (n, 4)
        (x, y, width, height) in pixels.
    labels : sequence of n labels, optional
    scores : sequence of n floats, optional
        Written behind the labels in per cent.
    truth : ndarray of shape (m, 4), optional
        Boxes drawn thinly in white.
    classes : sequence, optional
        All labels that there are, so that colors are the same in every image.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8

    Examples
    --------
    >>> draw_boxes(np.zeros((9, 9), np.uint8), [[2, 2, 4, 4]], ["a"]).max() > 0
    np.True_
    """
    canvas = check_image(image)
    canvas = cv2.cvtColor(canvas, cv2.COLOR_GRAY2RGB) if canvas.ndim == 2 else canvas.copy()
    width = max(round(max(canvas.shape[:2]) / 300), 1)
    colors = label_colors(labels if classes is None else classes)
    for box in [] if truth is None else truth:
        _frame(canvas, box, TRUE_COLOR, max(width // 2, 1))
    order = range(len(boxes)) if scores is None else np.argsort(scores, kind="stable")
    for i in order:
        label = str(labels[i]) if len(labels) else ""
        color = colors.get(label, _COLORS[0])
        _frame(canvas, boxes[i], (0, 0, 0), width + 2)
        _frame(canvas, boxes[i], color, width)
        text = label if scores is None else f"{label} {100 * float(scores[i]):.0f}%".strip()
        if text:
            _tag(canvas, boxes[i], text, color, width)
    return canvas


def _corners(box) -> tuple[tuple[int, int], tuple[int, int]]:
    x, y, w, h = (float(v) for v in box)
    return (round(x), round(y)), (round(x + w) - 1, round(y + h) - 1)


def _frame(canvas: np.ndarray, box, color, width: int) -> None:
    a, b = _corners(box)
    cv2.rectangle(canvas, a, b, color, width, cv2.LINE_AA)


def _tag(canvas: np.ndarray, box, text: str, color, width: int) -> None:
    """The label on its color, inside of the image."""
    plain = "".join(c if 32 <= ord(c) < 127 else "?" for c in text)
    scale = max(0.35 * width, 0.4)
    (w, h), base = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, scale, max(width // 2, 1))
    (x, y), _ = _corners(box)
    x = min(max(x, 0), max(canvas.shape[1] - w - 4, 0))
    y = y if y - h - base - 2 >= 0 else min(y + h + base + 4, canvas.shape[0])
    cv2.rectangle(canvas, (x, y - h - base - 2), (x + w + 4, y), color, cv2.FILLED)
    dark = sum(color) > 380
    cv2.putText(
        canvas, plain, (x + 2, y - base), cv2.FONT_HERSHEY_SIMPLEX, scale,
        (0, 0, 0) if dark else (255, 255, 255), max(width // 2, 1), cv2.LINE_AA,
    )  # fmt: skip


def cut_boxes(image: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """What is in each box, cut at the image's edges; at least a pixel."""
    height, width = image.shape[:2]
    cuts = []
    for (x0, y0), (x1, y1) in map(_corners, boxes):
        x0, y0 = min(max(x0, 0), width - 1), min(max(y0, 0), height - 1)
        cuts.append(image[y0 : max(y1 + 1, y0 + 1), x0 : max(x1 + 1, x0 + 1)].copy())
    return cuts


def blur_boxes(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """What is in each box made unrecognizable: blocks of pixels, then blurred."""
    out = image.copy()
    height, width = image.shape[:2]
    for (x0, y0), (x1, y1) in map(_corners, boxes):
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1 + 1, width), min(y1 + 1, height)
        if x1 <= x0 or y1 <= y0:
            continue
        part = out[y0:y1, x0:x1]
        few = (max((x1 - x0) * 6 // max(x1 - x0, y1 - y0), 1),
               max((y1 - y0) * 6 // max(x1 - x0, y1 - y0), 1))  # fmt: skip
        small = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
        out[y0:y1, x0:x1] = cv2.resize(small, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    return out
