"""Drawn faces with known points, and photographed ones that scikit-image brings along."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from cvclassic.faces.landmarks.alignment import MIRRORED


def unit_face() -> np.ndarray:
    """68 points of a plain, symmetric face, about 1 wide."""
    t = np.linspace(np.pi, 0, 17)
    jaw = np.c_[0.5 * np.cos(t), 0.1 + 0.55 * np.sin(t)]
    brow = np.c_[np.linspace(-0.4, -0.1, 5), [-0.2, -0.26, -0.28, -0.26, -0.22]]
    bridge = np.c_[np.zeros(4), np.linspace(-0.1, 0.12, 4)]
    base = np.c_[np.linspace(-0.1, 0.1, 5), [0.17, 0.19, 0.2, 0.19, 0.17]]
    turn = np.deg2rad([180, 240, 300, 0, 60, 120])
    eye = np.c_[-0.24 + 0.09 * np.cos(turn), -0.08 + 0.04 * np.sin(turn)]
    outer = np.deg2rad(180 + 30 * np.arange(12))
    lips = np.c_[0.2 * np.cos(outer), 0.38 + 0.09 * np.sin(outer)]
    inner = np.deg2rad(180 + 45 * np.arange(8))
    mouth = np.c_[0.14 * np.cos(inner), 0.38 + 0.04 * np.sin(inner)]
    face = np.zeros((68, 2))
    for first, part in ((0, jaw), (17, brow), (27, bridge), (31, base), (36, eye)):
        face[first : first + len(part)] = part
    face[48:60], face[60:] = lips, mouth
    for first, last in ((22, 27), (42, 48)):  # what the right side takes from the left
        for i in range(first, last):
            face[i] = face[MIRRORED[i]] * [-1, 1]
    return face


def draw_face(shape: np.ndarray, side: int) -> np.ndarray:
    """A cartoon of a face whose points are given."""
    image = np.full((side, side), 90, np.uint8)

    def fill(points, value: int) -> None:
        cv2.fillPoly(image, [np.rint(points * 16).astype(np.int32)], value, cv2.LINE_AA, 4)

    def line(points, value: int, width: int) -> None:
        ends = [np.rint(points * 16).astype(np.int32)]
        cv2.polylines(image, ends, False, value, width, cv2.LINE_AA, 4)

    top = shape[17:27].mean(axis=0) - 0.25 * (shape[8] - shape[27])
    fill(np.concatenate([shape[:17], [shape[26], top, shape[17]]]), 190)
    for part in (shape[17:22], shape[22:27]):
        line(part, 60, 3)
    line(shape[27:31], 150, 2)
    line(shape[31:36], 110, 2)
    for part in (shape[36:42], shape[42:48]):
        fill(part, 245)
        center = tuple(np.rint(part.mean(axis=0) * 16).astype(int).tolist())
        cv2.circle(image, center, 3 * 16, 20, -1, cv2.LINE_AA, 4)
    fill(shape[48:60], 120)
    fill(shape[60:], 40)
    return cv2.GaussianBlur(image, (3, 3), 0)


@pytest.fixture(scope="session")
def make_faces() -> Callable[..., tuple[list[np.ndarray], np.ndarray]]:
    """Draw n faces that differ: turned, wide or long, with mouths more or less open."""

    def make(n: int, seed: int = 0, side: int = 128) -> tuple[list[np.ndarray], np.ndarray]:
        rng = np.random.default_rng(seed)
        base = unit_face()
        shapes = np.empty((n, 68, 2))
        for i in range(n):
            shape = base * rng.uniform(0.9, 1.1, 2)
            shape[48:] += (shape[48:] - shape[48:].mean(axis=0)) * rng.uniform(-0.2, 0.6, 2)
            shape[17:27, 1] -= rng.uniform(-0.03, 0.05)
            angle = np.deg2rad(rng.uniform(-10, 10))
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            shapes[i] = shape @ turn.T * side * rng.uniform(0.5, 0.58) + side * 0.48
        images = []
        for shape in shapes:
            noise = rng.normal(0, 6, (side, side))
            images.append(np.clip(draw_face(shape, side) + noise, 0, 255).astype(np.uint8))
        return images, shapes

    return make


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A woman's face of about 100 pixels in 300 x 300, RGB."""
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:300, 80:380])


@pytest.fixture(scope="session")
def small_faces() -> np.ndarray:
    """A hundred faces of 25 x 25 pixels, uint8."""
    from skimage.data import lfw_subset

    return np.rint(lfw_subset()[:100] * 255).astype(np.uint8)
