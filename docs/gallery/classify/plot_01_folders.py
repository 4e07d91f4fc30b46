"""
Classify folders of images
==========================

Train on one sub-folder per class, evaluate on other images, and look at what is confused with
what.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvclassic
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 30})
result = model.evaluate(ROOT / "materials" / "test")

figure, axis = plt.subplots(figsize=(4.6, 4.4))
axis.imshow(result.confusion, cmap="Blues")
for (row, column), number in np.ndenumerate(result.confusion):
    axis.text(column, row, number, ha="center", va="center", color="white" if number > 4 else "k")
places = range(len(result.labels))
axis.set_xticks(places, result.labels, rotation=30)
axis.set_yticks(places, result.labels)
axis.set(xlabel="predicted class", ylabel="true class")

# %%
# Accuracy with its 95% confidence interval: 40 test images say only so much.
low, high = result.interval("accuracy")
print(f"accuracy {result.accuracy:.1%} [{low:.1%}, {high:.1%}]")

# %%
# One record per input, whatever is wrong with a file.
for record in model.classify([ROOT / "materials" / "test" / "brick", "missing.jpg"]):
    print(record.path.rpartition("sample_images/")[2], record.status, record.code, record.label)
