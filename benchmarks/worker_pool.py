"""The pool of killable workers against pebble's: start, items a second, and 200 kills."""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as LateError
from functools import partial

import numpy as np

from cvclassic.batch import map_in_processes

from .common import write_results

_BLOCK = 16
LOST, LATE = "lost", "late"


def work(items: list) -> list:
    """A little arithmetic; who is told to, dies or hangs."""
    out = []
    for kind, number in items:
        if kind == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "hang":
            time.sleep(60)
        out.append(float(np.sqrt(np.arange(number % 100 + 100.0)).sum()))
    return out


def ours(items: list, timeout: float | None) -> list:
    """`map_in_processes`."""

    def lost(_item, failure) -> str:
        return LATE if failure.code == "timeout" else LOST

    blocks = map_in_processes(
        _importable(), items, lost=lost, n_workers=2, block_size=_BLOCK, timeout=timeout
    )
    return [result for block in blocks for result in block]


def pebbles(method: str, items: list, timeout: float | None) -> list:
    """pebble, one item a task again where a block was lost: it does not say which item it was."""
    import multiprocessing

    from pebble import ProcessPool

    def again(pool, block: list) -> list:
        out = []
        for item in block:
            try:
                out += pool.schedule(_importable(), args=([item],), timeout=timeout).result()
            except LateError:
                out.append(LATE)
            except Exception:
                out.append(LOST)
        return out

    results: list = []
    with ProcessPool(max_workers=2, context=multiprocessing.get_context(method)) as pool:
        blocks = [items[at : at + _BLOCK] for at in range(0, len(items), _BLOCK)]
        found = pool.map(_importable(), blocks, timeout=timeout).result()
        for block in blocks:
            try:
                results += next(found)
            except Exception:
                results += again(pool, block)
    return results


def inputs(n: int, kills: int, hangs: int = 0) -> list:
    """Items, evenly mixed with those that kill or hang."""
    items = [("fine", number) for number in range(n)]
    for i, kind in enumerate(["die"] * kills + ["hang"] * hangs):
        items[(i * n) // max(1, kills + hangs)] = (kind, i)
    return items


def _importable() -> Callable[[list], list]:
    """`work` by the module's name: other processes do not know this one's ``__main__``."""
    from benchmarks.worker_pool import work as found

    return found


def main() -> None:
    """Take turns, and write medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=200)
    arguments = parser.parse_args()
    cases: dict[str, tuple[list, float | None]] = {
        "start: 32 items": (inputs(32, 0), None),
        "items": (inputs(arguments.items, 0), None),
        "kills": (inputs(4000, arguments.kills), None),
        "hangs of 0.5 s": (inputs(400, 0, 8), 0.5),
    }
    pools: dict[str, Callable] = {
        "cvclassic": ours,
        "pebble, fork": partial(pebbles, "fork"),  # copies the locks of threads
        "pebble, forkserver": partial(pebbles, "forkserver"),
    }
    results = {}
    for case, (items, timeout) in cases.items():
        seconds: dict[str, list[float]] = {name: [] for name in pools}
        answers = {}
        for turn in range(arguments.turns):
            for name in list(pools)[:: 1 if turn % 2 == 0 else -1]:
                start = time.perf_counter()
                answers[name] = pools[name](items, timeout)
                seconds[name].append(time.perf_counter() - start)
        base = np.array(seconds["cvclassic"])
        results[case] = {
            "seconds": {name: round(float(np.median(t)), 3) for name, t in seconds.items()},
            "times_cvclassic": {
                name: np.percentile(np.array(t) / base, [25, 50, 75]).round(2).tolist()
                for name, t in seconds.items()
            },
            "wrong": {
                name: sum(
                    (result in (LOST, LATE)) != (item[0] != "fine")
                    for item, result in zip(items, found, strict=True)
                )
                for name, found in answers.items()
            },
        }
        print(case, results[case], flush=True)
    write_results("worker-pool", results, turns=arguments.turns, items=arguments.items)


if __name__ == "__main__":
    main()
