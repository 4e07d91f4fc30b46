"""
How robust is a model?
======================

Accuracy on damaged copies of the test images: blur, noise, JPEG.
"""

import matplotlib.pyplot as plt

import cvclassic
from cvclassic.comparison import DAMAGES, damage_image
from cvclassic.images import load_folder, read_image
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 60})
test = load_folder(ROOT / "materials" / "test")
images = [read_image(path) for path in test.paths[::2]]

figure, axis = plt.subplots(figsize=(6.6, 3.4))
for kind, (_, _, amounts) in DAMAGES.items():
    right = []
    for amount in amounts:
        damaged = [damage_image(image, kind, amount) for image in images]
        right.append((model.predict(damaged) == test.labels[::2]).mean())
    axis.plot(range(1, len(right) + 1), right, "o-", label=kind)
axis.set(xlabel="strength of the damage", ylabel="accuracy", ylim=(0, 1.02), xticks=(1, 2, 3))
axis.legend(fontsize=8)
