"""What every benchmark shares: the machine, fair timing, seeds, results as JSON.

The rules: one warm-up that does not count; contestants take turns in one process (A B A B),
so that a slow moment of the machine hits both; the median and the spread are reported; a
ratio is taken within each turn before its median is; losses are written beside wins.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

SEED = 0
ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
_PACKAGES = (
    "cvclassic numpy opencv-contrib-python opencv-contrib-python-headless scikit-learn scikit-image"
)


def data_dir() -> Path:
    """Return the folder of research data; exit with a message where it is absent."""
    folder = Path(os.environ.get("CVCLASSIC_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        sys.exit(f"This benchmark needs the research data; {folder} is no folder (CVCLASSIC_DATA).")
    return folder


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, memory, system and the versions of what was measured."""
    processor, memory = platform.processor(), None
    cpuinfo, meminfo = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0].partition(":")[2].strip() if names else processor
    if meminfo.exists():
        memory = round(int(meminfo.read_text().split()[1]) / 2**20, 1)
    versions = {}
    for package in _PACKAGES.split():
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "load_at_start": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": versions,
    }


@contextmanager
def threads(n: int):
    """Let OpenCV, BLAS and OpenMP compute with n threads."""
    import cv2
    from threadpoolctl import threadpool_limits

    before = cv2.getNumThreads()
    cv2.setNumThreads(n)
    try:
        with threadpool_limits(limits=n):
            yield
    finally:
        cv2.setNumThreads(before)


def summarize(seconds: list[float]) -> dict[str, Any]:
    """Return median, quartiles, minimum and number of some timings, in milliseconds."""
    ms = np.asarray(seconds) * 1e3
    low, high = np.percentile(ms, [25, 75])
    return {
        "median_ms": round(float(np.median(ms)), 4),
        "quartiles_ms": [round(float(low), 4), round(float(high), 4)],
        "min_ms": round(float(ms.min()), 4),
        "runs": len(seconds),
    }


def interleave(
    contestants: Mapping[str, Callable[[], Any]],
    *,
    baseline: str | None = None,
    repeats: int = 7,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, dict]:
    """Time contestants in turns.

    Parameters
    ----------
    contestants : dict of name to function without arguments
    baseline : str, optional
        Defaults to the first. For the others, ``times_baseline`` says how many times as long
        as the baseline they take (median over the turns), with quartiles.
    repeats, warm_up : int
        Turns that count and that do not.
    clock : callable
        `time.process_time` counts the processor's time of all threads instead of the wall's:
        fairer on a busy machine, for contestants that keep to one thread.

    Returns
    -------
    dict of name to dict
        What `summarize` gives and ``times_baseline``.
    """
    names = list(contestants)
    baseline = names[0] if baseline is None else baseline
    for _ in range(warm_up):
        for name in names:
            contestants[name]()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names if turn % 2 == 0 else reversed(names):
            start = clock()
            contestants[name]()
            seconds[name].append(clock() - start)
    results = {}
    for name in names:
        results[name] = summarize(seconds[name])
        ratios = [a / b for a, b in zip(seconds[name], seconds[baseline], strict=True)]
        low, high = np.percentile(ratios, [25, 75])
        results[name]["times_baseline"] = round(statistics.median(ratios), 3)
        results[name]["times_baseline_quartiles"] = [round(float(low), 3), round(float(high), 3)]
    return results


def fill_block(name: str, new: str, text: str) -> str:
    """A page's text with its block of that name written anew."""
    pattern = rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)"
    return re.sub(pattern, lambda m: f"{m[1]}\n{new}\n{m[2]}", text, flags=re.DOTALL)


def write_block(page: Path, name: str, new: str) -> None:
    """Write the block of that name of a page anew, and nothing else of it."""
    page.write_text(fill_block(name, new, page.read_text(encoding="utf-8")), encoding="utf-8")


def read_results(name: str) -> dict[str, Any]:
    """What ``benchmarks/results/NAME.json`` has from an earlier run; empty if there was none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else {}


def write_results(name: str, results: Mapping[str, Any], **context: Any) -> Path:
    """Write ``benchmarks/results/NAME.json`` with the machine, the date and the seed."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {
        "benchmark": name,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": describe_machine(),
        "seed": SEED,
        **context,
        "results": results,
    }
    path.write_text(json.dumps(content, indent=1, default=_plain) + "\n", encoding="utf-8")
    return path


def _plain(value: Any) -> Any:
    """JSON form of NumPy scalars and arrays."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return str(value)


def show(results: Mapping[str, Mapping[str, Any]], title: str = "") -> None:
    """Print one line a contestant."""
    if title:
        print(title)
    width = max(map(len, results))
    for name, row in results.items():
        cells = [f"{row['median_ms']:10.2f} ms"] if "median_ms" in row else []
        if "times_baseline" in row:
            low, high = row["times_baseline_quartiles"]
            cells.append(f"x {row['times_baseline']:7.2f} [{low:.2f} .. {high:.2f}]")
        skip = {"median_ms", "quartiles_ms", "min_ms", "runs", "times_baseline"}
        cells += [
            f"{key}={value}"
            for key, value in row.items()
            if key not in skip and not key.endswith("quartiles")
        ]
        print(f"  {name:{width}}  {'  '.join(cells)}", flush=True)
