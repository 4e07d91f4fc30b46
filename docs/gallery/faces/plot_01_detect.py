"""
Find and blur faces
===================

OpenCV's cascades together with a check of what they found; then the faces blurred.
"""

import matplotlib.pyplot as plt

from cvclassic.draw import draw_faces
from cvclassic.faces import HaarFaceDetector, blur_faces
from cvclassic.images import read_image
from cvclassic_samples import ROOT

image = read_image(ROOT / "face" / "astronaut.jpg")
faces = HaarFaceDetector().detect(image)
figure, axes = plt.subplots(1, 2, figsize=(8, 4.2))
axes[0].imshow(draw_faces(image, faces.boxes, faces.scores))
axes[1].imshow(blur_faces(image, faces))
for axis in axes:
    axis.axis("off")
