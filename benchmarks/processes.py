"""Whole commands, measured from outside: seconds, peak memory, what they wrote."""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .common import data_dir, write_results

CVCLASSIC = [sys.executable, "-m", "cvclassic_cli"]


def measure_process(command: list[str], limit: float | None = None) -> dict:
    """Wall-clock and processor seconds, peak memory in 10^6 bytes, and what was printed.

    After `limit` seconds it is killed, which raises `subprocess.CalledProcessError` like any
    other failure.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=output)
        alarm = threading.Timer(limit or threading.TIMEOUT_MAX, child.kill)
        alarm.daemon = True
        alarm.start()
        _, status, usage = os.wait4(child.pid, 0)
        alarm.cancel()
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise subprocess.CalledProcessError(child.returncode, command)
        output.seek(0)
        return {
            "wall_s": seconds,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss * 1024 / 1e6,
            "printed": output.read().decode(),
        }


def run_process(command: list[str]) -> tuple[float, float, str]:
    """Wall-clock seconds, peak resident memory in 10^6 bytes, and what was printed."""
    found = measure_process(command)
    return found["wall_s"], found["peak_mb"], found["printed"]


def run_part(parts: dict[str, Callable[[Path, bool], dict]], about: str | None) -> None:
    """Run one of several measurements in a scratch folder, print it and write it down."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("part", choices=parts)
    parser.add_argument("--quick", action="store_true", help="a small number, nothing written")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = parts[arguments.part](Path(scratch), arguments.quick)
    print(json.dumps(found, indent=1))
    if not arguments.quick:
        write_results(f"batch-{arguments.part}", found)


def photographs(scratch: Path) -> tuple[str, list[str]]:
    """A model file of the recipe `fast`, trained on 404 photographs, and paths of others."""
    folder = data_dir() / "caltech101"
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    train = [row for row in rows if row["split"] == "train"]
    train.sort(key=lambda row: row["path"].rpartition("/")[2])
    with open(scratch / "train.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows([folder / row["path"], row["label"]] for row in train[:404])
    model = str(scratch / "fast.cvmodel")
    manifest = ["--manifest", str(scratch / "train.csv")]
    run_process([*CVCLASSIC, "train", "-q", *manifest, "--recipe", "fast", "-o", model])
    return model, [str(folder / row["path"]) for row in rows if row["split"] == "test"]


def manifest_parts(manifest: str) -> tuple[list[str], list[str]]:
    """Arguments that name the splits "train" and "test" of a manifest."""
    data = ["--manifest", manifest, "--split"]
    return [*data, "train"], [*data, "test"]


def train_and_score(train: list[str], test: list[str], arguments: list[str]) -> dict:
    """Train on one part of a data set and score another, by the command line.

    Training uses all processors, classification one.
    """
    with tempfile.TemporaryDirectory() as folder:
        model, json_file = f"{folder}/model.cvmodel", f"{folder}/scores.json"
        train_s, train_mb, _ = run_process(
            [*CVCLASSIC, "train", *train, "--quiet", "-o", model, *arguments]
        )
        evaluate = [*CVCLASSIC, "evaluate", model, *test, "--quiet", "--jobs", "1"]
        run_process([*evaluate, "--json", json_file])
        with open(json_file, encoding="utf-8") as file:
            scores = json.load(file)
        _, _, about = run_process([*CVCLASSIC, "info", model, "--json"])
        summary = json.loads(about)["summary"]
        return {
            "mean_class_accuracy": round(scores["mean_class_accuracy"], 4),
            "cv_accuracy": round(summary["cv_accuracy"], 4),
            "recipe": summary["recipe"],
            **({"tried": summary["tried"]} if "tried" in summary else {}),
            "train_s": round(train_s, 1),
            "peak_mb": round(train_mb),
            "classify_ms": round(1e3 * scores["seconds"] / scores["n_images"], 2),
            "model_mb": round(os.path.getsize(model) / 1e6, 2),
        }
