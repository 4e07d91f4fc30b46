"""
Who voted for this label?
=========================

The decision of a linear head over visual words is a sum over keypoints. So every keypoint's share
is exact, not a guess.
"""

import matplotlib.pyplot as plt

import cvclassic
from cvclassic.draw import draw_explanation
from cvclassic.images import read_image
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 100})
path = ROOT / "materials" / "test" / "brick" / "brick_03.jpg"
explanation = model.explain(path)
figure, axis = plt.subplots(figsize=(9, 4.2))
axis.imshow(draw_explanation(read_image(path), explanation))
axis.axis("off")

# %%
# The shares and the bias add up to the difference of the two decisions.
print(f"{explanation.label} against {explanation.against}: {explanation.decision:.4f}")
print(f"sum of {len(explanation.shares)} shares and bias: "
      f"{explanation.shares.sum() + explanation.bias:.4f}")  # fmt: skip
