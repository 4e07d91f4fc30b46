"""
Learn to mark 68 points
=======================

Points of a shape found by regression: here on drawn faces, whose points are known exactly. With
photographs the call is the same.
"""

import cv2
import matplotlib.pyplot as plt
import numpy as np

from cvclassic.faces import FaceLandmarks

rng = np.random.default_rng(0)


def arc(x, y, w, h, start, end, n) -> np.ndarray:
    """Points on an ellipse, angles in degrees from the right, downwards."""
    turn = np.radians(np.linspace(start, end, n))
    return np.stack([x + w * np.cos(turn), y + h * np.sin(turn)], axis=1)


# 17 points of the jaw, 10 of the brows, 9 of the nose, 12 of the eyes, 20 of the mouth
parts = [arc(64, 58, 36, 48, 180, 0, 17), arc(48, 46, 11, 6, 200, 340, 5)]
parts += [arc(80, 46, 11, 6, 200, 340, 5), np.linspace([64, 52], [64, 68], 4)]
parts += [arc(64, 70, 8, 4, 180, 0, 5), arc(49, 54, 6, 3, 180, 480, 6)]
parts += [arc(79, 54, 6, 3, 180, 480, 6), arc(64, 84, 13, 6, 180, 510, 12)]
parts += [arc(64, 84, 9, 2, 180, 495, 8)]
ends = np.cumsum([len(part) for part in parts])
mean = np.concatenate(parts)


def draw_face() -> tuple[np.ndarray, np.ndarray]:
    """Strokes along the points of a face that is stretched, turned and shifted a little."""
    angle = rng.normal(0, 0.08)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (mean - 64) * rng.uniform(0.85, 1.1, 2) @ turn.T + 64 + rng.normal(0, 2, 2)
    image = np.full((128, 128), rng.integers(150, 220), np.uint8)
    for part in np.split(points, ends[:-1]):
        cv2.polylines(image, [part.round().astype(np.int32)], False, 50, 2)
    return cv2.GaussianBlur(image, (0, 0), 1), points


drawn = [draw_face() for _ in range(70)]
images, shapes = [image for image, _ in drawn], np.stack([points for _, points in drawn])
boxes = np.tile([26.0, 34, 76, 76], (70, 1))
model = FaceLandmarks(n_starts=2).fit(images[:60], shapes[:60], boxes=boxes[:60])
found = model.predict(images[60:], boxes[60:])

figure, axes = plt.subplots(1, 4, figsize=(9, 2.6))
for axis, image, points in zip(axes, images[60:], found, strict=False):
    axis.imshow(image, vmin=0, vmax=255)
    axis.plot(*points.T, ".", color="#ff8a3d", markersize=3)
    axis.axis("off")

# %%
print(f"mean error {np.linalg.norm(found - shapes[60:], axis=2).mean():.2f} px on new faces")
