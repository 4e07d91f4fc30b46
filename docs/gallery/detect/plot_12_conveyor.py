"""
Count objects on a conveyor
===========================

Plates of different materials pass a camera. They are found, followed, counted when they cross a
line, and classified once each.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import binary_closing, find_objects, label

import cvclassic
from cvclassic.images import Detections, read_image
from cvclassic.video import draw_tracks, track_detections
from cvclassic_samples import ROOT

model = cvclassic.train(ROOT / "materials" / "train", recipe="fast")

# %%
# A film of a conveyor: plates cut from test images move 5 pixels per frame over a gray belt.
names = ["brick", "gravel", "grass", "tissue", "stars", "gravel", "brick"]
files = [ROOT / "materials" / "test" / f"{name}/{name}_0{i}.jpg" for i, name in enumerate(names)]
plates = [np.atleast_3d(read_image(file))[:96, :96] for file in files]
rng = np.random.default_rng(0)
belt = rng.normal(90, 4, (160, 420 + 96 * 2, 3))


def frame(i):
    image = belt.copy()
    for k, plate in enumerate(plates):
        x = 5 * i - 150 * k
        if 0 <= x < image.shape[1] - 96:
            image[20 + 8 * (k % 4) :, x : x + 96][:96] = plate
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)[:, 96:-96]


film = [frame(i) for i in range(300)]


# %%
# What differs from the empty belt is a plate. The tracker gives each plate one number.
def find(image):
    different = np.abs(image - film[0].astype(int)).max(axis=2) > 25
    whole = binary_closing(np.pad(different, 12), np.ones((13, 13)))[12:-12, 12:-12]
    places = find_objects(label(whole)[0])
    boxes = [(x.start, y.start, x.stop - x.start, y.stop - y.start) for y, x in places]
    boxes = np.array([b for b in boxes if b[2] * b[3] > 2000], np.float32).reshape(-1, 4)
    return Detections(boxes, np.ones(len(boxes)), [None] * len(boxes))


tracks = list(track_detections(((find(image), image) for image in film), max_hidden=15))

# %%
# A plate counts when its center crosses the line in the middle, and is classified there.
line = film[0].shape[1] // 2
counted, last = {}, {}
for box in tracks:
    x, y, w, h = map(round, box.box)
    center = x + w / 2
    if last.get(box.track, center) < line <= center:
        plate = film[box.frame][max(y, 0) : y + h, max(x, 0) : x + w]
        counted[box.track] = (box.frame, str(model.pipeline.predict([plate])[0]))
    last[box.track] = center
for track, (at, material) in counted.items():
    print(f"plate {track}: frame {at}, {material}")
print(f"{len(counted)} plates, {len(plates)} were there")

# %%
at = 130
plt.figure(figsize=(8, 3.4))
plt.imshow(draw_tracks(film[at], [box for box in tracks if box.frame == at]))
plt.axvline(line, color="white", linestyle="--")
plt.title(f"{sum(frame <= at for frame, _ in counted.values())} counted so far")
plt.axis("off")
