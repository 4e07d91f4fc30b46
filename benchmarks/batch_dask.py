"""Dask with one and two workers, and with one of them killed, against one process."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from cvclassic.batch import classify_files, journal_path
from cvclassic.models import load_model

from .common import write_results
from .processes import CVCLASSIC, photographs

_SHORT = 128  # images of the run that is subtracted: start-up does not count


def seconds(model, paths: list[str], **options) -> float:
    """On the wall."""
    start = time.perf_counter()
    for _ in classify_files(model, paths, **options):
        pass
    return time.perf_counter() - start


def speed(model, paths: list[str], alone, pair, turns: int) -> dict:
    """Milliseconds per image of each, in turns."""
    measure = partial(seconds, model)
    contestants: dict[str, Callable[[list[str]], float]] = {
        "processes, 1": partial(measure, engine="processes", n_jobs=1),
        "processes, 2": partial(measure, engine="processes", n_jobs=2),
        "dask, 1": partial(measure, engine="dask", dask=alone.address),
        "dask, 2": partial(measure, engine="dask", dask=pair.address),
    }
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run(paths[:_SHORT])  # whatever is imported for the first time
    for turn in range(turns):
        for name in list(contestants)[:: 1 if turn % 2 == 0 else -1]:
            short, whole = contestants[name](paths[:_SHORT]), contestants[name](paths)
            found[name].append((whole - short) / (len(paths) - _SHORT))
        print(turn, {name: round(1e3 * row[-1], 2) for name, row in found.items()}, flush=True)

    def times(slow: str, fast: str) -> dict:
        ratios = np.array(found[slow]) / np.array(found[fast])
        return {
            "median": round(float(np.median(ratios)), 3),
            "all": [round(float(ratio), 3) for ratio in ratios],
        }

    return {
        "ms_a_picture": {
            name: round(1e3 * float(np.median(row)), 2) for name, row in found.items()
        },
        "processes: two workers over one": times("processes, 1", "processes, 2"),
        "dask: two workers over one": times("dask, 1", "dask, 2"),
        "dask over processes, one worker": times("processes, 1", "dask, 1"),
    }


def killed(scratch: Path, model: str, paths: list[str], pair) -> dict:
    """The same command with a worker killed in the middle gives the same bytes."""
    names = scratch / "names.txt"
    names.write_text("\n".join(paths))
    command = [*CVCLASSIC, "classify", model, "-", "-q", "-o"]
    digests = {}
    for name, words in {"here": [], "dask": ["--dask", pair.address]}.items():
        out = scratch / f"{name}.csv"
        with open(names, "rb") as text:
            child = subprocess.Popen([*command, str(out), *words], stdin=text)
            if name == "dask":
                journal = journal_path(out)
                while not (journal.exists() and journal.stat().st_size > 30 * len(paths)):
                    assert child.poll() is None, "it was over before a worker was killed"
                    time.sleep(0.02)
                pair.kill(pair.processes[1])
            assert child.wait() == 0
        digests[name] = hashlib.sha256(out.read_bytes()).hexdigest()
    assert digests["here"] == digests["dask"], "bytes differ"
    return {"pictures": len(paths), "workers_killed": 1, "same_bytes": True, **digests}


def main() -> None:
    """Start two clusters of real processes, measure, and kill a worker."""
    from tests.cli.test_dask import running_cluster

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1200)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a small number, nothing written")
    arguments = parser.parse_args()
    n, turns = (400, 1) if arguments.quick else (arguments.pictures, arguments.turns)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        model, test = photographs(scratch)
        paths = (test * (1 + n // len(test)))[:n]
        for name in ("a", "b"):
            os.mkdir(scratch / name)
        with running_cluster(scratch / "a") as alone, running_cluster(scratch / "b") as pair:
            alone.add(1)
            pair.add(2)
            results = speed(load_model(model), paths, alone, pair, turns)
            results["killed"] = killed(scratch, model, paths, pair)
    print(json.dumps(results, indent=1))
    if not arguments.quick:
        write_results("batch-dask", results, pictures=n, turns=turns)


if __name__ == "__main__":
    main()
