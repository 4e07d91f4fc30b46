"""Probability that a box is a face: what cascades counted, and a second look at its gradients."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import load as load_tensors

from ...errors import ModelFileError

PATCH = 36  # side of what is looked at, in pixels
HIDDEN = 32  # units of the network that looks at it
_MARGIN, _DOWN = 1.23, 0.05  # of it around a box, in shares of the box's side
WEIGHTS = Path(__file__).with_name("face_confidence.safetensors")


def face_patches(gray: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Square cuttings around boxes, all of one size; beyond the border it goes on as it ends.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
    boxes : ndarray of shape (n, 4)

    Returns
    -------
    ndarray of shape (n, 36, 36), uint8
    """
    patches = np.empty((len(boxes), PATCH, PATCH), np.uint8)
    for patch, (x, y, w, h) in zip(patches, boxes, strict=True):
        side = w * _MARGIN
        left, top = x + (w - side) / 2, y + (h - side) / 2 + _DOWN * w
        factor = side / PATCH
        if factor <= 1.5:
            where = np.array(
                [[factor, 0, left + (factor - 1) / 2], [0, factor, top + (factor - 1) / 2]]
            )
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            cv2.warpAffine(
                gray, where, (PATCH, PATCH), patch, flags=how, borderMode=cv2.BORDER_REPLICATE
            )
            continue
        x0, y0, n = int(np.floor(left)), int(np.floor(top)), int(np.ceil(side))
        rows = np.clip(np.arange(y0, y0 + n), 0, gray.shape[0] - 1)
        columns = np.clip(np.arange(x0, x0 + n), 0, gray.shape[1] - 1)
        cut = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if cut.shape != (n, n):
            cut = gray[rows][:, columns]
        # the mean of an area does not alias
        cv2.resize(cut, (PATCH, PATCH), patch, interpolation=cv2.INTER_AREA)
    return patches


def patch_gradients(patches: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients of patches: cells of 6 pixels, 9 signed orientations.

    Parameters
    ----------
    patches : ndarray of shape (n, 36, 36), uint8

    Returns
    -------
    ndarray of shape (n, 900), float32
    """
    engine = cv2.HOGDescriptor(
        (PATCH, PATCH), (12, 12), (6, 6), (6, 6), 9, _gammaCorrection=False, _signedGradient=True
    )
    if not len(patches):
        return np.zeros((0, engine.getDescriptorSize()), np.float32)
    return np.stack([engine.compute(patch).ravel() for patch in patches])


@cache
def weights(path: Path = WEIGHTS) -> dict[str, np.ndarray]:
    """Weights that were learned on training data, from the file that is installed with the code.

    The second look is a small network: ``hidden`` has a column of 900 weights and an offset for
    each unit, ``output`` a weight for each unit and an offset. For each set of cascades, such as
    ``alt+alt2+default``, there are three weights per cascade, one of the second look, one of the
    size and an offset.

    Raises
    ------
    ModelFileError
        The file is missing or damaged: the installation is not whole.
    """
    try:
        arrays = load_tensors(path.read_bytes())
    except Exception as error:
        raise ModelFileError(
            f"{path.name} cannot be read: install cvclassic again ({error})."
        ) from None
    shapes = {"hidden": (901, HIDDEN), "output": (HIDDEN + 1,)}
    good = shapes.keys() <= arrays.keys()
    for name, array in arrays.items():
        wanted = shapes.get(name, (3 * (name.count("+") + 1) + 3,))
        good = good and array.shape == wanted and bool(np.isfinite(array).all())
    if not good:
        raise ModelFileError(f"{path.name} is damaged: install cvclassic again.")
    return arrays


def second_look(gray: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How much the gradients in each box are those of a face, as a small network sees it.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
    boxes : ndarray of shape (n, 4)

    Returns
    -------
    ndarray of shape (n,), float32
        Log odds on the training data.
    """
    learned = weights()
    gradients = patch_gradients(face_patches(gray, boxes))
    return log_odds(gradients, learned["hidden"], learned["output"])


def log_odds(gradients: np.ndarray, hidden: np.ndarray, output: np.ndarray) -> np.ndarray:
    """What a network of one hidden layer says of each row, before its last sigmoid.

    Parameters
    ----------
    gradients : ndarray of shape (n, d)
    hidden : ndarray of shape (d + 1, n_units)
        Weights, and in the last row the offsets.
    output : ndarray of shape (n_units + 1,)

    Returns
    -------
    ndarray of shape (n,)
    """
    units = np.maximum(gradients @ hidden[:-1] + hidden[-1], 0)
    return units @ output[:-1] + output[-1]


def face_confidence(
    gray: np.ndarray, boxes: np.ndarray, evidence: np.ndarray, channels: tuple[str, ...]
) -> np.ndarray:
    """Probability that each box is a face.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
    boxes : ndarray of shape (n, 4)
    evidence : ndarray of shape (n, 3 * n_channels)
        As `fuse_groups` gives it.
    channels : tuple of str
        The cascades, each direction of the profile one of its own.

    Returns
    -------
    ndarray of shape (n,), float64
        From 0 to 1, as logistic regression gives it on the training data.
    """
    mixing = weights()["+".join(channels)].astype(np.float64)
    columns = all_evidence(evidence, second_look(gray, boxes), boxes)
    logits = columns @ mixing[:-1] + mixing[-1]
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))


def all_evidence(evidence: np.ndarray, second: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """What the probability is computed from: cascades, second look, and size.

    Parameters
    ----------
    evidence : ndarray of shape (n, 3 * n_channels)
    second : ndarray of shape (n,)
    boxes : ndarray of shape (n, 4)

    Returns
    -------
    ndarray of shape (n, 3 * n_channels + 2), float64
    """
    return np.column_stack([evidence, second, np.log(np.maximum(boxes[:, 2], 1))])
