"""
A recipe as a scikit-learn pipeline
===================================

Encoders are transformers: images in, one vector each out. So they fit into pipelines, and
everything that scikit-learn does with pipelines works.
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from cvclassic.classify import SVMClassifier
from cvclassic.describe import DenseSIFT
from cvclassic.encode import VLAD, BagOfWords, FisherVector
from cvclassic.images import load_folder
from cvclassic_samples import ROOT

data = load_folder(ROOT / "materials" / "train")
encoders = {
    "bag of words": BagOfWords(DenseSIFT(step=12, bin_sizes=(6,)), n_words=50, random_state=0),
    "VLAD": VLAD(DenseSIFT(step=12, bin_sizes=(6,)), n_words=8, random_state=0),
    "Fisher vector": FisherVector(
        DenseSIFT(step=12, bin_sizes=(6,)), n_gaussians=8, random_state=0
    ),
}
scores = {
    name: cross_val_score(make_pipeline(encoder, SVMClassifier(C=1.0)), data.paths, data.labels)
    for name, encoder in encoders.items()
}
figure, axis = plt.subplots(figsize=(6, 3))
axis.barh(list(scores), [score.mean() for score in scores.values()], color="#0b63b5")
axis.set(xlim=(0, 1), xlabel="accuracy in 5-fold cross-validation")

# %%
# Each name in the drawing of a pipeline leads to its documentation.
make_pipeline(encoders["VLAD"], SVMClassifier(C=1.0))
