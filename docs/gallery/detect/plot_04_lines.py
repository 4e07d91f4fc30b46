"""
Straight lines
==============

Line segments of a brick wall, by the line segment detector and by EDLines.
"""

import matplotlib.pyplot as plt
from skimage import data

from cvclassic.detect import segments_edlines, segments_lsd
from cvclassic.draw import draw_segments

image = data.brick()
figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.4))
for axis, detect in zip(axes, (segments_lsd, segments_edlines), strict=True):
    segments = detect(image, min_length=30)
    axis.imshow(draw_segments(image, segments))
    axis.set_title(f"{detect.__name__}: {len(segments)}")
    axis.axis("off")
