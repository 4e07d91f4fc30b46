"""
Which keypoints decide?
=======================

A small set of keypoints whose removal changes the label: where the decision hangs by a thread,
and where it does not.
"""

import matplotlib.pyplot as plt

import cvclassic
from cvclassic.explain import find_flipping_set
from cvclassic.images import read_image
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 100})
path = ROOT / "materials" / "test" / "gravel" / "gravel_02.jpg"
explanation = model.explain(path)
flip = find_flipping_set(model.pipeline, path, explanation)

figure, axis = plt.subplots(figsize=(4.6, 4.6))
axis.imshow(read_image(path))
x, y = explanation.xy.T
axis.plot(x, y, ".", color="#6fd0ff", markersize=4)
axis.plot(x[flip.index], y[flip.index], "o", color="#ff8a3d", markersize=7, fillstyle="none")
axis.set_title(f"{flip.label} becomes {flip.label_after} when\n{len(flip.index)} of "
               f"{flip.n_keypoints} keypoints are removed", fontsize=10)  # fmt: skip
axis.axis("off")
