"""Events that a long training reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..classify.auto import Trial
from ..classify.network import Epoch
from ..images import DataNote, DecodedImage, Picture


class TrainingEvents:
    """Base class of what follows a training; override the methods that you need.

    Nothing that they do changes the model.

    Examples
    --------
    >>> class Printer(TrainingEvents):
    ...     def on_trial(self, trial):
    ...         print(trial.recipe, trial.accuracy)
    """

    def on_data(self, data: Any) -> None:
        """The labeled data are known, and nothing is read yet."""

    def on_image(self, picture: Picture, decoded: DecodedImage) -> None:
        """An image was read. Called in worker threads."""

    def on_progress(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` items of this stage are done; a total of 0 is unknown."""

    def on_plan(self, recipes: Sequence[str]) -> None:
        """The recipe "auto" is about to try these, in this order."""

    def on_epoch(self, epoch: Epoch) -> None:
        """A head that is trained in epochs has ended one."""

    def on_trial(self, trial: Trial) -> None:
        """The recipe "auto" has tried a candidate, or left it out."""

    def on_note(self, note: DataNote) -> None:
        """Something that the user should know."""

    def count(self, items: Iterable, stage: str, total: int) -> Iterator:
        """Pass items on and report how many there were."""
        done = 0
        self.on_progress(stage, 0, total)
        for done, item in enumerate(items, 1):
            yield item
            self.on_progress(stage, done, total)
        self.on_progress(stage, done, done)
