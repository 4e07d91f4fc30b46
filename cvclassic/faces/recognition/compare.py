"""Distances of people to themselves and to each other, for choosing a threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .gallery import Gallery


def compare_people(
    gallery: Gallery, faces: Sequence[np.ndarray], people: Sequence
) -> tuple[np.ndarray, np.ndarray]:
    """Distances of each image to the other images of its person, and to other people.

    No one is enrolled: the gallery only says how faces are described.

    Parameters
    ----------
    gallery : Gallery
    faces : sequence of ndarray of shape (H, W) or (H, W, 3), uint8
    people : sequence
        Whose face each is.

    Returns
    -------
    genuine : ndarray
        One an image, to the nearest other image of the person; none for people with one only.
    impostor : ndarray
        One for each image and each other person.
    """
    codes = np.unique(np.asarray(people), return_inverse=True)[1]
    known = np.stack([gallery.template(face) for face in faces]).astype(np.float32)
    genuine: list[float] = []
    impostor: list[float] = []
    for i, face in enumerate(faces):
        near = 1 - (known @ gallery.describe(face).T).max(axis=(1, 2))
        others = np.arange(len(faces)) != i
        for code in range(codes.max() + 1):
            theirs = near[(codes == code) & others]
            if len(theirs):
                (genuine if code == codes[i] else impostor).append(theirs.min())
    return np.array(genuine), np.array(impostor)
