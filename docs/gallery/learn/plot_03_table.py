"""
A table of numbers
==================

Columns instead of images: the same heads, the same scores. Here cell measurements, benign or
malignant.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score

from cvclassic.classify import make_table_recipe

data = load_breast_cancer()
columns = [name.replace(" ", "_") for name in data.feature_names]
heads = ["ridge", "svm", "mlp"]
scores = [
    cross_val_score(make_table_recipe(columns, head), data.data, data.target, cv=3)
    for head in heads
]
figure, axis = plt.subplots(figsize=(6, 2.6))
axis.barh(heads, [np.mean(score) for score in scores], color="#0b63b5")
axis.set(xlim=(0.8, 1), xlabel="accuracy in 3-fold cross-validation")
