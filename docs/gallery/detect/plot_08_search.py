"""
Find an image again
===================

An index of visual words: which of the indexed images shows the same thing as a turned, smaller
copy?
"""

import cv2
import matplotlib.pyplot as plt

from cvclassic.images import load_folder, read_image
from cvclassic.search import ImageIndex
from cvclassic_samples import ROOT

data = load_folder(ROOT / "materials" / "train")
paths = [*data.paths, str(ROOT / "match" / "coffee_left.jpg"), str(ROOT / "face" / "astronaut.jpg")]
index = ImageIndex(n_words=300).fit(paths)

query = read_image(ROOT / "match" / "coffee_right.jpg")
height, width = query.shape[:2]
turn = cv2.getRotationMatrix2D((width / 2, height / 2), 25, 0.7)
query = cv2.warpAffine(query, turn, (width, height), borderValue=(128, 128, 128))
hits = index.query(query, top=3).hits

figure, axes = plt.subplots(1, 1 + len(hits), figsize=(9, 2.8))
axes[0].imshow(query)
axes[0].set_title("query")
for axis, hit in zip(axes[1:], hits, strict=True):
    axis.imshow(read_image(paths[hit.index]))
    axis.set_title(f"{hit.n_inliers} verified matches", fontsize=9)
for axis in axes:
    axis.axis("off")
