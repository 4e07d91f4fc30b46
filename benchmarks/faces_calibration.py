"""Learn how sure the default face detector is: writes cvclassic/faces/face_confidence.safetensors.

Faces to train on are pasted into scenes without faces, at known places, turned, blurred and with
noise; the cascades run over them, and every box that any of them finds is an example: a face or
not. The network of the second look also learns from changed copies of all faces. Scores of
cross-validation over scenes are printed. The images of the test set are not read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from safetensors.numpy import save
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from cvclassic._basics.atomic import atomic_file
from cvclassic.evaluate import average_precision, box_overlaps, match_boxes, recall_at_precision
from cvclassic.faces.detection.stock import all_channels, find_evidence
from cvclassic.faces.detection.verify import (
    HIDDEN,
    WEIGHTS,
    all_evidence,
    face_patches,
    log_odds,
    patch_gradients,
)
from cvclassic.images import read_image

from .common import data_dir, threads

CHANNELS = max(all_channels(), key=len)
INNER = 0.1  # share of a training image at each side that is not yet the face
FOLDS = 5
SURE, NONE = 0.35, 0.1  # overlap with a face of what the network takes for one, and for none


def compose(scene: np.ndarray, crops: np.ndarray, random: np.random.Generator):
    """A scene with faces in it, and their boxes."""
    picture = scene.astype(np.float32)
    height, width = picture.shape
    ramp = np.linspace(-1, 1, 64)
    mask = np.clip((1 - np.maximum(abs(ramp[:, None]), abs(ramp))) / 0.16, 0, 1).astype(np.float32)
    used = np.zeros(picture.shape, bool)
    boxes = []
    for _ in range(height * width // 18000 + 2):
        side = int(36 * 3.2 ** random.random())
        if side + 4 > min(height, width):
            continue
        x, y = int(random.integers(width - side)), int(random.integers(height - side))
        place = np.s_[y : y + side, x : x + side]
        if used[place].any():
            continue
        used[place] = True
        face = crops[random.integers(len(crops))][:, :: random.choice([-1, 1])].astype(np.float32)
        turn = cv2.getRotationMatrix2D((17.5, 17.5), random.normal(0, 6), 1)
        face = cv2.warpAffine(
            np.ascontiguousarray(face), turn, (36, 36), borderMode=cv2.BORDER_REFLECT
        )
        face = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
        level = np.clip(face.mean() + random.normal(0, 25), 40, 215)
        face = (face - face.mean()) * random.uniform(0.45, 1.2) + level
        blend = cv2.resize(mask, (side, side))
        picture[place] = blend * face + (1 - blend) * picture[place]
        boxes.append((x + INNER * side, y + INNER * side, *[side * (1 - 2 * INNER)] * 2))
    blur = random.uniform(0, 0.9)
    if blur > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    picture += random.normal(0, random.uniform(0, 9), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), np.array(boxes).reshape(-1, 4)


def changed(crops: np.ndarray, seed: int) -> np.ndarray:
    """A copy of each face: shifted, scaled, turned, perhaps mirrored and blurred, with noise."""
    random = np.random.default_rng([2, seed])
    copies = np.empty_like(crops)
    for copy, crop in zip(copies, crops, strict=True):
        there = cv2.getRotationMatrix2D(
            (17.5, 17.5), random.normal(0, 6), np.exp(random.normal(0, 0.07))
        )
        there[:, 2] += random.normal(0, 1.25, 2)
        face = cv2.warpAffine(
            np.ascontiguousarray(crop[:, :: random.choice([-1, 1])]),
            there,
            crop.shape,
            borderMode=cv2.BORDER_REFLECT,
        ).astype(np.float32)
        if random.random() < 0.5:
            face = cv2.GaussianBlur(face, (0, 0), random.uniform(0.4, 1.3))
        level = np.clip(face.mean() + random.normal(0, 25), 40, 215)
        face = (face - face.mean()) * random.uniform(0.4, 1.15) + level
        face += random.normal(0, random.uniform(0, 9), face.shape)
        copy[:] = np.clip(face, 0, 255)
    return copies


def examples(number: int, path: Path, crops: np.ndarray) -> tuple:
    """Boxes of one image, what is known of them, and how many faces there are.

    Returns
    -------
    boxes, evidence, gradients, mirrored gradients, overlap with a face, whether it stands for
    one, number of the image, number of faces
    """
    with threads(1):
        scene = read_image(path)
        gray = scene if scene.ndim == 2 else cv2.cvtColor(scene, cv2.COLOR_RGB2GRAY)
        picture, truth = compose(gray, crops, np.random.default_rng([1, number]))
        boxes, evidence = find_evidence(
            picture, CHANNELS, scale_factor=1.05, min_side=20, max_side=max(picture.shape)
        )
        votes = evidence[:, ::3].sum(axis=1)
        faces = match_boxes(boxes, votes, truth, min_overlap=0.35) >= 0
        overlap = box_overlaps(boxes, truth).max(axis=1, initial=0)
        patches = face_patches(picture, boxes)
        gradients = patch_gradients(patches)
        mirrored = patch_gradients(np.ascontiguousarray(patches[:, :, ::-1]))
        scene_of = np.full(len(boxes), number)
        return boxes, evidence, gradients, mirrored, overlap, faces, scene_of, len(truth)


def network(gradients: list[np.ndarray], faces: list[np.ndarray]) -> Pipeline:
    """The second look, fitted."""
    head = MLPClassifier(
        (HIDDEN,), alpha=1.0, max_iter=40, early_stopping=True, n_iter_no_change=5, random_state=0
    )
    X, y = np.concatenate(gradients), np.concatenate(faces)
    return make_pipeline(StandardScaler(), head).fit(X, y)


def layers(fitted: Pipeline) -> tuple[np.ndarray, np.ndarray]:
    """Weights and offsets of both layers, for gradients as they are."""
    scaler, head = fitted[0], fitted[1]
    weights = head.coefs_[0] / scaler.scale_[:, None]
    hidden = np.vstack([weights, head.intercepts_[0] - scaler.mean_ @ weights])
    return hidden.astype(np.float32), np.append(head.coefs_[1], head.intercepts_[1]).astype("f4")


def mixing() -> Pipeline:
    """Logistic regression on columns of one scale."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def left_out(X: np.ndarray, y: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Decisions over each fold by a model that has not seen it."""
    out = np.zeros(len(y))
    for fold in range(FOLDS):
        mine = folds == fold
        out[mine] = mixing().fit(X[~mine], y[~mine]).decision_function(X[mine])
    return out


def folded(fitted: Pipeline) -> np.ndarray:
    """Weights and offset of logistic regression for columns as they are."""
    scaler, head = fitted[0], fitted[1]
    weights = head.coef_[0] / scaler.scale_
    return np.append(weights, head.intercept_[0] - weights @ scaler.mean_).astype(np.float32)


def main() -> None:
    """Collect examples, score by cross-validation, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    home = data_dir() / "faces_cmu_mit"
    scenes = sorted((home / "non_face_scenes").iterdir())
    crops = np.load(home / "face_crops_36x36.npz")["crops"]
    rows = Parallel(n_jobs=arguments.jobs)(
        # each fold has its own faces
        delayed(examples)(i, path, crops[i % FOLDS :: FOLDS])
        for i, path in enumerate(scenes)
    )
    boxes, evidence, gradients, mirrored, overlap, faces, scene = (
        np.concatenate([row[k] for row in rows]) for k in range(7)
    )
    n_faces = sum(row[7] for row in rows)
    folds = scene % FOLDS
    print(f"{len(faces)} boxes, {faces.sum()} of {n_faces} faces among them", flush=True)
    copies = [patch_gradients(changed(crops[fold::FOLDS], fold)) for fold in range(FOLDS)]

    def second_look(used: list[int]) -> Pipeline:
        """The network that has seen the faces and scenes of these folds."""
        mine = np.isin(folds, used)
        yes, no = mine & (overlap >= SURE), mine & (overlap < NONE)
        # both ways round, and real windows twice, as there are fewer of them than of copies
        found = [gradients[yes], mirrored[yes]] * 2 + [copies[fold] for fold in used]
        none = [gradients[no], mirrored[no]]
        labels = [np.ones(len(part), bool) for part in found]
        return network(found + none, labels + [np.zeros(len(part), bool) for part in none])

    second = np.zeros(len(faces))
    for fold in range(FOLDS):
        others = [k for k in range(FOLDS) if k != fold]
        second[folds == fold] = log_odds(gradients[folds == fold], *layers(second_look(others)))
    hidden, output = layers(second_look(list(range(FOLDS))))
    arrays = {"hidden": hidden, "output": output}
    single = faces | (overlap < SURE)  # a second box of a face says nothing about the score
    for channels in all_channels():
        at = [3 * CHANNELS.index(name) + k for name in channels for k in range(3)]
        seen = (evidence[:, at[::3]] > 0).any(axis=1) & single
        X, y = all_evidence(evidence[:, at], second, boxes)[seen], faces[seen]
        scores = left_out(X, y, folds[seen])
        recall, _ = recall_at_precision(y, scores, n_faces, 0.95)
        surer, threshold = recall_at_precision(y, scores, n_faces, 0.99)
        print(
            f"{'+'.join(channels):45} average precision {average_precision(y, scores, n_faces):.4f}"
            f"  recall at precision .95 {recall:.4f}, at .99 {surer:.4f} "
            f"(probability {1 / (1 + np.exp(-threshold)):.2f})"
        )
        arrays["+".join(channels)] = folded(mixing().fit(X, y))
    with atomic_file(WEIGHTS) as file:
        file.write(save(arrays))
    print(f"wrote {WEIGHTS.name}, {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
