"""
A bank of Gabor kernels
=======================

Gratings under a Gaussian, at several angles: each answers where the image has its frequency and
its direction.
"""

import matplotlib.pyplot as plt

from cvclassic.filters import convolve, gabor_bank
from cvclassic.images import read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "materials" / "test" / "brick" / "brick_00.jpg")
bank = gabor_bank((8.0,), n_angles=4)
figure, axes = plt.subplots(2, 4, figsize=(8, 4.2))
for column, kernel in enumerate(bank):
    axes[0, column].imshow(kernel)
    axes[0, column].set_title(f"{column * 45}°")
    axes[1, column].imshow(abs(convolve(image, kernel, padding="reflect")[0]))
for axis in axes.flat:
    axis.axis("off")
