"""Tables from the results: one for README.md, the others for the benchmarks page of the site."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from .common import RESULTS, ROOT
from .comparison import busy, contest, machine_line

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
        "per image, one core",
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
    return _table(["ours", "opponent", "opponent's time / our time"], rows)


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
    headers = ["data, method", "accuracy", "training", "model"]
    return _table(headers, rows) + machine_line(found, used)


def _comparisons(found: dict, name: str = "") -> Iterator[tuple[str, dict]]:
    """Groups of contestants, however deep they lie in a result."""
    if found and all(isinstance(row, dict) and "times_baseline" in row for row in found.values()):
        yield name, found
        return
    for key, inner in found.items():
        if isinstance(inner, dict):
            yield from _comparisons(inner, key)


def figures() -> str:
    """The README's one table: classical recipes, and what they stand against."""
    found = contest()
    assert found is not None, "run python -m benchmarks cnn"
    names = {
        "fast": "cvclassic, `fast`",
        "fisher": "cvclassic, `fisher`",
        "cnn-small": "network trained from scratch",
        "embedding": "pre-trained EfficientNet-Lite0 + SVM",
        "fused": "cvclassic, `fused` (`fisher` + EfficientNet-Lite0)",
    }
    rows = []
    for data, title in (("caltech101", "Caltech-101"), ("scene15", "Scene-15")):
        for method, name in names.items():
            row = found["results"].get(data, {}).get(method, {}).get("full", {})
            if "mean_class_accuracy" in row:
                accuracy = f"{row['mean_class_accuracy']:.1%}"
                rows.append([title, name, accuracy, f"{row['fit_s']:.0f} s", row.get("date", "–")])
    return _table(["data", "method", "accuracy", "training", "measured"], rows)


FROM_RESULTS: dict[str, Callable[[], str]] = {
    "accuracy": accuracy,
    "tutorial": tutorial,
    "speed": speed,
    "comparison": comparison,
}
IN_README: dict[str, Callable[[], str]] = {"figures": figures}


def fill(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """`text` with the named generated parts made anew."""

    def renew(match: re.Match) -> str:
        start, name, end = match.groups()
        return f"{start}\n{parts[name]()}\n{end}" if name in parts else match[0]

    return _BLOCK.sub(renew, text)


def main() -> None:
    """Renew the table in README.md."""
    path = ROOT / "README.md"
    path.write_text(fill(path.read_text(encoding="utf-8"), IN_README), encoding="utf-8")


if __name__ == "__main__":
    main()
