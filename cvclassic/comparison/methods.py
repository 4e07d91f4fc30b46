"""Adapters that give every method `fit` and `predict_proba`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._basics.checks import check_choice
from ..classify import fit_recipe, make_recipe
from ..classify.catalog import WITH_NETWORK
from ..describe import fit_to_size, network_path
from ..errors import MissingDependencyError
from ..images import load_pixels, map_blocks
from ..models import save_model
from .cnn_training import TrainedNetwork, make_clock, predict, train_network
from .convnets import torch_device, torch_missing

# name -> what it is, in a few words
METHODS = {
    "fast": "Fisher vectors of small images",
    "fisher": "Fisher vectors, color and layout",
    "phow": "visual words in a pyramid",
    "hog": "histograms of gradients, small images",
    "patches": "K-means words of patches, small images",
    "small": "patch words, HOG and scattering, small images",
    "cnn-small": "convolutional network of 1.2 million weights, from scratch",
    "cnn-resnet": "ResNet-18 of half the width, from scratch",
    "embedding": "features of a pre-trained network, linear SVM",
    "fused": "fisher plus a pre-trained network",
}
CNNS = ("cnn-small", "cnn-resnet")
_SIDE = 96  # of what a network from scratch sees
_ROOM = 1.2  # images are kept so many times larger, to cut from


class Method:
    """A contestant.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        After `fit`.
    device : str
        What it computed on.
    about : dict
        What else there is to say after `fit`.
    """

    classes_: np.ndarray
    device = "cpu"
    about: dict

    def fit(self, images: Sequence, labels: Sequence) -> Method:
        """Learn from images; returns itself."""
        raise NotImplementedError

    def predict_proba(self, images: Sequence) -> np.ndarray:
        """Probabilities in the order of ``classes_``; a row of zeros is no answer."""
        raise NotImplementedError

    def n_bytes(self) -> int:
        """Size of the model's file."""
        raise NotImplementedError


class RecipeMethod(Method):
    """A recipe of cvclassic, with a network's name or file where it needs one."""

    def __init__(self, recipe: str, network: str | None = None, n_jobs: int | None = None) -> None:
        params = {"model": network} if recipe in WITH_NETWORK else {}
        self._recipe = recipe
        self._network = network if recipe in WITH_NETWORK else None
        self._pipeline = make_recipe(recipe, n_jobs=n_jobs, random_state=0, **params)

    def fit(self, images, labels):
        """Learn from images."""
        training = fit_recipe(self._pipeline, images, labels)
        self.classes_ = self._pipeline.classes_
        self.about = {"held_out_accuracy": round(training.cv_accuracy, 4)}
        return self

    def predict_proba(self, images):
        """Probabilities of the classes."""
        vectors = self._pipeline[:1].transform(images)
        shares = self._pipeline[1:].predict_proba(vectors)
        shares[~vectors.any(axis=1)] = 0
        return shares

    def n_bytes(self):
        """Size of the model's file, and of the network's where there is one."""
        with tempfile.TemporaryDirectory() as folder:
            size = save_model(f"{folder}/model.cvmodel", self._pipeline)
        return size + (os.stat(network_path(self._network)).st_size if self._network else 0)


class CnnMethod(Method):
    """A network trained from scratch with PyTorch, for one or several budgets.

    Parameters
    ----------
    kind : str
        One of `CNNS`.
    budgets : sequence of float
        Seconds, decoding included. What is predicted comes from the longest.
    clock : {"wall", "processor"}
        As in `make_clock`.
    seed : int
    """

    def __init__(
        self, kind: str, budgets: Sequence[float], clock: str = "wall", seed: int = 0
    ) -> None:
        missing = torch_missing()
        if missing:
            raise MissingDependencyError(missing)
        self._kind, self._budgets, self._clock, self._seed = kind, budgets, clock, seed
        self.trained: list[TrainedNetwork] = []

    def fit(self, images, labels):
        """Learn from images."""
        clock = make_clock(self._clock)
        self.device = torch_device()
        start = clock()
        self.classes_, columns = np.unique(np.asarray(labels), return_inverse=True)
        first = [load_pixels(images[i], 480) for i in range(0, len(images), len(images) // 20 + 1)]
        long = int(np.median([max(image.shape[:2]) for image in first]))
        small = long <= 48
        self._side = -(-long // 4) * 4 if small else _SIDE
        self._color = any(image.ndim == 3 for image in first)
        room = self._side if small else round(self._side * _ROOM)
        self.trained = train_network(
            self._kind,
            self._pixels(images, room),
            columns,
            self._side,
            self._budgets,
            mirror=not small,
            clock=clock,
            start=start,
            seed=self._seed,
        )
        last = self.trained[-1]
        self.about = {"epochs": round(last.epochs, 1), "train_accuracy": last.train_accuracy}
        return self

    def _pixels(self, images, side: int) -> np.ndarray:
        """Images of one size, (n, side, side, channels)."""

        def block(part: list) -> list[np.ndarray]:
            size = (side, side)
            return [fit_to_size(load_pixels(i, 2 * side), size, self._color) for i in part]

        found = [image for part in map_blocks(block, images, n_jobs=-1) for image in part]
        return np.stack(found).reshape(len(found), side, side, -1)

    def predict_proba(self, images, trained: TrainedNetwork | None = None):
        """Probabilities of the classes, after the longest budget or another."""
        network = (trained or self.trained[-1]).network
        return predict(network, self._pixels(images, self._side), self._side)

    def n_bytes(self):
        """Size of the weights, four bytes each."""
        state = self.trained[-1].network.state_dict()
        return sum(tensor.numel() * tensor.element_size() for tensor in state.values())


def make_method(
    name: str,
    *,
    network: str | None = None,
    budgets: Sequence[float] = (60,),
    clock: str = "wall",
    seed: int = 0,
    n_jobs: int | None = None,
) -> Any:
    """Make a contestant.

    Parameters
    ----------
    name : str
        Key of `METHODS`.
    network : str, optional
        File of a trained network, for those that need one.
    budgets, clock, seed
        For networks from scratch, as in `CnnMethod`.
    n_jobs : int or None
        Images processed in parallel, as in joblib.

    Returns
    -------
    Method

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 28, 28), np.uint8)
    >>> make_method("hog").fit(images, list("abababab")).predict_proba(images).shape
    (8, 2)
    """
    check_choice("method", name, tuple(METHODS))
    if name in CNNS:
        return CnnMethod(name, budgets, clock, seed)
    return RecipeMethod(name, network, n_jobs)
