"""
Haar features on a window
=========================

The most telling features of OpenCV's first stage, and what the integral image has to do with it.
"""

import cv2
import matplotlib.pyplot as plt

from cvclassic.cascade import CropSums, haar_value, read_cascade
from cvclassic.images import read_image
from cvclassic_samples import ROOT

cascade = read_cascade(cv2.data.haarcascades + "haarcascade_frontalface_alt.xml")
gray = cv2.cvtColor(read_image(ROOT / "face" / "astronaut.jpg"), cv2.COLOR_RGB2GRAY)
window = cv2.resize(gray[60:180, 165:285], (20, 20), interpolation=cv2.INTER_AREA)
sums = CropSums(window[None], squares=True)

figure, axes = plt.subplots(1, 3, figsize=(8, 3))
for axis, tree in zip(axes, cascade.stages[0].trees, strict=True):
    feature = cascade.features[tree.feature[0]]
    axis.imshow(window)
    for x, y, w, h, weight in feature[feature[:, 4] != 0]:
        color = "white" if weight > 0 else "black"
        axis.add_patch(plt.Rectangle((x - 0.5, y - 0.5), w, h, color=color, alpha=0.5))
    axis.set_title(f"{haar_value(sums, feature)[0]:.3f}, test: < {tree.test[0]:.3f}", fontsize=9)
    axis.axis("off")
