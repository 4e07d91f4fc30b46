"""
Four keypoint detectors
=======================

SIFT, ORB, AKAZE and BRISK with the same budget, strongest first.
"""

import matplotlib.pyplot as plt

from cvclassic.detect import detect_keypoints
from cvclassic.draw import draw_keypoints
from cvclassic.images import read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "face" / "astronaut.jpg", max_side=360)
figure, axes = plt.subplots(2, 2, figsize=(7.6, 8))
for axis, method in zip(axes.flat, ("sift", "orb", "akaze", "brisk"), strict=True):
    points = detect_keypoints(image, method, max_keypoints=150)
    axis.imshow(draw_keypoints(image, points))
    axis.set_title(f"{method}: {len(points)}")
    axis.axis("off")
