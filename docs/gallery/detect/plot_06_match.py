"""
Match two views
===============

Keypoints of two photos of a cup, matched, and checked by a homography.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.draw import draw_match
from cvclassic.images import read_image
from cvclassic.match import match_images
from cvclassic_samples import ROOT

left = read_image(ROOT / "match" / "coffee_left.jpg")
right = read_image(ROOT / "match" / "coffee_right.jpg")
result = match_images(left, right)
figure, axis = plt.subplots(figsize=(9, 4.4))
axis.imshow(draw_match(left, right, result))
axis.axis("off")

# %%
# These views were made from one photo, so the true homography is known.
truth = np.loadtxt(ROOT / "match" / "left_to_right.txt")
corners = np.array([[0, 0, 1], [left.shape[1], 0, 1], [0, left.shape[0], 1.0]]).T
places = [(h @ corners)[:2] / (h @ corners)[2] for h in (truth, result.model)]
print(f"{result.inliers.sum()} inliers of {len(result.xy_a)} matches")
print(f"corners off by {np.hypot(*(places[0] - places[1])).mean():.2f} px")
