"""
Superpixels
===========

Small regions of similar color: a few hundred instead of a hundred thousand pixels.
"""

import matplotlib.pyplot as plt
from skimage.color import label2rgb
from skimage.segmentation import mark_boundaries

from cvclassic.images import read_image
from cvclassic.segment import superpixel_labels
from cvclassic_samples import ROOT

image = read_image(ROOT / "match" / "coffee_left.jpg")
figure, axes = plt.subplots(1, 3, figsize=(10, 3.4))
axes[0].imshow(image)
for axis, number in zip(axes[1:], (400, 60), strict=True):
    labels = superpixel_labels(image, n_regions=number)
    axis.imshow(mark_boundaries(label2rgb(labels, image, kind="avg"), labels))
    axis.set_title(f"{labels.max() + 1} regions")
for axis in axes:
    axis.axis("off")
