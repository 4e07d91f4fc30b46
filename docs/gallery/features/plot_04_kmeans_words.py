"""
K-means, step by step
=====================

How a vocabulary settles: the sum of squared distances falls with every round, and most of it in
the first few.
"""

import matplotlib.pyplot as plt
import numpy as np

from cvclassic.describe import SIFT
from cvclassic.encode import kmeans_words, nearest_words
from cvclassic.images import load_folder
from cvclassic_samples import ROOT

data = load_folder(ROOT / "materials" / "train")
sample = np.concatenate([SIFT().describe(path).descriptors for path in data.paths[::4]])
words = sample[np.random.default_rng(0).choice(len(sample), 20, replace=False)]
inertia = []
for _ in range(12):
    nearest = nearest_words(sample, words)
    inertia.append(((sample - words[nearest]) ** 2).sum())
    words = np.stack([
        sample[nearest == k].mean(axis=0) if (nearest == k).any() else words[k] for k in range(20)
    ])  # fmt: skip

ours = kmeans_words(sample, 20, random_state=np.random.RandomState(0))
best = ((sample - ours[nearest_words(sample, ours)]) ** 2).sum()
figure, axis = plt.subplots(figsize=(6, 3.2))
axis.plot(range(1, 13), inertia, "o-", color="#0b63b5", label="from random descriptors")
axis.axhline(best, color="#b84a00", linestyle="--", label="kmeans_words, from spread seeds")
axis.set(xlabel="round", ylabel="sum of squared distances")
axis.legend()
