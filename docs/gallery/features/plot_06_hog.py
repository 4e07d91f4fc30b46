"""
HOG, drawn as glyphs
====================

Histograms of oriented gradients: in each cell, lines along the edges that it holds.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.describe import HOG
from cvclassic.images import read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "face" / "astronaut.jpg")[:256, 96:352]
hog = HOG(image_size=128, cell_size=8, block_size=1)
cells = hog.fit_transform([image])[0].reshape(16, 16, 9)

figure, axes = plt.subplots(1, 2, figsize=(8, 4))
axes[0].imshow(image)
axes[1].set(xlim=(0, 128), ylim=(128, 0), aspect="equal", facecolor="black")
for y, x, bin_ in np.ndindex(cells.shape):
    # an edge runs across its gradient
    angle = np.pi * (bin_ + 0.5) / 9 + np.pi / 2
    dx, dy = 3.6 * np.cos(angle), 3.6 * np.sin(angle)
    strength = min(cells[y, x, bin_] / np.percentile(cells, 99), 1)
    axes[1].plot([8 * x + 4 - dx, 8 * x + 4 + dx], [8 * y + 4 - dy, 8 * y + 4 + dy],
                 color="white", alpha=strength, linewidth=1)  # fmt: skip
axes[0].axis("off")
axes[1].set(xticks=[], yticks=[])
