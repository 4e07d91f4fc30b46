"""What a user of the library writes. Lines with "wrong" are mistakes that checkers must find."""

from __future__ import annotations

import numpy as np

from cvclassic.classify import Recipe, SVMClassifier, make_recipe
from cvclassic.describe import HOG, DenseSIFT
from cvclassic.encode import BagOfWords, FisherVector
from cvclassic.images import Detections, load_folder, read_image
from cvclassic.models import load_model, save_model

data = load_folder("photos")
paths: list[str] = data.paths

recipe = make_recipe("fisher", random_state=0, n_jobs=2)
recipe.fit(paths, data.labels, on_error="skip")
labels: np.ndarray = recipe.predict(paths)
chances = recipe.predict_proba(paths, on_error="record")
size: int = save_model("photos.cvmodel", recipe)
again = load_model("photos.cvmodel")
again.predict(paths)

encoder = FisherVector(DenseSIFT(step=4), n_gaussians=16, pyramid=((1, 1), (3, 1)))
own = Recipe([("features", encoder), ("head", SVMClassifier(C=1.0))], mirror="cv")
own.fit(paths, data.labels, groups=np.arange(len(paths)))
pixels = read_image("a.jpg", max_side=300)
height: int = pixels.shape[0]
found = Detections(np.zeros((1, 4)), np.ones(1), np.array(["cat"], object))
n_found: int = len(found)

FisherVector(n_gausians=3)  # wrong: no such parameter
BagOfWords(words=100)  # wrong: no such parameter
HOG(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)  # wrong: too many
make_recipe(3)  # wrong: a name
read_image("a.jpg", max_size=3)  # wrong: max_side
load_folder()  # wrong: which
save_model("photos.cvmodel")  # wrong: what
DenseSIFT(step="4")  # wrong: a number
SVMClassifier(C="best")  # wrong: a number or "cv"
Recipe([], mirror="sometimes")  # wrong: True, False or "cv"
size.upper()  # wrong: a number
