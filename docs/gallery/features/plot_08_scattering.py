"""
Scattering: two layers of wavelets
==================================

The first layer says where edges of a direction are, the second how they are arranged: bricks in
rows, grass in tufts. Averaged over cells, the second layer becomes the vector.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.describe import Scattering
from cvclassic.filters import convolve, get_kernel
from cvclassic.images import load_folder, read_image
from cvclassic_samples import ROOT


def modulus(plane, wavelength):
    """Strength of a vertical grating at each pixel: even and odd phase together."""
    kernels = [get_kernel("gabor", wavelength=wavelength, phase=phase) for phase in (0, 90)]
    even, odd = (convolve(plane, kernel, padding="reflect")[0] for kernel in kernels)
    return np.hypot(even, odd)


figure, axes = plt.subplots(2, 3, figsize=(8, 5.4))
for row, label in zip(axes, ("brick", "grass"), strict=True):
    image = read_image(ROOT / "materials" / "test" / label / f"{label}_00.jpg")
    plane = image if image.ndim == 2 else image.mean(axis=2)
    first = modulus(plane, 4)
    for axis, (name, shown) in zip(
        row,
        {label: plane, "first layer": first, "second layer": modulus(first, 12)}.items(),
        strict=True,
    ):
        axis.imshow(shown)
        axis.set_title(name)
        axis.axis("off")

# %%
# `Scattering` does this at all scales and eight directions. Textures of one kind lie near each
# other: the nearest training image mostly has the right label.

train, test = (load_folder(ROOT / "materials" / part) for part in ("train", "test"))
scattering = Scattering(image_size=64, n_scales=3).fit(train.paths)
nearest = (scattering.transform(test.paths) @ scattering.transform(train.paths).T).argmax(axis=1)
right = np.array(train.labels)[nearest] == np.array(test.labels)
print(f"{right.mean():.0%} of {len(right)} test images")
