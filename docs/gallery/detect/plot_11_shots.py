"""
Cuts and dissolves
==================

Where one shot of a video ends and the next begins: a cut, and a dissolve over ten frames.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.images import read_image
from cvclassic.video import detect_transitions, shots_between
from cvclassic_samples import ROOT


def shot(label: str, n: int) -> list[np.ndarray]:
    """A camera that moves slowly over a texture."""
    image = read_image(ROOT / "materials" / "test" / label / f"{label}_00.jpg")
    image = image if image.ndim == 3 else np.stack([image] * 3, axis=2)
    return [image[i // 3 : i // 3 + 100, i // 2 : i // 2 + 100] for i in range(n)]


brick, grass, tissue = shot("brick", 30), shot("grass", 30), shot("tissue", 30)
mixed = [
    (a * (1 - w) + b * w).astype(np.uint8)
    for a, b, w in zip(grass[-10:], tissue[:10], np.linspace(0, 1, 10), strict=True)
]
frames = brick + grass[:-10] + mixed + tissue[10:]
found = detect_transitions(frames)

figure, axis = plt.subplots(figsize=(8, 2.6))
means = [frame.mean() for frame in frames]
axis.plot(means, color="gray")
for change in found:
    axis.axvspan(change.first - 0.5, change.last + 0.5, color="#ff8a3d", alpha=0.6)
    axis.text(change.last + 1, max(means) - 8, change.kind)
axis.set(xlabel="frame", ylabel="mean brightness")

# %%
print("shots:", shots_between(found, len(frames)))
