"""Trains a network from scratch within a time budget."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .convnets import make_network

_BATCH = 64
_RATES = {"cnn-small": 2e-3, "cnn-resnet": 2e-3}
_DECAY_SHARE = 0.2  # of a budget: the learning rate falls to zero in its last part
_WARM_UP = 20  # steps
CLOCKS = ("wall", "processor")


def make_clock(kind: str) -> Callable[[], float]:
    """A clock in seconds.

    Parameters
    ----------
    kind : {"wall", "processor"}
        "processor" counts what this process computed, divided by the number of processors: on a
        machine that others use too, it gives everybody the time of a quiet one.
    """
    if kind == "wall":
        return time.perf_counter
    cores = os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()
    return lambda: time.process_time() / (cores or 1)


@dataclass
class TrainedNetwork:
    """A network after training for a budget.

    Parameters
    ----------
    budget : float
        Seconds that it was given.
    network : torch.nn.Module
    epochs : float
        Passes over the training images.
    train_accuracy : float
        Share of the training images (unchanged) that it labels rightly.
    """

    budget: float
    network: Any
    epochs: float
    train_accuracy: float


def train_network(
    kind: str,
    pixels: np.ndarray,
    labels: np.ndarray,
    side: int,
    budgets: Sequence[float],
    *,
    mirror: bool,
    clock: Callable[[], float],
    start: float,
    seed: int = 0,
) -> list[TrainedNetwork]:
    """Train for each of several budgets, for little more than the time of the longest.

    The learning rate stays up for four fifths of a budget and then falls to zero in a straight
    line. The first part is the same for all budgets, so each shorter one branches off a single
    long training: the result is that of a training with that budget alone.

    Parameters
    ----------
    kind : str
        As in `make_network`.
    pixels : ndarray of shape (n, h, w, c), uint8
        A little larger than `side`, so that there is something to cut off.
    labels : ndarray of shape (n,), int
    side : int
        Side of the network's input, in pixels.
    budgets : sequence of float
        Seconds of `clock`, counted from `start`.
    mirror : bool
        Whether images may be turned around.
    clock, start : callable and float
    seed : int

    Returns
    -------
    list of TrainedNetwork
        One a budget, shortest first.

    References
    ----------
    Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations",
    NeurIPS 2024, section 3 (constant rate and cool-down, from which shorter trainings branch
    off).
    """
    import torch

    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    small = side <= 48
    n_classes = int(labels.max()) + 1
    network = make_network(kind, pixels.shape[3], n_classes, small).to(
        device, memory_format=torch.channels_last
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATES[kind], weight_decay=0.05)
    images = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).to(device)
    truth = torch.from_numpy(labels.astype(np.int64)).to(device)
    state = _Course(network, optimiser, images, truth, side, mirror)
    spent_aside = 0.0  # on the ends of shorter budgets
    done = []
    for budget in sorted(budgets):
        turn = (1 - _DECAY_SHARE) * budget
        while clock() - start - spent_aside < turn:
            state.step(_RATES[kind])
        aside = clock()
        kept = copy.deepcopy((network.state_dict(), optimiser.state_dict(), state.steps))
        length = budget - turn
        while (gone := clock() - aside) < length:
            state.step(_RATES[kind] * (1 - gone / length))
        accuracy = float((predict(network, pixels, side).argmax(axis=1) == labels).mean())
        epochs = state.steps * state.batch / len(labels)
        done.append(TrainedNetwork(budget, copy.deepcopy(network).eval(), epochs, accuracy))
        network.load_state_dict(kept[0])
        optimiser.load_state_dict(kept[1])
        state.steps = kept[2]
        spent_aside += clock() - aside
    return done


class _Course:
    """Steps of training, one batch each."""

    def __init__(self, network, optimiser, images, truth, side: int, mirror: bool) -> None:
        from torch import nn

        self.network, self.optimiser = network, optimiser
        self.images, self.truth, self.side, self.mirror = images, truth, side, mirror
        self.batch = min(_BATCH, len(truth))
        self.steps = 0
        self._order: list = []
        self._loss = nn.CrossEntropyLoss(label_smoothing=0.1)

    def step(self, rate: float) -> None:
        """Learn from the next batch, each image changed a little."""
        import torch

        if len(self._order) < self.batch:
            self._order = torch.randperm(len(self.truth)).tolist()
        rows, self._order = self._order[: self.batch], self._order[self.batch :]
        warm = min(1.0, (self.steps + 1) / _WARM_UP)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * warm
        self.network.train()
        batch = _change(self.images[rows], self.side, self.mirror)
        with _half(batch.device):
            loss = self._loss(self.network(batch), self.truth[rows])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.steps += 1


def _change(batch, side: int, mirror: bool):
    """Cut out, turn a little, mirror and relight: other views of the same thing."""
    import torch
    from torch.nn import functional

    n = len(batch)
    small = side <= 48
    scale = torch.empty(n).uniform_(0.85 if small else 0.6, 1.0)
    stretch = torch.exp(torch.empty(n).uniform_(-0.15, 0.15))
    angle = torch.empty(n).uniform_(-10, 10) * math.pi / 180
    across, down = scale * stretch, scale / stretch
    if mirror:
        across = across * (torch.randint(0, 2, (n,)) * 2 - 1)
    free = (1 - scale).clamp(min=0.0 if not small else 0.1)
    shift = (torch.rand(n, 2) * 2 - 1) * free[:, None]
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = torch.stack([cos * across, -sin * down, shift[:, 0]], 1)
    more = torch.stack([sin * across, cos * down, shift[:, 1]], 1)
    shape = [n, batch.shape[1], side, side]
    grid = functional.affine_grid(torch.stack([rows, more], 1), shape, align_corners=False)
    images = functional.grid_sample(
        _scaled(batch), grid.to(batch.device), padding_mode="border", align_corners=False
    )
    light = torch.empty(n, 1, 1, 1).uniform_(-0.2, 0.2).to(batch.device)
    contrast = torch.empty(n, 1, 1, 1).uniform_(0.75, 1.25).to(batch.device)
    return (images * contrast + light).contiguous(memory_format=torch.channels_last)


def _half(device):
    """Compute with 16 bits where the machine can: half the time, the same accuracy."""
    import torch

    can = device.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=can)


def _scaled(batch):
    """Numbers around 0, about as large as 1."""
    return batch.float() / 64 - 2


def predict(network, pixels: np.ndarray, side: int) -> np.ndarray:
    """Probabilities of the classes, shape (n, n_classes).

    Parameters
    ----------
    network : torch.nn.Module
    pixels : ndarray of shape (n, h, w, c), uint8
    side : int
        What they are brought to.
    """
    import torch
    from torch.nn import functional

    device = next(network.parameters()).device
    network.eval()
    out = []
    with torch.inference_mode():
        for at in range(0, len(pixels), _BATCH):
            part = np.ascontiguousarray(pixels[at : at + _BATCH].transpose(0, 3, 1, 2))
            batch = _scaled(torch.from_numpy(part).to(device))
            if pixels.shape[1] != side:
                batch = functional.interpolate(batch, side, mode="bilinear", antialias=True)
            batch = batch.contiguous(memory_format=torch.channels_last)
            with _half(device):
                scores = network(batch).float()
            out.append(torch.softmax(scores, 1).cpu().numpy())
    return np.concatenate(out)
