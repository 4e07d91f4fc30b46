"""
Cut out an object by a box
==========================

GrabCut: two mixtures of colors, and a border that is as short and as sharp as possible.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.images import read_image
from cvclassic.segment import grabcut_mask
from cvclassic_samples import ROOT

image = read_image(ROOT / "face" / "astronaut.jpg", max_side=320)
box = (40, 8, 190, 310)
mask = grabcut_mask(image, box) > 0
figure, axes = plt.subplots(1, 2, figsize=(8, 4.2))
axes[0].imshow(image)
axes[0].add_patch(plt.Rectangle(box[:2], *box[2:], fill=False, color="#ffd23e", linewidth=2))
axes[1].imshow(np.where(mask[..., None], image, 255))
for axis in axes:
    axis.axis("off")
