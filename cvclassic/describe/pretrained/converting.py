"""From a network of PyTorch or timm to one ONNX file that `Embedding` runs."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import numpy as np

from ..._basics.atomic import atomic_file
from ..._basics.checks import check_integer
from ..._basics.extras import need
from ..._basics.printable import first_line
from ...errors import MissingDependencyError, ParameterError
from ..networks import DEVIATION, MEAN, NetworkFileError, open_network

_OPSET = 17  # OpenCV's importer knows it


def convert_network(
    source: str | os.PathLike,
    path: str | os.PathLike,
    *,
    side: int = 224,
    weights: str | os.PathLike | None = None,
) -> int:
    """Write a network as an ONNX file, and try it.

    Parameters
    ----------
    source : str or Path
        ``timm:NAME`` makes a model of timm without its classifier; else the file of a program that
        PyTorch saved: ``.pt2`` (`torch.export.save`) or ``.pt`` (`torch.jit.save`). Such a file
        holds code: open only what you trust.
    path : str or Path
        The ``.onnx`` file to write.
    side : int, default=224
        Height and width of the images that it takes.
    weights : str or Path, optional
        File of a timm model's weights (``.safetensors``, or ``.pth`` with nothing but tensors).
        Without it timm fetches the published ones, unless it has them already.

    Returns
    -------
    int
        Length of an image's vector.

    Raises
    ------
    NetworkFileError
        It cannot be read, exported, or run afterwards.
    ParameterError
        `path` does not end in .onnx.
    MissingDependencyError
        torch, onnx or timm is not installed.
    """
    check_integer("side", side, 1)
    if Path(path).suffix.lower() != ".onnx":
        raise ParameterError(f"path must end in .onnx. Got {os.fspath(path)!r} instead.")
    name = os.fspath(source)
    need("convert", "torch", "onnx")
    if name.startswith("timm:"):
        need("convert", "timm")
        model = _from_timm(name.removeprefix("timm:"), weights)
    elif weights is not None:
        raise ParameterError("weights goes with timm:NAME only.")
    else:
        model = _from_file(name)
    data = _export(model, side, name)
    network = open_network(data, name + ".onnx", "imagenet", None)
    output = network.run(np.zeros((side, side, 3), np.uint8))
    with atomic_file(path) as file:
        file.write(data)
    return int(np.prod(output.shape[-1:] if output.ndim == 4 else output.shape[1:]))


def _from_timm(name: str, weights: str | os.PathLike | None):
    """A model without its classifier."""
    import timm

    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name}*")[:5]) or "see timm.list_models()"
        raise NetworkFileError(f"timm has no model {name!r}. Similar: {near}.")
    try:
        model = timm.create_model(name, pretrained=weights is None, num_classes=0)
        if weights is not None:
            state = _read_weights(os.fspath(weights))
            missing = model.load_state_dict(state, strict=False).missing_keys
            if missing:
                raise NetworkFileError(f"{weights}: lacks {missing[0]} and other weights.")
    except (OSError, RuntimeError, ValueError) as error:
        raise NetworkFileError(f"timm:{name}: {first_line(error)}.") from None
    return _behind_imagenet(model, model.pretrained_cfg["mean"], model.pretrained_cfg["std"])


def _behind_imagenet(model, mean, deviation):
    """The model with what `Embedding` makes of pixels in a file's place, ImageNet's scaling.

    `mean` and `deviation` of red, green and blue, from 0 to 1, are what the model was trained on.
    With another scaling its features say less, and nothing would show it.
    """
    import torch

    own_mean, own_deviation = np.float32(255) * np.array([mean, deviation], np.float32)
    if np.allclose(own_mean, MEAN, atol=0.1) and np.allclose(own_deviation, DEVIATION, atol=0.1):
        return model
    first = torch.nn.Conv2d(3, 3, 1, groups=3)
    with torch.no_grad():
        first.weight[:, 0, 0, 0] = torch.from_numpy(DEVIATION / own_deviation)
        first.bias[:] = torch.from_numpy((MEAN - own_mean) / own_deviation)
    return torch.nn.Sequential(first, model)


def _read_weights(path: str) -> dict:
    """Tensors by name; nothing in the file is run."""
    import torch

    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _from_file(path: str):
    """The program that a file holds."""
    import torch

    if not Path(path).is_file():
        raise NetworkFileError(f"{path}: there is no such file.")
    try:
        if path.endswith(".pt2"):
            return torch.export.load(path)
        return torch.jit.load(path, map_location="cpu")
    except Exception as error:  # whatever the file's reader raises
        raise NetworkFileError(
            f"{path}: is not a program that torch.export.save or torch.jit.save wrote "
            f"({first_line(error)})."
        ) from None


def _export(model, side: int, name: str) -> bytes:
    """The ONNX file of a model, weights inside."""
    import torch

    out = io.BytesIO()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            if isinstance(model, torch.export.ExportedProgram):
                need("convert", "onnxscript")
                torch.onnx.export(model, dynamo=True, verbose=False).save(out)
                return out.getvalue()
            image = torch.zeros(1, 3, side, side)
            model.eval()(image)
            torch.onnx.export(
                model,
                (image,),
                out,
                input_names=["image"],
                output_names=["vector"],
                opset_version=_OPSET,
                dynamo=False,
            )
    except MissingDependencyError:
        raise
    except Exception as error:  # the exporter's exceptions have no common class
        raise NetworkFileError(f"{name}: cannot be exported ({first_line(error)}).") from None
    return out.getvalue()
