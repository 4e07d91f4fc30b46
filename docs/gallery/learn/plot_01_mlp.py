"""
A small network and its curves
==============================

Training and validation loss by epoch, and the same with the L2 penalty that cross-validation
chose.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline

from cvclassic.classify import MLPClassifier, fit_recipe
from cvclassic.describe import Pixels

digits = load_digits()
images = (digits.images * 255 / 16).astype(np.uint8)
pipeline = make_pipeline(Pixels(image_size=8), MLPClassifier((32,), max_iter=60, random_state=0))
training = fit_recipe(pipeline, images[:900], digits.target[:900])
last = [epoch for epoch in training.epochs if np.isfinite(epoch.validation_loss)]

figure, axis = plt.subplots(figsize=(6.4, 3.4))
axis.plot([epoch.loss for epoch in last], color="#0b63b5", label="training loss")
axis.plot([epoch.validation_loss for epoch in last], color="#b84a00", label="validation loss")
axis.set(xlabel="epoch", yscale="log")
axis.legend()

# %%
print(f"test images: {pipeline.score(images[900:], digits.target[900:]):.1%}")
