"""
An honest comparison
====================

Several methods on the same images, each in a process of its own: accuracy, training time and size
of the model. Networks take part where torch is installed.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.comparison import run_contest
from cvclassic.images import load_folder
from cvclassic_samples import ROOT

# Worker processes import this file again, so what starts them stands behind this line.
if __name__ == "__main__":
    train = load_folder(ROOT / "materials" / "train")
    test = load_folder(ROOT / "materials" / "test")
    contest = run_contest(["fast", "hog"], (train.paths, train.labels), (test.paths, test.labels))

    names = list(contest.measured)
    shown = {"accuracy": [], "training, s": [], "model, MB": []}
    for found in contest.measured.values():
        guesses = np.array(found.classes)[found.probabilities.argmax(axis=1)]
        shown["accuracy"].append((guesses == test.labels).mean())
        shown["training, s"].append(found.row["fit_s"])
        shown["model, MB"].append(found.row["model_mb"])

    figure, axes = plt.subplots(1, 3, figsize=(9, 2.4))
    for axis, (title, values) in zip(axes, shown.items(), strict=True):
        axis.barh(names, values, color="#0b63b5")
        axis.set_title(title)
