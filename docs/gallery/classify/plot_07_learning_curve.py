"""
Would more images help?
=======================

Accuracy against the number of training images per class, over several random subsets.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.classify import make_recipe
from cvclassic.evaluate import learning_curve
from cvclassic.images import load_folder
from cvclassic_samples import ROOT

train = load_folder(ROOT / "materials" / "train")
test = load_folder(ROOT / "materials" / "test")
pipeline = make_recipe("sift-bow", n_words=50, C=1.0, random_state=0)
pipeline.fit(train.paths, train.labels)
curve = learning_curve(
    pipeline, train.paths, train.labels, test.paths, test.labels, sizes=(1, 2, 4, 8), n_repeats=5
)

figure, axis = plt.subplots(figsize=(6, 3.4))
axis.plot(curve.sizes, curve.accuracy, "o", color="#0b63b5", alpha=0.5)
axis.plot(curve.sizes, np.mean(curve.accuracy, axis=1), "-", color="#0b63b5")
axis.set(xlabel="training images per class", ylabel="accuracy", ylim=(0, 1.02))
