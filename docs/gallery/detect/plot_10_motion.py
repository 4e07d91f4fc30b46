"""
What moves in a video
=====================

Background subtraction and optical flow on frames: a textured patch moves over a still background.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.images import read_image
from cvclassic.video import draw_flow, optical_flow, subtract_background
from cvclassic_samples import ROOT

background = np.stack([read_image(ROOT / "materials" / "test" / "gravel" / "gravel_00.jpg")] * 3, 2)
patch = read_image(ROOT / "face" / "astronaut.jpg", max_side=192)[20:60, 70:110]


def frame(i: int) -> np.ndarray:
    """The background with the patch, two pixels further in every frame."""
    image = background.copy()
    image[40:80, 10 + 2 * i : 50 + 2 * i] = patch
    return image


frames = [background] * 20 + [frame(i) for i in range(30)]
masks = list(subtract_background(frames))
flows = list(optical_flow(frames[-2:]))

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2))
for axis, shown, title in zip(
    axes,
    (frames[-1], masks[-1], draw_flow(flows[-1])),
    ("frame", "not background", "optical flow: hue is the direction"),
    strict=True,
):
    axis.imshow(shown)
    axis.set_title(title)
    axis.axis("off")
