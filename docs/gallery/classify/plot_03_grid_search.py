"""
Search for good parameters
==========================

scikit-learn's grid search reaches into a pipeline. Parameters are chosen on training images only;
test images are used once, at the end.
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from cvclassic.classify import SVMClassifier
from cvclassic.describe import DenseSIFT
from cvclassic.encode import BagOfWords
from cvclassic.images import load_folder
from cvclassic_samples import ROOT

train = load_folder(ROOT / "materials" / "train")
test = load_folder(ROOT / "materials" / "test")
pipeline = Pipeline(
    [
        ("words", BagOfWords(DenseSIFT(step=12, bin_sizes=(6,)), random_state=0)),
        ("svm", SVMClassifier(kernel="linear", C=1.0)),
    ]
)
grid = {"words__n_words": [5, 20, 80], "words__norm": ["l1", "hellinger"]}
search = GridSearchCV(pipeline, grid, cv=3).fit(train.paths, train.labels)

figure, axis = plt.subplots()
for norm in grid["words__norm"]:
    rows = [i for i, p in enumerate(search.cv_results_["params"]) if p["words__norm"] == norm]
    axis.plot(grid["words__n_words"], search.cv_results_["mean_test_score"][rows], "o-", label=norm)
axis.set(xlabel="words", ylabel="accuracy in cross-validation", xscale="log")
axis.legend(title="normalization")

# %%
print(search.best_params_, f"test images: {search.score(test.paths, test.labels):.1%}")
