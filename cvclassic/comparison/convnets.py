"""Two convolutional networks to be trained from scratch: a small one and one like ResNet-18."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

HINT = 'pip install "cvclassic[cnn]" (or PyTorch\'s build for CPUs, which is much smaller)'


def torch_missing() -> str:
    """Why no network can be trained here, and how to change that; empty if one can.

    Examples
    --------
    >>> torch_missing() == "" or "pip install" in torch_missing()
    True
    """
    return "" if find_spec("torch") else f"PyTorch is not installed. Get it: {HINT}"


def torch_device() -> str:
    """Where networks are trained: ``cpu``, or the name of the CUDA device."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def make_network(kind: str, n_channels: int, n_classes: int, small_pictures: bool) -> Any:
    """Build an untrained network.

    Parameters
    ----------
    kind : {"cnn-small", "cnn-resnet"}
        Eight convolutions in four stages (1.2 million weights); or ResNet-18's four stages of
        two residual blocks each, with half its channels (2.8 million), which learns more within
        minutes on a processor.
    n_channels, n_classes : int
    small_pictures : bool
        For images of about 28 pixels: the first layer keeps the full resolution.

    Returns
    -------
    torch.nn.Module

    References
    ----------
    He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016, table 1.
    """
    from torch import nn

    def conv(before: int, after: int, stride: int = 1, side: int = 3) -> list:
        step = nn.Conv2d(before, after, side, stride, side // 2, bias=False)
        return [step, nn.BatchNorm2d(after)]

    class Block(nn.Module):
        """Two convolutions and a way around them."""

        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            inner = [*conv(before, after, stride), nn.ReLU(inplace=True), *conv(after, after)]
            self.inner = nn.Sequential(*inner)
            same = before == after and stride == 1
            self.around = (
                nn.Identity() if same else nn.Sequential(*conv(before, after, stride, side=1))
            )
            self.out = nn.ReLU(inplace=True)
            last: Any = self.inner[-1]
            nn.init.zeros_(last.weight)  # begins as its way around

        def forward(self, x):
            return self.out(self.inner(x) + self.around(x))

    layers: list[Any] = []
    if kind == "cnn-small":
        before = n_channels
        for stage, after in enumerate((32, 64, 128, 256)):
            first = 2 if stage == 0 and not small_pictures else 1
            layers += [*conv(before, after, first), nn.ReLU(inplace=True)]
            layers += [*conv(after, after), nn.ReLU(inplace=True)]
            layers += [nn.MaxPool2d(2)] if stage < 3 else []
            before = after
        width = before
    else:
        if small_pictures:
            layers += [*conv(n_channels, 32), nn.ReLU(inplace=True)]
        else:
            layers += [*conv(n_channels, 32, 2, side=7), nn.ReLU(inplace=True)]
            layers += [nn.MaxPool2d(3, 2, 1)]
        before = 32
        for stage, after in enumerate((32, 64, 128, 256)):
            layers += [Block(before, after, 1 if stage == 0 else 2), Block(after, after, 1)]
            before = after
        width = before
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(width, n_classes)]
    return nn.Sequential(*layers, *head)
