"""The main job against the script that tutorials teach: accuracy, seconds, memory, start-up."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from .common import data_dir, interleave, show, threads, write_results
from .processes import manifest_parts, run_process, train_and_score

_TUTORIAL = Path(__file__).parent / "opponents" / "tutorial_script.py"


def against_tutorial(manifest: str, runs: int) -> dict[str, list[dict]]:
    """Whole processes, in turns."""
    rows: dict[str, list[dict]] = {"cvclassic sift-bow": [], "tutorial script": []}
    for _ in range(runs):
        recipe = ["--recipe", "sift-bow", "--param", "n_words=500"]
        rows["cvclassic sift-bow"].append(train_and_score(*manifest_parts(manifest), recipe))
        print("cvclassic sift-bow", rows["cvclassic sift-bow"][-1], flush=True)
        _, peak_mb, printed = run_process([sys.executable, str(_TUTORIAL), manifest])
        row = {key: round(value, 4) for key, value in json.loads(printed).items()}
        rows["tutorial script"].append({**row, "peak_mb": round(peak_mb)})
        print("tutorial script", rows["tutorial script"][-1], flush=True)
    return rows


def extraction(paths: list[str], repeats: int) -> dict[str, dict]:
    """Keypoints of a folder: a bare loop, and `SIFT` with one and with two jobs."""
    from cvclassic.describe import SIFT

    describer = SIFT(root=False, max_side=None, max_keypoints=None, contrast_threshold=0.04)

    def bare() -> None:
        sift = cv2.SIFT_create()
        for path in paths:
            with open(path, "rb") as file:
                data = np.frombuffer(file.read(), np.uint8)
            image = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2GRAY)
            sift.detectAndCompute(image, None)

    def ours(n_jobs: int) -> None:
        for _ in describer.describe_all(paths, n_jobs=n_jobs):
            pass

    with threads(1):
        return interleave(
            {
                "bare loop": bare,
                "SIFT, 1 job": lambda: ours(1),
                "SIFT, 2 jobs": lambda: ours(2),
            },
            repeats=repeats,
        )


def start_up(repeats: int) -> dict[str, dict]:
    """Starting python, importing cvclassic, and asking for help."""

    def call(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    return interleave(
        {
            "python": lambda: call("-c", "pass"),
            "import cvclassic": lambda: call("-c", "import cvclassic"),
            "cvclassic --help": lambda: call("-m", "cvclassic_cli", "--help"),
        },
        repeats=repeats,
    )


def main() -> None:
    """Run everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="trainings of each contestant")
    parser.add_argument("--skip-tutorial", action="store_true", help="leave out the long part")
    options = parser.parse_args()
    folder = data_dir() / "caltech101"
    paths = sorted(map(str, folder.glob("*/*.jpg")))[::10]
    results: dict = {"start_up": start_up(15)}
    show(results["start_up"], "start-up")
    results["extraction"] = extraction(paths, 5)
    show(results["extraction"], f"keypoints of {len(paths)} files")
    if not options.skip_tutorial:
        results["tutorial"] = against_tutorial(str(folder / "manifest.csv"), options.runs)
        write_results("main_job", results, n_files=len(paths))


if __name__ == "__main__":
    main()
