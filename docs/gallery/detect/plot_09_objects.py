"""
A detector of any object
========================

Learned from images with boxes: here drawn rings among other shapes, so that the truth is known.
"""

import cv2
import matplotlib.pyplot as plt
import numpy as np

from cvclassic.evaluate import box_overlaps
from cvclassic.objects import ObjectDetector

rng = np.random.default_rng(0)


def draw_scene() -> tuple[np.ndarray, np.ndarray]:
    """A noisy image with one ring, a disc and a square, and the ring's box."""
    image = rng.integers(90, 150, (120, 160, 3), dtype=np.uint8)
    centers = [(30, 30), (115, 40), (70, 90)]
    rng.shuffle(centers)
    radius = int(rng.integers(15, 22))
    (x, y), disc, square = (np.array(c) + rng.integers(-6, 7, 2) for c in centers)
    cv2.circle(image, (int(x), int(y)), radius, (230, 230, 230), 6)
    cv2.circle(image, tuple(map(int, disc)), 16, (230, 230, 230), -1)
    cv2.rectangle(image, tuple(map(int, square - 15)), tuple(map(int, square + 15)), (230,) * 3, 5)
    side = 2 * radius + 6
    return image, np.array([[x - side // 2, y - side // 2, side, side]])


images, boxes = zip(*(draw_scene() for _ in range(34)), strict=True)
detector = ObjectDetector(n_trees=32, n_windows=30).fit(images[:30], boxes[:30])
found = detector.predict(images[30:])

figure, axes = plt.subplots(1, 4, figsize=(10, 2.4))
for axis, image, truth, result in zip(axes, images[30:], boxes[30:], found, strict=True):
    axis.imshow(image)
    for (x, y, w, h), score in zip(result.boxes, result.scores, strict=True):
        if score > 0.5:
            axis.add_patch(plt.Rectangle((x, y), w, h, fill=False, color="#ff8a3d", linewidth=2))
    best = box_overlaps(result.boxes[:1], truth).max(initial=0)
    axis.set_title(f"IoU with the truth {best:.2f}", fontsize=9)
    axis.axis("off")
