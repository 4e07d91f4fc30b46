"""
Know people again from few images
=================================

A gallery of people with one image each; distances decide, and who is too far away is unknown.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from cvclassic.faces import Gallery
from cvclassic.images import augment_image, parse_changes, read_image
from cvclassic_samples import ROOT

eileen = read_image(ROOT / "face" / "astronaut.jpg")[40:200, 150:300]
crops = (data.lfw_subset()[:100] * 255).astype(np.uint8)
gallery = Gallery()
gallery.enroll("Eileen", [eileen])
for i in range(4):
    gallery.enroll(f"person {i}", [crops[i]])

rng = np.random.default_rng(0)
asked = [augment_image(eileen, parse_changes("brightness"), rng), crops[2][:, ::-1], crops[50]]
figure, axes = plt.subplots(1, 3, figsize=(8, 3.2))
for axis, face in zip(axes, asked, strict=True):
    found = gallery.identify(face)
    axis.imshow(face)
    axis.set_title(f"{found.name}, distance {found.distance:.3f}", fontsize=9)
    axis.axis("off")
