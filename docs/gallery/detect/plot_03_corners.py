"""
Corners
=======

Harris, Shi-Tomasi and FAST: where an image changes in two directions.
"""

import matplotlib.pyplot as plt
from skimage import data

from cvclassic.detect import corners_fast, corners_harris, corners_shi_tomasi
from cvclassic.draw import draw_corners

image = data.checkerboard()
found = {
    "Harris": corners_harris(image),
    "Shi-Tomasi": corners_shi_tomasi(image),
    "FAST": corners_fast(image),
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4))
for axis, (title, corners) in zip(axes, found.items(), strict=True):
    axis.imshow(draw_corners(image, corners))
    axis.set_title(f"{title}: {len(corners)}")
    axis.axis("off")
