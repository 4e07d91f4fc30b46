"""
A model file without pickle
===========================

Arrays and a checked description: loading runs no code.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import cvclassic
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 100})
path = Path(tempfile.mkdtemp()) / "materials.cvmodel"
size = model.save(path)
again = cvclassic.load_model(path)
image = str(ROOT / "materials" / "test" / "tissue" / "tissue_01.jpg")

figure, axis = plt.subplots(figsize=(6, 2.4))
axis.barh(again.classes, again.predict_proba([image])[0], color="#0b63b5")
axis.set(xlim=(0, 1), title=f"{size / 1e6:.2f} MB, loaded again: {again.predict([image])[0]}")

# %%
print(again.info())
