"""Threads or processes: images a second of each engine against a bare loop."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from cvclassic.batch import classify_files
from cvclassic.batch.classifying import BLOCK
from cvclassic.classify import first_side
from cvclassic.images import Picture, decode_image, single_threaded
from cvclassic.models import load_model

from .common import write_results
from .processes import photographs

_SHORT = 4 * BLOCK  # images of the run that is subtracted: start-up does not count


def bare_loop(model, paths: list[str]) -> None:
    """Decode and predict_proba by hand, in the same blocks."""
    side = first_side(model)
    with single_threaded():
        for at in range(0, len(paths), BLOCK):
            pictures = []
            for path in paths[at : at + BLOCK]:
                picture = Picture(path)
                picture.remember(side, decode_image(path, max_side=side).pixels)
                pictures.append(picture)
            model.predict_proba(pictures)


def engine(name: str, jobs: int, model, paths: list[str]) -> None:
    """Classify with one of the engines."""
    for _ in classify_files(model, paths, engine=name, n_jobs=jobs):
        pass


def seconds(work: Callable, model, paths: list[str]) -> np.ndarray:
    """Seconds on the wall, and of processors in this process and its children."""

    def clocks() -> np.ndarray:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return np.array([time.perf_counter(), sum(u.ru_utime + u.ru_stime for u in used)])

    start = clocks()
    work(model, paths)
    return clocks() - start


def main() -> None:
    """Take turns, and write the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a model file [default: trained on 404 images]")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        file_name, test = photographs(Path(scratch))
        model = load_model(arguments.model or file_name)
    paths = (test * (1 + arguments.pictures // len(test)))[: arguments.pictures]
    contestants: dict[str, Callable] = {"bare loop": bare_loop}
    for name in ("threads", "processes"):
        for jobs in (1, 2):
            contestants[f"{name}, {jobs}"] = partial(engine, name, jobs)
    found: dict[str, list[np.ndarray]] = {name: [] for name in contestants}
    bare_loop(model, paths[:_SHORT])
    for turn in range(arguments.turns):
        for name in list(contestants)[:: 1 if turn % 2 == 0 else -1]:
            short = seconds(contestants[name], model, paths[:_SHORT])
            whole = seconds(contestants[name], model, paths)
            found[name].append(np.append((whole - short) / (len(paths) - _SHORT), short[0]))
    results = {}
    base = np.array(found["bare loop"])
    for name, turns in found.items():
        wall, processor, start = np.median(turns, axis=0).tolist()
        ratios = np.array(turns)[:, :2] / base[:, :2]
        low, high = np.percentile(ratios[:, 0], [25, 75]).round(3).tolist()
        ratios = np.median(ratios, axis=0).tolist()
        results[name] = {
            "ms_a_picture": round(1e3 * wall, 2),
            "times_bare_loop": round(ratios[0], 3),
            "times_bare_loop_quartiles": [low, high],
            "processor_ms_a_picture": round(1e3 * processor, 2),
            "processor_times_bare_loop": round(ratios[1], 3),
            "first_64_s": round(start, 2),
        }
        print(f"{name:14}", results[name], flush=True)
    for name in ("threads", "processes"):
        gains = np.array(found[f"{name}, 1"])[:, 0] / np.array(found[f"{name}, 2"])[:, 0]
        results[f"{name}: two workers over one"] = {
            "median": round(float(np.median(gains)), 3),
            "all": gains.round(3).tolist(),
        }
        print(f"{name}: two workers are {np.median(gains):.2f} times as fast as one")
    write_results("batch-engines", results, pictures=len(paths), turns=arguments.turns)


if __name__ == "__main__":
    main()
