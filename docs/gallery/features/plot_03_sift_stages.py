"""
SIFT, stage by stage
====================

From the pyramid to keypoints with a direction: what each test throws out.
"""

import matplotlib.pyplot as plt

from cvclassic.detect import sift_stages
from cvclassic.draw import draw_keypoints
from cvclassic.images import read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "match" / "coffee_left.jpg", max_side=320)
stages = sift_stages(image)
titles = {
    "extrema": "extrema in place and scale",
    "strong": "with enough contrast",
    "stable": "not on an edge",
    "oriented": "with a direction",
}
figure, axes = plt.subplots(2, 2, figsize=(8, 7.4))
for axis, (name, title) in zip(axes.flat, titles.items(), strict=True):
    points = getattr(stages, name)
    axis.imshow(draw_keypoints(image, points, limit=1000))
    axis.set_title(f"{title}: {len(points)}")
    axis.axis("off")

# %%
# The first octave's differences of Gaussians: bright and dark blobs of growing size.
figure, axes = plt.subplots(1, 4, figsize=(9, 2.4))
for axis, plane in zip(axes, stages.differences[1], strict=False):
    axis.imshow(plane, cmap="RdBu", vmin=-0.1, vmax=0.1)
    axis.axis("off")
