"""
Are 90% really 90%?
===================

Probabilities against the share that is correct. Points near the diagonal can be believed.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from cvclassic.classify import make_recipe
from cvclassic.evaluate import Predictions, reliability

digits = load_digits()
images = (digits.images * 255 / 16).astype(np.uint8)
model = make_recipe("pixels", image_size=8).fit(images[:300], digits.target[:300])
chances = model.predict_proba(images[300:])
labels = model.classes_[chances.argmax(axis=1)]
paths = [str(i) for i in range(len(labels))]
found = reliability(Predictions(paths, digits.target[300:], labels, model.classes_, chances))

figure, axis = plt.subplots(figsize=(4.6, 4.2))
enough = found.count >= 10
axis.plot([0, 1], [0, 1], "--", color="gray")
axis.plot(found.confidence[enough], found.accuracy[enough], "o-", color="#0b63b5")
axis.set(xlabel="probability", ylabel="share correct",
         title=f"expected calibration error {found.ece:.3f}")  # fmt: skip
