"""
Many files, one record each
===========================

A run that is stopped is resumed by the same call; what was done is not done again.
"""

import itertools
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import cvclassic
from cvclassic.batch import open_journal, resume
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 50})
images = sorted(map(str, (ROOT / "materials" / "test").rglob("*.jpg")))
output = Path(tempfile.mkdtemp()) / "labels.csv"
about = {"model": "materials"}


def run(most: int) -> tuple[int, int]:
    """Records of a run that ends after `most` of them: how many were new, how many known."""
    with open_journal(output, about) as journal:
        records = resume(journal, model.expand(images), lambda items: model.classify(items))
        new = [fresh for _, fresh in itertools.islice(records, most)]
    return sum(new), len(new) - sum(new)


first, second = run(16), run(len(images))
figure, axis = plt.subplots(figsize=(6, 2))
axis.barh(["resumed", "stopped"], [second[0], first[0]], color="#0b63b5", label="classified")
axis.barh(["resumed", "stopped"], [second[1], first[1]], left=[second[0], first[0]],
          color="#c8d9ec", label="known from before")  # fmt: skip
axis.set(xlabel="images")
axis.legend()
