"""Other detectors behind the same methods: a cascade of the user's, and the network YuNet."""

from __future__ import annotations

import os
import threading

import cv2
import numpy as np

from ..._basics.checks import check_integer, check_jobs, check_number
from ...cascade import CascadeDetector
from ...errors import ImageReadError, ModelFileError, ParameterError
from ...images import read_file
from .base import FaceDetector
from .results import Faces, make_faces


class _FileDetector(FaceDetector):
    """A detector whose file is loaded when it is first used."""

    path: str | os.PathLike

    def _check_path(self) -> None:
        if not isinstance(self.path, str | os.PathLike):
            raise ParameterError(f"path must be a str or Path. Got {self.path!r} instead.")

    def __getstate__(self) -> dict:
        return {name: value for name, value in vars(self).items() if name[:1] != "_"}


class CascadeFaceDetector(_FileDetector):
    """Runs any cascade file; the score of a box is the number of windows that agree on it.

    The file's numbers are checked, and OpenCV sees only what is written again from them, so that
    a crafted file is an error and no crash.

    Parameters
    ----------
    path : str or Path
        File of an OpenCV cascade (XML).
    min_neighbors : int, default=3
        Windows that must agree.
    scale_factor : float, default=1.1
        Ratio of one size that is looked for to the next.
    min_size : float, default=0.0
        Smallest box in shares of the image's shorter side.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    Examples
    --------
    >>> path = cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml"
    >>> CascadeFaceDetector(path).predict([np.zeros((80, 80), np.uint8)])
    [array([], shape=(0, 4), dtype=float32)]
    """

    def __init__(
        self,
        path: str | os.PathLike,
        min_neighbors: int = 3,
        scale_factor: float = 1.1,
        min_size: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.path = path
        self.min_neighbors = min_neighbors
        self.scale_factor = scale_factor
        self.min_size = min_size
        self.n_jobs = n_jobs

    def _check(self) -> None:
        check_integer("min_neighbors", self.min_neighbors, 1)
        check_number("scale_factor", self.scale_factor, 1, exclusive=True)
        check_number("min_size", self.min_size, 0)
        check_jobs("n_jobs", self.n_jobs)
        self._check_path()
        _ = self._engine

    @property
    def _engine(self) -> CascadeDetector:
        key = os.fspath(self.path)
        known = vars(self).get("_loaded")
        if known is None or known[0] != key:
            self._loaded = known = key, CascadeDetector(self.path)
        return known[1]

    def detect(self, image: np.ndarray) -> Faces:
        """Boxes in one image, those with the most windows first.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3), uint8

        Returns
        -------
        Faces

        Raises
        ------
        ModelFileError
            The file is no sound cascade.
        """
        found = self._engine.detect(
            image,
            scale_factor=float(self.scale_factor),
            min_neighbors=int(self.min_neighbors),
            min_size=round(self.min_size * min(image.shape[:2])),
        )
        return make_faces(found.boxes, found.neighbors)


class YuNetFaceDetector(_FileDetector):
    """Runs a YuNet network from its ONNX file through OpenCV.

    The file is not checked beyond its first parse: take it from where you trust it.

    Parameters
    ----------
    path : str or Path
    min_confidence : float, default=0.5
        Boxes of a lower score are left out.
    n_jobs : int or None, default=None
        Images processed in parallel, as in joblib.

    References
    ----------
    Wu, Peng & Yu, "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research
    20, 2023.

    Examples
    --------
    >>> YuNetFaceDetector("yunet_n_320_320.onnx").predict(["a.jpg"])  # doctest: +SKIP
    [array([[121, 48, 96, 131]])]
    """

    def __init__(
        self, path: str | os.PathLike, min_confidence: float = 0.5, n_jobs: int | None = None
    ) -> None:
        self.path = path
        self.min_confidence = min_confidence
        self.n_jobs = n_jobs

    def _check(self) -> None:
        check_number("min_confidence", self.min_confidence, 0)
        check_jobs("n_jobs", self.n_jobs)
        self._check_path()
        self._engine()

    def _engine(self):
        """This thread's network: it keeps the size of the image."""
        key = os.fspath(self.path), float(self.min_confidence)
        known = vars(self).get("_loaded")
        if known is None or known[0] != key:
            self._loaded = known = key, _read_network(self.path), threading.local()
        _, data, local = known
        if not hasattr(local, "network"):
            try:
                local.network = cv2.FaceDetectorYN.create(
                    "onnx", np.frombuffer(data, np.uint8), np.zeros(0, np.uint8), (320, 320), key[1]
                )
            except cv2.error as error:
                reason = str(error).strip().splitlines()[-1]
                raise ModelFileError(
                    f"{os.fspath(self.path)}: OpenCV cannot load this as a YuNet network ({reason})"
                ) from None
        return local.network

    def detect(self, image: np.ndarray) -> Faces:
        """Faces in one image.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3), uint8

        Returns
        -------
        Faces

        Raises
        ------
        ModelFileError
            The file is missing or no such network.
        """
        engine = self._engine()
        bgr = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR if image.ndim == 2 else cv2.COLOR_RGB2BGR)
        engine.setInputSize((bgr.shape[1], bgr.shape[0]))
        try:
            _, rows = engine.detect(bgr)
        except cv2.error as error:
            reason = str(error).strip().splitlines()[-1]
            raise ModelFileError(
                f"{os.fspath(self.path)}: not a YuNet network ({reason})"
            ) from None
        rows = np.zeros((0, 15)) if rows is None else rows
        return make_faces(rows[:, :4], rows[:, -1])


def _read_network(path: str | os.PathLike) -> bytes:
    try:
        return read_file(path)
    except ImageReadError as error:
        raise ModelFileError(f"{os.fspath(path)}: cannot be read ({error.message})") from None
