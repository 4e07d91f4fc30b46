"""
What and where: a network with two heads
========================================

One hidden layer, a softmax head that says what is there, a linear head that says where; the loss is
the sum of a cross entropy and a squared error of the box.
"""

import cv2
import matplotlib.pyplot as plt
import numpy as np

from cvclassic.objects import SingleObjectLocalizer

rng = np.random.default_rng(0)


def draw_scene() -> tuple[np.ndarray, list, str]:
    """A noisy image with a disc or a square, its box and its name."""
    image = rng.integers(90, 140, (60, 80, 3), dtype=np.uint8)
    (x, y), half = rng.integers(24, 37, 2) + (7, 0), int(rng.integers(11, 17))
    name = "disc" if rng.random() < 0.5 else "square"
    if name == "disc":
        cv2.circle(image, (int(x), int(y)), half, (235, 200, 60), -1)
    else:
        corners = (int(x - half), int(y - half)), (int(x + half), int(y + half))
        cv2.rectangle(image, *corners, (60, 120, 235), -1)
    return image, [[x - half, y - half, 2 * half + 1, 2 * half + 1]], name


images, boxes, names = zip(*(draw_scene() for _ in range(84)), strict=True)
truth = [(box, [name]) for box, name in zip(boxes, names, strict=True)]
model = SingleObjectLocalizer(n_hidden=64, max_iter=80).fit(images[:80], truth[:80])

figure, axes = plt.subplots(1, 5, figsize=(12, 2.4), width_ratios=[1.4, 1, 1, 1, 1])
axes[0].semilogy([loss.label for loss in model.losses_], label="class")
axes[0].semilogy([loss.box for loss in model.losses_], label="box")
axes[0].set(xlabel="epoch", title="losses")
axes[0].legend()
for axis, image, found in zip(axes[1:], images[80:], model.predict(images[80:]), strict=True):
    axis.imshow(image)
    (x, y, w, h), name = found.boxes[0], found.labels[0]
    axis.add_patch(plt.Rectangle((x, y), w, h, fill=False, color="#ff8a3d", linewidth=2))
    axis.set_title(f"{name} {found.scores[0]:.2f}")
    axis.axis("off")
