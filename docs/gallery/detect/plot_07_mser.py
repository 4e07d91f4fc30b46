"""
Regions that stay
=================

Maximally stable extremal regions: parts that keep their shape over many thresholds, such as
letters.
"""

import matplotlib.pyplot as plt
from skimage import data

from cvclassic.detect import blobs_mser
from cvclassic.draw import draw_blobs

image = data.text()
figure, axis = plt.subplots(figsize=(8, 3.4))
regions = blobs_mser(image, max_area=0.02)
axis.imshow(draw_blobs(image, regions))
axis.set_title(f"{len(regions)} regions")
axis.axis("off")
