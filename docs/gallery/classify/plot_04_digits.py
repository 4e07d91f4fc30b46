"""
Digits with learned patches
===========================

For small images SIFT has nothing to say. Words learned from small patches, with triangle
activation and pooling, are the classical answer (Coates, Lee and Ng, 2011).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from cvclassic.classify import RidgeClassifier
from cvclassic.encode import PatchWords

digits = load_digits()
images = (digits.images * 255 / 16).astype(np.uint8)
X_train, X_test, y_train, y_test = train_test_split(
    images, digits.target, train_size=800, stratify=digits.target, random_state=0
)
words = PatchWords(n_words=200, patch_size=4, pool=2, image_size=8, n_patches=5000, random_state=0)
model = make_pipeline(words, RidgeClassifier()).fit(X_train, y_train)
guesses = model.predict(X_test)

figure, axes = plt.subplots(3, 8, figsize=(8, 3.4))
wrong = np.flatnonzero(guesses != y_test)
shown = np.concatenate([wrong, np.flatnonzero(guesses == y_test)])[: axes.size]
for axis, i in zip(axes.flat, shown, strict=True):
    axis.imshow(X_test[i])
    good = guesses[i] == y_test[i]
    axis.set_title(f"{guesses[i]}", color="black" if good else "#b84a00")
    axis.axis("off")
figure.suptitle(f"{(guesses == y_test).mean():.1%} correct; mistakes first, in orange")
