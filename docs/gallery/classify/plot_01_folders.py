"""
Classify folders of images
==========================

Train on one sub-folder per class, evaluate on other images, and look at what is confused with
what.
"""

import cvclassic
from cvclassic.draw import confusion_figure
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="sift-bow", params={"n_words": 100})
result = model.evaluate(ROOT / "materials" / "test")
figure = confusion_figure(result.confusion, result.labels)

# %%
# Accuracy with its 95% confidence interval: 40 test images say only so much.
print(f"{result.accuracy:.1%}", [f"{end:.1%}" for end in result.interval("accuracy")])

# %%
# One record per input, whatever is wrong with a file.
for record in model.classify([ROOT / "materials" / "test" / "brick", "missing.jpg"]):
    print(record.path.rpartition("sample_images/")[2], record.status, record.code, record.label)
