"""
An honest comparison
====================

Several methods on the same images, each in a process of its own: accuracy, training time and size
of the model. Networks take part where torch is installed.
"""

import matplotlib.pyplot as plt

from cvclassic.comparison import run_contest
from cvclassic.images import load_folder
from cvclassic_samples import ROOT

# Worker processes import this file again, so what starts them stands behind this line.
if __name__ == "__main__":
    train = load_folder(ROOT / "materials" / "train")
    test = load_folder(ROOT / "materials" / "test")
    contest = run_contest(["fast", "hog"], (train.paths, train.labels), (test.paths, test.labels))

    figure, axes = plt.subplots(1, 3, figsize=(9, 2.4))
    names = list(contest.measured)
    titles = {"mean_class_accuracy": "accuracy", "fit_s": "training, s", "model_mb": "model, MB"}
    for axis, (key, title) in zip(axes, titles.items(), strict=True):
        axis.barh(names, [contest.measured[name].row[key] for name in names], color="#0b63b5")
        axis.set_title(title)
