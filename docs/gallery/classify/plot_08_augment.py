"""
Mirrored and changed copies
===========================

What augmentation does to an image, before one lets a model train on the copies.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.images import CHANGES, augment_image, parse_changes, read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "face" / "astronaut.jpg")[:300, 80:380]
names = list(CHANGES)
rng = np.random.default_rng(0)
figure, axes = plt.subplots(2, -(-(len(names) + 1) // 2), figsize=(9, 4.6))
axes.flat[0].imshow(image)
axes.flat[0].set_title("as it is")
for axis, name in zip(axes.flat[1:], names, strict=False):
    axis.imshow(augment_image(image, parse_changes(name), rng))
    axis.set_title(name)
for axis in axes.flat:
    axis.axis("off")
