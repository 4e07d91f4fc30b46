"""Against networks: accuracy by images and by seconds, cost, damage, calibration.

Every job (data set, method, question) runs in a process of its own and is written down when it
has ended: a run that was cut goes on where it was, and ``--again`` measures anew. The jobs that
matter most come first; after ``--minutes`` no more are begun, and what is missing is listed.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from .common import RESULTS, SEED, describe_machine, write_results
from .datasets import NAMES, SMALL, DataSet, load

PHOTOS = ("fisher", "cnn-small", "cnn-resnet", "embedding", "fused", "fast")
TINY = ("small", "patches", "hog", "cnn-small", "cnn-resnet", "embedding")
CNNS = ("cnn-small", "cnn-resnet")
NETWORK = "efficientnet-lite0"  # what anybody gets with the extra `network`
SIZES = (1, 2, 5, 10, 15)  # images a class
# seconds that a network from scratch gets
BUDGETS = {"caltech101": (30, 120, 600), "scene15": (60,)}
SHORT = (30,)
# of few images: more than the recipe `fisher` takes for as many
CURVE_BUDGETS = {1: 20, 2: 30, 5: 60, 10: 90}
CHEAP = ("fast", "embedding", "hog")  # measured with several choices of images
CHOICES = {1: 3, 2: 3}  # so many, where it matters most which ones they are
DAMAGED = 101  # test images of caltech101 that are damaged
QUICK = (("chihuahua_muffin", 120, 30), ("mnist", 1000, 300))


def jobs_of(names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Data set, method, question: the most important first."""
    jobs = []
    for name in names:
        methods = TINY if name in SMALL else PHOTOS
        jobs += [(name, method, "full") for method in methods]
        if name == "caltech101" or name not in NAMES:
            order = ("embedding", "fast", *CNNS, "fisher")
            jobs += [(name, method, "curve") for method in order]
    return jobs


def full(data: DataSet, method: str, options: dict) -> dict:
    """Train on everything: scores, costs, budgets, damage."""
    from cvclassic.comparison import measure_method, run_apart
    from cvclassic.comparison.measuring import short_scores

    found = run_apart(measure_method, method, data.train, data.test, **options)
    truth = data.test[1]
    seen = found.predictions([str(i) for i in range(len(truth))], truth)
    row = {**short_scores(truth, found.probabilities, found.classes), **found.row}
    row |= {"budgets": found.budgets} if found.budgets else {}
    row |= {"robustness": found.robustness, "right": "".join("01"[int(r)] for r in seen.right)}
    return row


def curve(data: DataSet, method: str, options: dict, sizes: tuple[int, ...]) -> dict:
    """Train on a few images of each class; everything anew each time."""
    from cvclassic.comparison import measure_method, run_apart
    from cvclassic.comparison.measuring import short_scores
    from cvclassic.comparison.splitting import first_of_each

    smallest = min(np.unique(np.asarray(data.train[1]), return_counts=True)[1])
    points = []
    for size in (size for size in sizes if size < smallest):  # all of them is the question full
        budget = CURVE_BUDGETS.get(size, 120)
        mine = {**options, "n_damaged": 0}
        if method in CNNS:
            mine["budgets"] = (min(budget, max(options["budgets"])),)
        found = []
        for seed in range(CHOICES.get(size, 1) if method in CHEAP else 1):
            rows = first_of_each(data.train[1], size, seed)
            part = [data.train[0][i] for i in rows], [data.train[1][i] for i in rows]
            one = run_apart(measure_method, method, part, data.test, **mine)
            scores = short_scores(data.test[1], one.probabilities, one.classes)
            found.append((scores["mean_class_accuracy"], one.row["fit_s"]))
        values, seconds = zip(*found, strict=True)
        points.append(
            {
                "pictures_a_class": size,
                "mean_class_accuracy": round(float(np.median(values)), 4),
                "range": [min(values), max(values)],
                "repeats": len(values),
                "fit_s": round(float(np.median(seconds)), 2),
            }
        )
        print("   ", method, points[-1], flush=True)
    return {"points": points}


def converged(data: DataSet, method: str, options: dict) -> dict:
    """Give a network twice and four times as long as its longest budget."""
    most = max(options["budgets"])
    return full(data, method, {**options, "budgets": (2 * most, 4 * most), "n_damaged": 0})


def main() -> None:
    """Run the jobs that are not there yet."""
    parser = argparse.ArgumentParser(prog="benchmarks cnn", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small parts of two sets, < 5 minutes")
    parser.add_argument("--data", nargs="*", default=[], help=f"of {', '.join(NAMES)}, or a FOLDER")
    parser.add_argument("--methods", nargs="*")
    parser.add_argument("--questions", nargs="*", default=["full", "curve"])
    parser.add_argument("--network", default=NETWORK, help="name or file")
    parser.add_argument("--predictions", nargs="*", default=[], metavar="NAME=CSV")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--budgets", nargs="*", type=float, help="seconds, instead of the usual")
    parser.add_argument("--minutes", type=float, default=55, help="begin no job after")
    parser.add_argument("--again", action="store_true", help="measure what is there, too")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    path = options.output or RESULTS / ("cnn-quick.json" if options.quick else "cnn.json")
    results: dict = {}
    if options.quick:
        path.unlink(missing_ok=True)
    elif path.exists():
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
    names = tuple(options.data) or (tuple(n for n, *_ in QUICK) if options.quick else NAMES)
    if "converged" in options.questions:
        jobs = [(name, method, "converged") for name in names for method in CNNS]
    else:
        jobs = jobs_of(names)
    jobs = [
        job
        for job in jobs
        if (not options.methods or job[1] in options.methods) and job[2] in options.questions
    ]
    start = time.perf_counter()
    loaded: dict[str, DataSet] = {}
    missing = []
    for name, method, question in jobs:
        data = loaded.setdefault(name, load(name)) if name not in loaded else loaded[name]
        budgets = options.budgets or ((10,) if options.quick else BUDGETS.get(name, SHORT))
        known = results.get(data.name, {}).get(method, {}).get(question)
        if known is not None and not options.again and _is_of(known, budgets, question):
            continue
        if time.perf_counter() - start > 60 * options.minutes:
            missing.append((name, method, question))
            continue
        if options.quick:
            cuts = {key: sizes for key, *sizes in QUICK}
            data = data.cut(*cuts.get(name, (200, 100)))
        mine = {
            "network": options.network,
            "budgets": budgets,
            "clock": options.clock,
            "seed": SEED,
        }
        mine["n_damaged"] = DAMAGED if name == "caltech101" else 0
        begun = time.perf_counter()
        row = _ask(question, data, method, mine, (1, 5) if options.quick else SIZES)
        row["job_s"] = round(time.perf_counter() - begun)
        about = {"clock": options.clock, "load": round(os.getloadavg()[0], 1)}
        row |= about | {"date": datetime.now(UTC).strftime("%Y-%m-%d")}
        shown = {k: v for k, v in row.items() if k not in ("right", "robustness", "points")}
        print(name, method, question, shown, flush=True)
        _store(path, data.name, method, question, row)
    for pair in options.predictions:
        label, _, file = pair.partition("=")
        for data in loaded.values():
            row = _from_elsewhere(data, file)
            print(data.name, label, row)
            _store(path, data.name, label, "full", row)
    for job in missing:
        print("left for another run:", *job)


def _is_of(row: dict, budgets: tuple[float, ...], question: str) -> bool:
    """Whether a row that is there comes from these budgets, where it has any."""
    if question != "full" or "budgets" not in row:
        return "failed" not in row
    return [float(one["budget_s"]) for one in row["budgets"]] == sorted(map(float, budgets))


def _ask(question: str, data: DataSet, method: str, options: dict, sizes: tuple) -> dict:
    """The answer, or why there is none."""
    from cvclassic.errors import CvclassicError

    try:
        if question == "curve":
            return curve(data, method, options, sizes)
        return {"full": full, "converged": converged}[question](data, method, options)
    except CvclassicError as error:
        return {"failed": str(error)}


def _from_elsewhere(data: DataSet, file: str) -> dict:
    """Scores of somebody else's answers on the test images."""
    from cvclassic.evaluate import align_predictions, read_predictions, score_predictions

    paths = [str(path) for path in data.test[0]]
    truth = dict(zip(paths, data.test[1], strict=True))
    folder = os.path.commonpath(paths)
    seen = align_predictions(read_predictions(file, truth, folder)[0], paths, file)
    scores = score_predictions(seen.truth, seen.labels, seen.probabilities, seen.classes)
    names = ("accuracy", "mean_class_accuracy", "log_loss", "expected_calibration_error")
    return {name: scores[name] for name in names} | {
        "right": "".join("01"[int(r)] for r in seen.right)
    }


def _store(path: Path, data: str, method: str, question: str, row: dict) -> None:
    """Add a row to the file as it is now: another run may have written meanwhile."""
    results: dict = {}
    if path.exists():
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
    results.setdefault(data, {}).setdefault(method, {})[question] = row
    if path.parent == RESULTS:
        write_results(path.stem, results)
        return
    content = {"benchmark": "cnn", "machine": describe_machine(), "results": results}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
