"""
Convolution kernels
===================

What a kernel answers on an image, and what max pooling keeps of it.
"""

import matplotlib.pyplot as plt

from cvclassic.filters import convolve, pool
from cvclassic.images import read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "match" / "coffee_left.jpg").mean(axis=2)
names = ["gaussian3", "sharpen", "sobel_x", "laplacian8"]
maps = convolve(image, names, padding="reflect")

figure, axes = plt.subplots(2, 4, figsize=(9, 4.6))
for axis, title, map_ in zip(axes[0], names, maps, strict=True):
    axis.imshow(map_)
    axis.set(title=f"{title}, {map_.shape[1]} × {map_.shape[0]}")
for axis, map_ in zip(axes[1], pool(maps, 8), strict=True):
    axis.imshow(map_)
    axis.set(title=f"max pooling, {map_.shape[1]} × {map_.shape[0]}")
for axis in axes.flat:
    axis.axis("off")

# %%
# The size of a feature map follows from the image, the kernel, the stride and the padding.
from cvclassic.filters import output_size

for stride, padding in ((1, 0), (1, "same"), (2, 1)):
    print(f"stride {stride}, padding {padding}: {output_size(400, 3, stride, padding)} pixels")
