"""Writes the generated parts of README.md from the results and from the real commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .common import RESULTS, ROOT
from .comparison import busy, contest, machine_line
from .processes import CVCLASSIC

_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end generated -->)", re.DOTALL)


def _results(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def _table(headers: list[str], rows: list[list[str]]) -> str:
    lines = [headers, ["---"] + ["---:"] * (len(headers) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _machine(found: dict) -> str:
    machine = found["machine"]
    return f"\n{machine['processor']}, {machine['cores']} cores, {found['date']}.\n"


def accuracy() -> str:
    """Recipes by data set."""
    found = _results("accuracy")
    rows = []
    for data, recipes in found["results"].items():
        for recipe, row in recipes.items():
            rows.append(
                [
                    f"{data}, `{recipe}`" + (f" → `{row['recipe']}`" if recipe == "auto" else ""),
                    f"{row['mean_class_accuracy']:.1%}",
                    f"{row['train_s']:.0f} s",
                    f"{row['classify_ms']:.1f} ms",
                    f"{row['peak_mb']:,} MB",
                    f"{row['model_mb']:.1f} MB",
                ]
            )
    headers = [
        "data, recipe",
        "accuracy",
        "training",
        "an image, one core",
        "peak memory",
        "model",
    ]
    return _table(headers, rows) + _machine(found)


def tutorial() -> str:
    """The main job against the tutorial script."""
    found = _results("main_job")
    rows = [
        [
            name,
            f"{runs[0]['mean_class_accuracy']:.1%}",
            " / ".join(f"{run['train_s']:.0f} s" for run in runs),
            f"{runs[0]['peak_mb']:,} MB",
        ]
        for name, runs in found["results"]["tutorial"].items()
    ]
    return _table(["", "accuracy", "training", "peak memory"], rows) + _machine(found)


def speed() -> str:
    """Ratios of the speed benchmarks."""
    rows = []
    for name in ("dense_sift_speed", "assignment_speed", "bag_speed", "fisher_speed"):
        for _, contestants in _comparisons(_results(name)["results"]):
            (first, _), *others = sorted(
                contestants.items(), key=lambda item: not item[0].startswith("cvclassic")
            )
            for opponent, row in others:
                low, high = row["times_baseline_quartiles"]
                rows.append(
                    [first, opponent, f"{row['times_baseline']:.1f} ({low:.1f} to {high:.1f})"]
                )
    return _table(["ours", "opponent", "takes so many times as long"], rows)


def comparison() -> str:
    """Classical recipes beside networks."""
    found = contest()
    assert found is not None, "run python -m benchmarks cnn"
    rows, used = [], []
    for data in ("caltech101", "scene15"):
        for method in ("fast", "fisher", "cnn-small", "cnn-resnet", "embedding", "fused"):
            row = found["results"].get(data, {}).get(method, {}).get("full", {})
            # on a busy machine a network from scratch does not come as far as it could
            slowed = method.startswith("cnn-") and busy(row, found)
            if "mean_class_accuracy" in row and not slowed:
                used.append(row)
                rows.append(
                    [
                        f"{data}, `{method}`",
                        f"{row['mean_class_accuracy']:.1%}",
                        f"{row['fit_s']:.0f} s",
                        f"{row['model_mb']:.1f} MB",
                    ]
                )
    headers = ["data, contestant", "accuracy", "training", "model"]
    return _table(headers, rows) + machine_line(found, used)


def _comparisons(found: dict, name: str = "") -> Iterator[tuple[str, dict]]:
    """Groups of contestants, however deep they lie in a result."""
    if found and all(isinstance(row, dict) and "times_baseline" in row for row in found.values()):
        yield name, found
        return
    for key, inner in found.items():
        if isinstance(inner, dict):
            yield from _comparisons(inner, key)


def labels() -> str:
    """The head of a file of records."""
    with _reader_folder() as folder:
        _run(folder, "train", "sample_images/materials/train", "-o", "m", "--recipe", "fast", "-q")
        pictures = ["sample_images/materials/test", "missing.jpg"]
        _run(folder, "classify", "m", *pictures, "-q", "-o", "labels.csv")
        lines = Path(folder, "labels.csv").read_text(encoding="utf-8").splitlines()
    return "```text\n" + "\n".join([*lines[:4], "...", lines[-1]]) + "\n```\n"


def train() -> str:
    """What `train` prints."""
    with _reader_folder() as folder:
        train = ["train", "sample_images/materials/train", "-o", "materials.cvmodel"]
        return "```text\n" + _run(folder, *train).rstrip() + "\n```\n"


@contextmanager
def _reader_folder() -> Iterator[str]:
    """A folder as the README's reader has it, with the sample images in it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sample_images").symlink_to(ROOT / "sample_images")
        yield folder


def _run(folder: str, *arguments: str) -> str:
    """Output and messages of a command."""
    done = subprocess.run(
        [*CVCLASSIC, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout.decode()


FROM_RESULTS: dict[str, Callable[[], str]] = {
    "accuracy": accuracy,
    "tutorial": tutorial,
    "speed": speed,
    "comparison": comparison,
}
FROM_COMMANDS: dict[str, Callable[[], str]] = {"train": train, "labels": labels}


def fill(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """`text` with the named generated parts made anew."""

    def renew(match: re.Match) -> str:
        start, name, end = match.groups()
        return f"{start}\n{parts[name]()}\n{end}" if name in parts else match[0]

    return _BLOCK.sub(renew, text)


def main() -> None:
    """Renew README.md; with --results-only, just what comes from results."""
    parts = FROM_RESULTS | ({} if "--results-only" in sys.argv else FROM_COMMANDS)
    path = ROOT / "README.md"
    path.write_text(fill(path.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main()
