"""One bad input costs one result: a block that fails is done again piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from ...errors import CvclassicError


@dataclass(frozen=True)
class Loss:
    """Why inputs have no result.

    Attributes
    ----------
    code : {"worker_crash", "timeout", "out_of_memory", "internal_error"}
    message : str
    """

    code: str
    message: str


Script = Generator[list, "list | Loss", list]
Lost = Callable[[Any, Loss], Any]


def recovery(items: list, lost: Lost) -> Script:
    """Say which items are to be worked on together, and make one result for each of them.

    Every list that it yields is answered by results or by a `Loss`. What fails together is
    tried item by item, so that the culprit is known.
    """
    results = yield items
    if not isinstance(results, Loss):
        return results
    singles: list[list | Loss] = []
    for item in items:
        singles.append((yield [item]))
    results = [
        lost(item, single) if isinstance(single, Loss) else single[0]
        for item, single in zip(items, singles, strict=True)
    ]
    # The last bits of a product hang on how many share it, so the others go together again:
    # a block has the same bytes whether a process was killed from outside or not.
    well = [i for i, single in enumerate(singles) if not isinstance(single, Loss)]
    if len(well) > 1:
        together = yield [items[i] for i in well]
        if not isinstance(together, Loss):
            for i, result in zip(well, together, strict=True):
                results[i] = result
    return results


def call_with_recovery(function: Callable[[list], list], items: list, lost: Lost) -> list:
    """``function(items)``, where an unexpected exception costs only the item that raises it.

    Raises
    ------
    CvclassicError
        As `function` raises it: something is wrong with all items.
    """
    script = recovery(items, lost)
    request = next(script)
    while True:
        answer: list | Loss
        try:
            answer = function(request)
        except CvclassicError:
            raise
        except MemoryError as error:
            answer = Loss("out_of_memory", f"there is not enough memory ({error})")
        except Exception as error:
            answer = Loss("internal_error", f"unexpected {type(error).__name__}: {error}")
        try:
            request = script.send(answer)
        except StopIteration as end:
            return end.value
