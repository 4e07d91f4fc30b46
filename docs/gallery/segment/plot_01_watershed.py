"""
Count coins that touch
======================

A threshold finds what is bright; a watershed splits what touches.
"""

import matplotlib.pyplot as plt
from skimage import data
from skimage.segmentation import mark_boundaries

from cvclassic.segment import region_table, watershed_objects

image = data.coins()[40:]
labels = watershed_objects(image, method="local", min_area=300)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
axes[0].imshow(image)
axes[1].imshow(mark_boundaries(image, labels, color=(1, 0.5, 0.2)))
axes[1].set_title(f"{labels.max()} objects")
for axis in axes:
    axis.axis("off")

# %%
# Every region measured.
rows = region_table(image, labels)
print("areas in pixels:", sorted(int(row["area"]) for row in rows))
