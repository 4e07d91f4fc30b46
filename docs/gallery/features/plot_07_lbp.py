"""
Local binary patterns of textures
=================================

Each pixel becomes a code of which neighbors are brighter. The histogram of codes tells textures
apart.
"""

import matplotlib.pyplot as plt

from cvclassic.describe import LBP
from cvclassic.images import read_image
from cvclassic_samples import ROOT

labels = ["brick", "grass", "gravel"]
paths = [str(ROOT / "materials" / "test" / label / f"{label}_00.jpg") for label in labels]
histograms = LBP(image_size=128, cells=1).fit_transform(paths)

figure, axes = plt.subplots(2, 3, figsize=(8, 4.4))
for column, (label, path) in enumerate(zip(labels, paths, strict=True)):
    axes[0, column].imshow(read_image(path))
    axes[0, column].set_title(label)
    axes[0, column].axis("off")
    axes[1, column].bar(range(histograms.shape[1]), histograms[column], color="#0b63b5")
    axes[1, column].set_ylim(0, histograms.max())
