"""
Blobs: coins by their size
==========================

Three detectors of round things. The scale at which a blob answers most strongly is its size.
"""

import matplotlib.pyplot as plt
from skimage import data

from cvclassic.detect import blobs_dog, blobs_log, blobs_simple
from cvclassic.draw import draw_blobs

image = data.coins()
found = {
    "Laplacian of Gaussian": blobs_log(image, min_sigma=12, max_sigma=24, polarity="bright"),
    "difference of Gaussians": blobs_dog(image, min_sigma=12, max_sigma=24, polarity="bright"),
    "contours by area and roundness": blobs_simple(image, polarity="bright", min_area=400),
}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.2))
for axis, (title, blobs) in zip(axes, found.items(), strict=True):
    axis.imshow(draw_blobs(image, blobs))
    axis.set_title(f"{title}: {len(blobs)}", fontsize=9)
    axis.axis("off")
