"""Writes the tables and plots of docs/comparison.md from the results that are there."""

from __future__ import annotations

import json
from collections.abc import Callable

from cvclassic.classify.catalog import WITH_NETWORK

from .common import RESULTS, ROOT, fill_block
from .comparison_plot import draw
from .comparison_verdict import budgets_of, verdict, within

PAGE = ROOT / "docs" / "comparison.md"


def table(headers: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] + ["---:"] * (len(headers) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _load(name: str) -> dict | None:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def contest() -> dict | None:
    """Results against networks; of classical recipes not measured there, those of accuracy."""
    found, others = _load("cnn"), _load("accuracy")
    if found is None:
        return None
    for data, recipes in (others or {}).get("results", {}).items():
        for recipe in ("fisher", "fast", "phow"):
            methods = found["results"].setdefault(data, {})
            if recipe in recipes and "full" not in methods.get(recipe, {}):
                row = recipes[recipe]
                methods.setdefault(recipe, {})["full"] = {
                    "accuracy": row["mean_class_accuracy"],  # the test has equal classes
                    "mean_class_accuracy": row["mean_class_accuracy"],
                    "fit_s": row["train_s"],
                    "peak_mb": row["peak_mb"],
                    "model_mb": row["model_mb"],
                    "device": "cpu",
                }
    return found


def busy(row: dict, found: dict) -> bool:
    """Whether others kept the machine busy while a row was measured."""
    return row.get("load", 0) > found["machine"]["cores"] + 1.5


def machine_line(found: dict, rows: list[dict]) -> str:
    """Where, when, and how busy the machine was."""
    machine = found["machine"]
    loads = sorted(row["load"] for row in rows if "load" in row)
    text = f"\n{machine['processor']}, {machine['cores']} cores, {found['date']}"
    if loads and busy({"load": loads[-1]}, found):
        text += (
            f"; others used the machine meanwhile (load {loads[0]:g} to {loads[-1]:g}), so times "
            "are longer, and networks from scratch came less far, than on a quiet one"
        )
    return text + ".\n"


def _points(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _rows(results: dict, question: str) -> list[tuple[str, str, dict]]:
    """Data set, method and row of what answers a question."""
    return [
        (data, method, of_method[question])
        for data, methods in results.items()
        for method, of_method in methods.items()
        if question in of_method and "failed" not in of_method[question]
    ]


def in_words() -> str | None:
    """Who is ahead of whom."""
    found = contest()
    return verdict(found["results"]) if found else None


def full() -> str | None:
    """Everything that a contestant trained on all images gives and costs."""
    found = contest()
    if found is None:
        return None
    rows = _rows(found["results"], "full")
    rows.sort(key=lambda row: (list(found["results"]).index(row[0]), -row[2]["accuracy"]))

    def cell(row: dict, key: str, form: str) -> str:
        return form.format(row[key]) if row.get(key) is not None else "–"

    lines = [
        [
            f"{data}, {method}",
            _points(row["mean_class_accuracy"]),
            cell(row, "fit_s", "{:.0f} s"),
            cell(row, "latency_ms", "{:.0f} ms"),
            cell(row, "ms_per_image", "{:.1f} ms"),
            cell(row, "peak_mb", "{:,} MB"),
            cell(row, "model_mb", "{:.1f} MB"),
            _points(row.get("expected_calibration_error")),
            row.get("device", "–"),
            row.get("date", "–"),
        ]
        for data, method, row in rows
    ]
    headers = ["", "accuracy %", "training", "alone", "in bulk", "memory", "model"]
    headers += ["calibration error %", "on", "measured"]
    return table(headers, lines) + machine_line(found, [row for *_, row in rows])


def curve() -> str | None:
    """Accuracy against images per class."""
    found = contest()
    rows = _rows(found["results"], "curve") if found else []
    if not found or not rows:
        return None
    sizes = sorted({p["pictures_a_class"] for *_, row in rows for p in row["points"]})
    lines = []
    for data, method, row in rows:
        points = {p["pictures_a_class"]: p for p in row["points"]}
        cells = [_points(points[n]["mean_class_accuracy"]) if n in points else "–" for n in sizes]
        whole = found["results"][data][method].get("full", {})
        lines.append([f"{data}, {method}", *cells, _points(whole.get("mean_class_accuracy"))])
    text = table(["", *map(str, sizes), "all"], lines)
    # networks from scratch take what they are given
    given = {
        p["pictures_a_class"]: f"{p['fit_s']:.0f}"
        for _, method, row in rows
        if method.startswith("cnn-")
        for p in row["points"]
    }
    if given:
        few = ", ".join(f"{given[n]} s for {n}" for n in sorted(given))
        text += f"\nSeconds of training that networks from scratch had: {few} images per class.\n"
    return text + machine_line(found, [row for *_, row in rows])


def budgets() -> str | None:
    """Accuracy against seconds of training."""
    found = contest()
    rows = [r for r in _rows(found["results"], "full") if "budgets" in r[2]] if found else []
    if not found or not rows:
        return None
    lines = []
    for data, method, _ in rows:
        for point in budgets_of(found["results"][data][method]):
            ours = within(found["results"][data], point["budget_s"])
            lines.append(
                [
                    f"{data}, {method}",
                    f"{point['budget_s']:.0f} s",
                    f"{point['epochs']:.0f}",
                    _points(point["train_accuracy"]),
                    _points(point["mean_class_accuracy"]),
                    f"{_points(ours[0])} ({ours[1]})" if ours else "–",
                ]
            )
    headers = ["", "budget", "epochs", "training accuracy %", "accuracy %"]
    headers.append("best classical within it %")
    longer = _rows(found["results"], "converged")
    return table(headers, lines) + machine_line(found, [row for *_, row in rows + longer])


def damage() -> str | None:
    """Accuracy on damaged images."""
    found = contest()
    rows = [r for r in _rows(found["results"], "full") if r[2].get("robustness")] if found else []
    if not found or not rows:
        return None
    kinds = [kind for kind in rows[0][2]["robustness"] if kind != "none"]
    lines = []
    for data, method, row in rows:
        shares = row["robustness"]
        cells = [" / ".join(f"{100 * s:.0f}" for _, s in shares[kind]) for kind in kinds]
        lines.append([f"{data}, {method}", f"{100 * shares['none'][0][1]:.0f}", *cells])
    steps = [
        f"{kind} ({', '.join(f'{step:g}' for step, _ in rows[0][2]['robustness'][kind])})"
        for kind in kinds
    ]
    return table(["", "undamaged", *steps], lines)


def speed() -> str | None:
    """End to end against the peers."""
    found = _load("speed")
    if found is None:
        return None
    lines = []
    for name, row in found["results"].items():
        if "stopped_after_s" in row:
            lines.append([name, "–", f"over {row['stopped_after_s']} s", "–", "–"])
        elif "failed" not in row:
            files = f"{'' if row.get('files_counted', True) else '≈ '}{row['files_s']:.0f} s"
            lines.append(
                [
                    name,
                    _points(row["mean_class_accuracy"]),
                    f"{row['train_s']:.0f} s",
                    files,
                    f"{row['peak_mb']:,} MB",
                ]
            )
    row = next(iter(found["results"].values()))
    headers = ["", f"accuracy %, {row['n_classes']} classes", "folder to model"]
    headers += [f"model to {row['n_files']:,} labels", "peak memory"]
    return table(headers, lines) + machine_line(found, list(found["results"].values()))


def scale() -> str | None:
    """Growth of time and memory."""
    found = _load("scale-sift-bow")
    if found is None:
        return None
    lines = []
    for question, row in found["results"].items():
        points = row["points"]
        key = "wall_s" if question == "workers" else "cpu_s"
        lines.append(
            [
                question,
                f"{points[0][question]:,} to {points[-1][question]:,}",
                f"{points[0][key]:.0f} to {points[-1][key]:.0f} s",
                "–" if question == "workers" else str(row["exponents"][key]),
                f"{points[0]['peak_mb']} to {points[-1]['peak_mb']} MB",
                "–" if question == "workers" else str(row["exponents"]["peak_mb"]),
            ]
        )
    headers = ["what grows", "from to", "seconds", "exponent", "memory", "exponent"]
    return table(headers, lines) + machine_line(found, [])


def gpu() -> str | None:
    """Networks on a data-center GPU beside recipes on the CPU."""
    cuda, strong, ours = _load("cnn-cuda"), _load("networks-gpu"), _load("accuracy")
    if cuda is None or strong is None or ours is None:
        return None
    rows: list[tuple[str, str, float, float | None, str]] = []
    for data, recipes in ours["results"].items():
        if data not in cuda["results"]:
            continue
        for recipe in (*WITH_NETWORK, "fisher", "fast"):
            row = recipes[recipe]
            score, seconds = row["mean_class_accuracy"], row["train_s"]
            name = recipe + " (efficientnet-lite0)" * (recipe in WITH_NETWORK)
            rows.append((data, name, score, seconds, "two CPU cores"))
        for method, found in cuda["results"][data].items():
            row = found["full"]
            rows.append((data, method, row["mean_class_accuracy"], row["fit_s"], row["device"]))
        for row in strong["rows"]:
            if row["data"] == data:
                name = row["net"]
                rows.append((data, name, row["mean_class"], row.get("seconds"), strong["device"]))
    rows.sort(key=lambda row: (row[0], -row[2]))
    lines = [
        [f"{data}, {name}", _points(score), "–" if s is None else f"{s:.0f} s", device]
        for data, name, score, s, device in rows
    ]
    return table(["", "accuracy %", "training", "on"], lines)


BLOCKS: dict[str, Callable[[], str | None]] = {
    "verdict": in_words,
    "full": full,
    "curve": curve,
    "budgets": budgets,
    "damage": damage,
    "gpu": gpu,
    "speed": speed,
    "scale": scale,
}


def fill(text: str) -> str:
    """The page with the blocks that have been measured written anew."""
    for name, write in BLOCKS.items():
        new = write()
        if new is not None:
            text = fill_block(name, new, text)
    return text


def main() -> None:
    """Fill in what has been measured, and draw it."""
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    found = contest()
    if found is not None and "caltech101" in found["results"]:
        draw(found["results"]["caltech101"], ROOT / "docs" / "comparison.png")
    print("docs/comparison.md")


if __name__ == "__main__":
    main()
