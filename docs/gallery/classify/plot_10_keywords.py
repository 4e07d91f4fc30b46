"""
Several labels per image
========================

Keywords instead of one class: images that show two materials side by side get both words. Every
word has a probability and a threshold of its own.
"""

import cv2
import matplotlib.pyplot as plt
import numpy as np

import cvclassic
from cvclassic.images import load_folder, read_image
from cvclassic_samples import ROOT


def cut(pixels):
    """A gray square from the middle of a photo."""
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    top, left = (side // 2 - 64 for side in gray.shape)
    return gray[top : top + 128, left : left + 128]


def side_by_side(part: str, n: int, seed: int):
    """Images whose halves show two materials (now and then the same one), and their words."""
    rng = np.random.default_rng(seed)
    data = load_folder(ROOT / "materials" / part)
    photos = [cut(read_image(path)) for path in data.paths]
    pairs = rng.integers(0, len(photos), (n, 2))
    images = [np.hstack([photos[a], photos[b]]) for a, b in pairs]
    return images, [sorted({data.labels[a], data.labels[b]}) for a, b in pairs]


images, words = side_by_side("train", 80, seed=0)
model = cvclassic.train(images, "sift-bow", labels=words, params={"n_words": 60})
tests, truth = side_by_side("test", 40, seed=1)
result = model.evaluate(tests, labels=truth)

figure, axes = plt.subplots(2, 4, figsize=(9, 3.6), layout="constrained")
answers = model.predict(tests[:8])
for axis, image, right, answer in zip(axes.flat, tests, truth, answers, strict=False):
    axis.imshow(image, cmap="gray")
    axis.set_title(", ".join(answer) or "(nothing)", fontsize=8)
    axis.set_xlabel("true: " + ", ".join(right), fontsize=8)
    axis.set(xticks=[], yticks=[])

# %%
# Scores are means over words, as in the literature on image annotation; mAP is that of word search.
for name in ("mean_precision", "mean_recall", "mean_f1", "map"):
    low, high = result.interval(name)
    print(f"{name:15} {result.scores[name]:.1%} [{low:.1%}, {high:.1%}]")

# %%
# F1 and average precision of each word.
result.plot()
