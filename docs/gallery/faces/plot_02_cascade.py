"""
Train a cascade of your own
===========================

A few small stages on 25 x 25 pixels: faces against everything else, with images that scikit-image
brings along.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from cvclassic.cascade import Objects, Settings, judge_crops, train_cascade

crops = (data.lfw_subset() * 255).astype(np.uint8)
faces, others = crops[:100], crops[100:]
scenes = [np.hstack([np.vstack(list(others[i : i + 10])) for i in range(0, 50, 10)])]
settings = Settings(window=(24, 24), stages=4, n_positives=300, n_negatives=300)
training = train_cascade(Objects(list(faces[:60]), (24, 24)), scenes, settings)

figure, axis = plt.subplots(figsize=(6.4, 3.2))
for name, images, color in (("faces", faces[60:], "#0b63b5"), ("others", others[50:], "#b84a00")):
    judged = judge_crops(training.cascade, np.stack([image[:24, :24] for image in images]))
    passed = [(judged.stage >= stage).mean() for stage in range(len(training.cascade.stages) + 1)]
    axis.plot(passed, "o-", color=color, label=f"{name} that it has not seen")
axis.set(xlabel="stages passed", ylabel="share of windows", ylim=(0, 1.02))
axis.legend()
