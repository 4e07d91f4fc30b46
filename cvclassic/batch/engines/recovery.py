"""One bad input costs one result: a failed block is repeated in smaller pieces."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from ..._basics.machine import is_out_of_memory
from ...errors import CvclassicError


@dataclass(frozen=True)
class Failure:
    """Why inputs have no result.

    Attributes
    ----------
    code : {"worker_crash", "timeout", "out_of_memory", "internal_error"}
    message : str
    """

    code: str
    message: str


RetryPlan = Generator[list, "list | Failure", list]
OnFailure = Callable[[Any, Failure], Any]


def recovery(items: list, lost: OnFailure) -> RetryPlan:
    """Say which items are to be worked on together, and make one result for each of them.

    Every list that it yields is answered by results or by a `Failure`. What fails together is
    tried item by item, so that the culprit is known.
    """
    results = yield items
    if not isinstance(results, Failure):
        return results
    singles: list[list | Failure] = []
    for item in items:
        singles.append((yield [item]))
    results = [
        lost(item, single) if isinstance(single, Failure) else single[0]
        for item, single in zip(items, singles, strict=True)
    ]
    # The last bits of a product depend on how many share it, so the others go together again:
    # a block has the same bytes whether a process was killed from outside or not.
    well = [i for i, single in enumerate(singles) if not isinstance(single, Failure)]
    if len(well) > 1:
        together = yield [items[i] for i in well]
        if not isinstance(together, Failure):
            for i, result in zip(well, together, strict=True):
                results[i] = result
    return results


def call_with_recovery(function: Callable[[list], list], items: list, lost: OnFailure) -> list:
    """``function(items)``, where an unexpected exception costs only the item that raises it.

    Raises
    ------
    CvclassicError
        As `function` raises it: something is wrong with all items.
    """
    script = recovery(items, lost)
    request = next(script)
    while True:
        answer: list | Failure
        try:
            answer = function(request)
        except CvclassicError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                said = " ".join(str(error).split())
                answer = Failure("out_of_memory", f"there is not enough memory ({said})")
            else:
                answer = Failure("internal_error", f"unexpected {type(error).__name__}: {error}")
        try:
            request = script.send(answer)
        except StopIteration as end:
            return end.value
