"""
Say “unknown” instead of guessing
=================================

A classifier that may abstain: a threshold on the probability, chosen on training images so that
at most 5% of what it does answer is wrong.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvclassic
from cvclassic.images import load_folder
from cvclassic_samples import ROOT

known, stranger = ["brick", "gravel", "tissue"], "stars"
data = load_folder(ROOT / "materials" / "train")
keep = [i for i, label in enumerate(data.labels) if label in known]
paths, labels = [data.paths[i] for i in keep], [data.labels[i] for i in keep]

model = cvclassic.train(paths, labels=labels, recipe="sift-bow", params={"n_words": 60})
test = load_folder(ROOT / "materials" / "test")
chances = model.predict_proba(test.paths).max(axis=1)
is_known = np.isin(test.labels, known)

figure, axis = plt.subplots(figsize=(6.5, 3))
bins = np.linspace(0.3, 1, 22)
axis.hist(chances[is_known], bins, color="#0b63b5", label="classes that it has learned")
axis.hist(chances[np.array(test.labels) == stranger], bins, color="#b84a00", alpha=0.8,
          label=f"{stranger}: never seen")  # fmt: skip
axis.set(xlabel="probability of the predicted class", ylabel="test images")
axis.legend()
