"""Features of a cascade, drawn on the window that they look at."""

from __future__ import annotations

import cv2
import numpy as np

from ..draw.overlays import GREEN, ORANGE, SKY, YELLOW
from ..draw.panels import INK, PAPER, label_panel, side_by_side
from .cascades import Cascade
from .explaining import StageVote, TreeVote
from .features_lbp import lbp_code
from .integral import CropSums

_SIDE = 300  # pixels of a panel, about
_RING = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def draw_window(
    cascade: Cascade,
    crop: np.ndarray,
    votes: list[TreeVote],
    stages: list[StageVote],
    *,
    image: np.ndarray | None = None,
    box: tuple[int, int, int, int] | None = None,
) -> np.ndarray:
    """Draw features on a window, each on its own panel, and below the score of each stage.

    Parameters
    ----------
    cascade : Cascade
    crop : ndarray of shape (height, width), uint8
    votes : list of TreeVote
        One or more, whose features are drawn.
    stages : list of StageVote
        What `explain_window` says.
    image : ndarray of shape (H, W) or (H, W, 3), uint8, optional
        The whole image, drawn first with the window outlined.
    box : tuple of (x, y, width, height), optional
        Where the window lies in `image`; all of it unless given.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        LBP: blocks at least as bright as the middle one are green, darker ones orange. Haar: what
        is added is green, what is subtracted orange.
    """
    panels = [_panel(cascade, crop, vote) for vote in votes]
    titles = [f"stage {v.stage}, tree {v.number}: {v.value:+.2f}" for v in votes]
    panels = [label_panel(p, t, size=17) for p, t in zip(panels, titles, strict=True)]
    if image is not None:
        panels.insert(0, _whole(image, box or (0, 0, image.shape[1], image.shape[0]), panels[0]))
    blocks = [side_by_side(panels, columns=min(4, len(panels))), _bars(stages, len(cascade.stages))]
    legend = (
        "green: at least as bright as the middle block (blue); orange: darker"
        if cascade.kind == "lbp"
        else "green: added; orange: subtracted"
    )
    blocks.insert(
        1, label_panel(np.full((2, blocks[0].shape[1], 3), PAPER, np.uint8), "  " + legend, size=15)
    )
    width = max(block.shape[1] for block in blocks)
    sheet = np.empty((sum(block.shape[0] for block in blocks), width, 3), np.uint8)
    sheet[:] = PAPER
    y = 0
    for block in blocks:
        sheet[y : y + block.shape[0], : block.shape[1]] = block
        y += block.shape[0]
    return sheet


def _whole(image: np.ndarray, box: tuple[int, int, int, int], like: np.ndarray) -> np.ndarray:
    """The image with the window outlined, as high as another panel; its title says where."""
    rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    height, width = like.shape[0] - 29, round(1.4 * like.shape[1])
    factor = min(height / rgb.shape[0], width / rgb.shape[1])
    size = (max(round(rgb.shape[1] * factor), 1), max(round(rgb.shape[0] * factor), 1))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST)
    x, y, w, h = (round(side * factor) for side in box)
    for color, wide in ((INK, 4), (YELLOW, 2)):
        cv2.rectangle(small, (x, y), (x + w - 1, y + h - 1), color, wide)
    return label_panel(small, "window at {},{}: {} x {} pixels".format(*box), size=17)


def _bars(stages: list[StageVote], n_stages: int) -> np.ndarray:
    """A bar for each stage: how far the window's sum lies above or below what it must reach."""
    row, width, middle, longest = 26, 760, 470, 160
    sheet = np.empty((row * len(stages) + 44, width, 3), np.uint8)
    sheet[:] = PAPER
    largest = max(max(abs(s.total - s.limit) for s in stages), 1e-6)
    for i, stage in enumerate(stages):
        y = 6 + i * row
        end = middle + int((stage.total - stage.limit) / largest * longest)
        color = GREEN if stage.passed else ORANGE
        cv2.rectangle(sheet, (min(middle, end), y + 4), (max(middle, end), y + row - 6), color, -1)
        text = f"stage {stage.number}: {stage.total:.2f}, threshold {stage.limit:.2f}"
        cv2.putText(sheet, text, (14, y + 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
    bottom = row * len(stages) + 8
    cv2.line(sheet, (middle, 4), (middle, bottom), INK, 1)
    cv2.line(sheet, (middle - longest, bottom), (middle + longest, bottom), INK, 1)
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        at = middle + int(share * longest)
        cv2.line(sheet, (at, bottom), (at, bottom + 5), INK, 1)
        text = f"{share * largest:+.2g}" if share else "threshold"
        (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)
        place = (at - wide // 2, bottom + 20)
        cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)
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
