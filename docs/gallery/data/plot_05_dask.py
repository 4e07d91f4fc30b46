"""
Classify on a Dask cluster
==========================

The same records, in the same order, from worker processes that can sit on other machines.
"""

import matplotlib.pyplot as plt

import cvclassic
from cvclassic_samples import ROOT

# Worker processes import this file again, so what starts them stands behind this line.
if __name__ == "__main__":
    model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 50})
    images = sorted(map(str, (ROOT / "materials" / "test").rglob("*_0[0-2].jpg")))
    here = [(r.path, r.label) for r in model.classify(images)]
    there = [(r.path, r.label) for r in model.classify(images, engine="dask", n_jobs=2)]
    print(
        f"{len(there)} records, {'the same' if here == there else 'other'} labels as without Dask"
    )

    figure, axis = plt.subplots(figsize=(6, 2.4))
    labels = [label for _, label in there]
    axis.bar(model.classes, [labels.count(name) for name in model.classes], color="#0b63b5")
    axis.set(ylabel="images")
