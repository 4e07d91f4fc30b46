"""Features of a cascade, drawn on the window that they look at."""

from __future__ import annotations

import cv2
import numpy as np

from ..draw.overlays import GREEN, ORANGE, SKY
from ..draw.panels import INK, PAPER, label_panel, side_by_side
from .cascades import Cascade
from .explaining import StageVote, TreeVote
from .features_lbp import lbp_code
from .integral import CropSums

_SIDE = 300  # pixels of a panel, about
_RING = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def draw_window(
    cascade: Cascade, crop: np.ndarray, votes: list[TreeVote], stages: list[StageVote]
) -> np.ndarray:
    """Draw features on a window, each on its own panel, and below what the stages say of it.

    Parameters
    ----------
    cascade : Cascade
    crop : ndarray of shape (height, width), uint8
    votes : list of TreeVote
        One or more, whose features are drawn.
    stages : list of StageVote
        What `explain_window` says.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        LBP: blocks at least as bright as the middle one are green, darker ones orange. Haar: what
        is added is green, what is subtracted orange.
    """
    panels = [_panel(cascade, crop, vote) for vote in votes]
    titles = [f"stage {v.stage}, tree {v.number}: {v.value:+.2f}" for v in votes]
    panels = [label_panel(p, t, size=17) for p, t in zip(panels, titles, strict=True)]
    blocks = [side_by_side(panels, columns=min(4, len(panels))), _bars(stages, len(cascade.stages))]
    width = max(block.shape[1] for block in blocks)
    sheet = np.empty((sum(block.shape[0] for block in blocks), width, 3), np.uint8)
    sheet[:] = PAPER
    y = 0
    for block in blocks:
        sheet[y : y + block.shape[0], : block.shape[1]] = block
        y += block.shape[0]
    return sheet


def _bars(stages: list[StageVote], n_stages: int) -> np.ndarray:
    """A bar for each stage: how far the window's sum lies above or below what it must reach."""
    row, width, middle, longest = 26, 760, 470, 160
    sheet = np.empty((row * len(stages) + 20, width, 3), np.uint8)
    sheet[:] = PAPER
    largest = max(max(abs(s.total - s.limit) for s in stages), 1e-6)
    for i, stage in enumerate(stages):
        y = 6 + i * row
        end = middle + int((stage.total - stage.limit) / largest * longest)
        color = GREEN if stage.passed else ORANGE
        cv2.rectangle(sheet, (min(middle, end), y + 4), (max(middle, end), y + row - 6), color, -1)
        text = f"stage {stage.number}: {stage.total:.2f}, needs {stage.limit:.2f}"
        cv2.putText(sheet, text, (14, y + 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
    cv2.line(sheet, (middle, 4), (middle, sheet.shape[0] - 15), INK, 1)
    last = stages[-1]
    title = f"passes all {n_stages} stages"
    if not last.passed:
        worst = last.worst
        title = (
            f"rejected by stage {last.number}; tree {worst.number} costs most: {-worst.loss:.2f}"
        )
    return label_panel(sheet, "  " + title, size=17)


def _panel(cascade: Cascade, crop: np.ndarray, vote: TreeVote) -> np.ndarray:
    factor = max(round(_SIDE / max(crop.shape)), 1)
    large = cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    large = cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)
    tint = large.copy()
    feature = cascade.features[vote.tree.feature[0]]
    boxes: list[tuple[np.ndarray, tuple]] = []
    if cascade.kind == "lbp":
        x, y, w, h = feature
        code = int(lbp_code(CropSums(crop[None]), feature)[0])
        for bit, (i, j) in enumerate(_RING):
            bright = code >> (7 - bit) & 1
            boxes.append((np.array([x + i * w, y + j * h, w, h]), GREEN if bright else ORANGE))
        boxes.append((np.array([x + w, y + h, w, h]), SKY))
    else:
        for rect in feature:
            if rect[4]:
                boxes.append((rect[:4].astype(int), GREEN if rect[4] > 0 else ORANGE))
    corners = [
        ((int(x * factor), int(y * factor)), (int((x + w) * factor) - 1, int((y + h) * factor) - 1))
        for (x, y, w, h), _ in boxes
    ]
    for (one, two), (_, color) in zip(corners, boxes, strict=True):
        cv2.rectangle(tint, one, two, color, -1)
    drawn = cv2.addWeighted(tint, 0.4, large, 0.6, 0)
    for (one, two), (_, color) in zip(corners, boxes, strict=True):
        cv2.rectangle(drawn, one, two, color, 2)
    return drawn
