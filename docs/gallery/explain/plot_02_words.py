"""
What the visual words look like
===============================

Each row shows the patches nearest to one word of the vocabulary, and which class the word speaks
for.
"""

import matplotlib.pyplot as plt

import cvclassic
from cvclassic.explain import browse_words
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 40})
words, _ = browse_words(model.pipeline, model.training.paths, n_words=8, n_patches=8)

figure, axes = plt.subplots(len(words), 8, figsize=(7, 7))
for row, word in zip(axes, words, strict=True):
    for axis in row:
        axis.axis("off")
    for axis, patch in zip(row, word.patches, strict=False):
        axis.imshow(patch)
    best = model.classes[int(word.weights.argmax())]
    row[0].set_title(f"word {word.number}, for {best}", loc="left", fontsize=9)
