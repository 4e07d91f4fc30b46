"""
An image as a histogram of words
================================

Two classes, two kinds of histograms: that is all a classifier gets to see.
"""

import matplotlib.pyplot as plt

from cvclassic.describe import SIFT
from cvclassic.encode import BagOfWords
from cvclassic.images import load_folder, read_image
from cvclassic_samples import ROOT

data = load_folder(ROOT / "materials" / "train")
encoder = BagOfWords(SIFT(), n_words=30, norm="l1", random_state=0).fit(data.paths, data.labels)

figure, axes = plt.subplots(2, 3, figsize=(9, 4.4), width_ratios=[1, 2, 2])
for row, label in zip(axes, ("brick", "stars"), strict=True):
    paths = [str(ROOT / "materials" / "test" / label / f"{label}_0{i}.jpg") for i in (0, 1)]
    row[0].imshow(read_image(paths[0]))
    row[0].set_title(label)
    row[0].axis("off")
    for axis, histogram in zip(row[1:], encoder.transform(paths), strict=True):
        axis.bar(range(len(histogram)), histogram, color="#0b63b5")
        axis.set(ylim=(0, 0.3), xlabel="word")
