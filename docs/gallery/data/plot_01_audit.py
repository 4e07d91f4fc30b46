"""
What is wrong with a data set?
==============================

Duplicates between training and test, broken files, and odd images, found before anything is
trained.
"""

import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from cvclassic.audit import audit_images, list_folders
from cvclassic.images import read_image
from cvclassic_samples import ROOT

folder = Path(tempfile.mkdtemp())
shutil.copytree(ROOT / "materials", folder / "materials")
train, test = folder / "materials" / "train", folder / "materials" / "test"
shutil.copy(train / "brick" / "brick_08.jpg", test / "brick" / "copied.jpg")
shutil.copy(train / "grass" / "grass_09.jpg", test / "gravel" / "mislabeled.jpg")
(test / "stars" / "broken.jpg").write_bytes((test / "stars" / "stars_00.jpg").read_bytes()[:900])

audit = audit_images(list_folders([train, test]))
for finding in audit.findings:
    names = ", ".join(Path(picture.path).name for picture in finding.images)
    print(f"{finding.kind}: {names} {finding.detail}")

# %%
figure, axes = plt.subplots(1, 4, figsize=(8, 2.4))
shown = [p for f in audit.findings for p in f.images if "broken" not in p.path][:4]
for axis, picture in zip(axes, shown, strict=False):
    axis.imshow(read_image(picture.path))
    axis.set_title(Path(picture.path).name, fontsize=9)
for axis in axes:
    axis.axis("off")
shutil.rmtree(folder)
