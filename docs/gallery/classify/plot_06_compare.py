"""
Compare two models honestly
===========================

Two models on the same images are compared image by image: overlapping confidence intervals do not
mean that there is no difference.
"""

import matplotlib.pyplot as plt

import cvclassic
from cvclassic.evaluate import compare_predictions
from cvclassic_samples import ROOT

names = ["pixels", "sift-bow"]
params = {"pixels": {}, "sift-bow": {"n_words": 60}}
results = {}
for name in names:
    model = cvclassic.train(ROOT / "materials" / "train", recipe=name, params=params[name])
    results[name] = model.evaluate(ROOT / "materials" / "test")

found = compare_predictions(names, [results[name].predictions for name in names])
figure, axis = plt.subplots(figsize=(6, 2.4))
for row, name in enumerate(names):
    low, high = results[name].interval("accuracy")
    axis.plot([low, high], [row, row], color="#0b63b5", linewidth=3)
    axis.plot(results[name].accuracy, row, "o", color="#0b63b5")
axis.set(yticks=range(len(names)), yticklabels=names, xlim=(0, 1), ylim=(-0.6, 1.6),
         xlabel="accuracy and its 95% confidence interval")  # fmt: skip

# %%
pair = found.differences[0]
print(f"only {names[0]} correct: {pair.only_first}, only {names[1]} correct: {pair.only_second}")
print(f"exact McNemar test: p = {pair.mcnemar_p:.4f}")
