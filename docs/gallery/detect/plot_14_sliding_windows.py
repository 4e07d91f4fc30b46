"""
Sliding windows, overlap and suppression
========================================

A window slides over the image at several sizes; each place gets a score; of boxes that overlap, the
best one stays. So that nothing has to be trained, the score here is the overlap with a box that was
drawn by hand around the cup.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.images import read_image
from cvclassic.objects import iou, nms, sliding_windows
from cvclassic_samples import ROOT

image = read_image(ROOT / "match" / "coffee_left.jpg")
height, width = image.shape[:2]
cup = np.array([[0.38, 0.0, 0.61, 0.62]]) * (width, height, width, height)

# %%
# Windows of one size and of another: the larger one takes longer steps.
side = round(0.4 * height)
small = sliding_windows((width, height), (side, side), stride=side // 6)
large = sliding_windows((width, height), (side, side), stride=side // 6, scale=1.5)
print(len(small), "small windows,", len(large), "large ones")

# %%
# Scores of all windows, and what hard and soft suppression leave of them.
windows = np.concatenate([small, large])
scores = iou(windows, cup)[:, 0]
likely = scores > 0.35
hard, hard_scores = nms(windows[likely], scores[likely], 0.3)
soft, soft_scores = nms(windows[likely], scores[likely], soft=0.3, min_score=0.25)


def show(axis, boxes, title):
    """Draw the image with boxes on it."""
    axis.imshow(image)
    for x, y, w, h in boxes:
        axis.add_patch(plt.Rectangle((x, y), w, h, fill=False, color="#ff8a3d", linewidth=1.2))
    axis.set_title(f"{title}: {len(boxes)}", fontsize=10)
    axis.axis("off")


figure, axes = plt.subplots(2, 2, figsize=(9, 7))
show(axes[0, 0], small[::9], "every ninth small window")
show(axes[0, 1], windows[likely], "windows that score")
show(axes[1, 0], windows[likely][hard], "after hard suppression")
show(axes[1, 1], windows[likely][soft], "after soft suppression")
figure.tight_layout()

# %%
# Overlap is the intersection over the union.
print(iou([[0, 0, 20, 20]], [[0, 0, 20, 20], [10, 0, 20, 20], [30, 0, 20, 20]]).round(2))
