"""
Four edge detectors
===================

Canny, zero crossings of the Laplacian of Gaussian, and soft edges from local statistics, on one
image.
"""

import matplotlib.pyplot as plt

from cvclassic.detect import canny, gradient_magnitude, log_edges, soft_edges
from cvclassic.images import read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "match" / "coffee_left.jpg")
found = {
    "gradient magnitude": gradient_magnitude(image, sigma=1.0),
    "Canny": canny(image),
    "Laplacian of Gaussian": log_edges(image),
    "soft edges": soft_edges(image),
}
figure, axes = plt.subplots(2, 2, figsize=(8, 7.4))
for axis, (title, edges) in zip(axes.flat, found.items(), strict=True):
    axis.imshow(edges, cmap="gray_r")
    axis.set_title(title)
    axis.axis("off")
