"""
Learn to segment from one image
===============================

A pixel classifier trained on the left half of an image with its mask, applied to the right half.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from cvclassic.segment import PixelClassifier, watershed_objects

image = data.coins()[40:]
truth = (watershed_objects(image, method="local", min_area=300) > 0).astype(np.int32)
middle = image.shape[1] // 2
classifier = PixelClassifier(n_trees=40, depth=5, max_pixels=20_000, random_state=0)
classifier.fit([image[:, :middle]], [truth[:, :middle]])
found = classifier.predict([image[:, middle:]])[0]

figure, axes = plt.subplots(1, 3, figsize=(9, 3.6))
for axis, shown in zip(axes, (image[:, middle:], truth[:, middle:], found), strict=True):
    axis.imshow(shown)
    axis.axis("off")
both = np.logical_and(found, truth[:, middle:]).sum()
dice = 2 * both / (found.astype(bool).sum() + truth[:, middle:].sum())
axes[0].set_title("right half")
axes[1].set_title("mask")
axes[2].set_title(f"found, Dice {dice:.2f}")
