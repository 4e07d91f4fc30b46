"""Explanations: do shares sum up, do they say what matters, and what do they cost?

Models of `sift-bow` and `fast`, trained on caltech101's training images. The sum property is
looked at on 1,000 test images. For deletion, keypoints go in the order of their shares, the
largest first, and the image is encoded anew after each tenth; for insertion they come in that
order, from one to all in equal ratios. The area under the curve of the label's probability is set
beside that of random orders of the same images; low is good for deletion, high for insertion.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from .common import ROOT, SEED, data_dir, interleave, threads, write_block, write_results

_STEPS = 11
_RANDOM_ORDERS = 2


def main() -> None:
    """Train both models and measure."""
    from cvclassic.classify import fit_recipe, make_recipe
    from cvclassic.images import load_manifest, spool_pictures

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", default=["sift-bow", "fast"])
    parser.add_argument("--sums", type=int, default=1000, help="images for the sum property")
    parser.add_argument("--curves", type=int, default=200, help="images for the curves")
    parser.add_argument("--timed", type=int, default=40, help="images that are timed")
    options = parser.parse_args()
    manifest = data_dir() / "caltech101" / "manifest.csv"
    train, test = load_manifest(manifest, "train"), load_manifest(manifest, "test")
    order = np.random.default_rng(SEED).permutation(len(test))
    results = {}
    for name in options.recipes:
        model = make_recipe(name, n_jobs=2, random_state=0)
        fit_recipe(model, spool_pictures(train.paths), train.labels)
        model.set_params(features__n_jobs=1)
        pictures = spool_pictures([test.paths[i] for i in order[: options.sums]])
        results[name] = {
            **sum_property(model, pictures),
            **curves(model, pictures[: options.curves]),
            **timing(model, pictures[: options.timed]),
        }
        print(name, results[name], flush=True)
        write_results("explain", results, data="caltech101, test images")
    if set(results) == {"sift-bow", "fast"}:
        write_block(ROOT / "docs" / "explanation.md", "explain", table(results))


def table(results: dict[str, dict]) -> str:
    """The table of docs/explanation.md."""

    def areas(row: dict, kind: str) -> str:
        return f"{row[kind]['area']:.3f} / {row[kind]['area_of_random_order']:.3f}"

    def margin(row: dict, kind: str) -> str:
        low, high = row[kind]["margin_95"]
        return f"{low:.3f} to {high:.3f}"

    def cost(row: dict) -> str:
        low, high = row["times_classify_quartiles"]
        return f"{row['times_classify']:.2f} ({low:.2f} to {high:.2f})"

    first = next(iter(results.values()))
    lines: dict[str, Callable[[dict], str]] = {
        f"bias + Σ shares against the decision, {first['pictures']:,} images, largest relative "
        "error": lambda row: f"{row['sum_max_relative_error']:.1e}",
        "the same against the head's own float32 numbers, of the largest decision": (
            lambda row: f"{row['sum_max_error_to_float32_head']:.1e}"
        ),
        f"deletion, {first['curve_pictures']} images: by shares / at random": (
            lambda row: areas(row, "deletion")
        ),
        "margin, 95% of bootstraps over images": lambda row: margin(row, "deletion"),
        "insertion: by shares / at random": lambda row: areas(row, "insertion"),
        "its margin, 95% of bootstraps over images": lambda row: margin(row, "insertion"),
        "time of explaining over that of classifying the same images, in blocks of 16 "
        "(quartiles)": cost,
    }
    names = " | ".join(f"`{name}`" for name in results)
    rows = [f"| | {names} |", "|---|" + "---:|" * len(results)]
    for what, tell in lines.items():
        rows.append(f"| {what} | " + " | ".join(tell(row) for row in results.values()) + " |")
    return "\n".join(rows)


def sum_property(model, pictures: list) -> dict:
    """How far bias and shares are from the decision."""
    from cvclassic.explain import explain_picture

    errors, head_errors, n_keypoints = [], [], []
    for picture in pictures:
        found = explain_picture(model, picture)
        summed = found.bias + found.shares.sum()
        one, other = (found.classes.index(c) for c in (found.label, found.against))
        head = found.decisions[one] - found.decisions[other]
        errors.append(abs(summed - found.decision) / abs(found.decision))
        head_errors.append(abs(summed - head) / np.abs(found.decisions).max())
        n_keypoints.append(len(found))
    return {
        "pictures": len(pictures),
        "keypoints_median": float(np.median(n_keypoints)),
        "sum_max_relative_error": float(max(errors)),
        "sum_max_error_to_float32_head": float(max(head_errors)),
    }


def curves(model, pictures: list) -> dict:
    """Areas under insertion and deletion curves, and under those of random orders."""
    from cvclassic.explain.flipping import Removal
    from cvclassic.explain.local_features import members_of, open_bags
    from cvclassic.explain.pictures import explain_bags

    rng = np.random.default_rng(SEED)
    members = members_of(model[0])
    assert members is not None  # it is a model of keypoints
    areas: dict[str, list] = {"deletion": [], "insertion": []}
    chance: dict[str, list] = {"deletion": [], "insertion": []}
    for picture in pictures:
        bags = open_bags(members, picture)
        (found,) = explain_bags(model, members, [bags])
        if len(found) < _STEPS:
            continue
        removal = Removal(model, bags)
        area = _curve(removal, model[-1], found.classes.index(found.label))
        n = len(found)
        ranked = np.argsort(-found.shares, kind="stable")
        counts = {
            "deletion": np.rint(np.linspace(n, 0, _STEPS)).astype(int),
            "insertion": np.rint(np.geomspace(1, n, _STEPS)).astype(int),
        }
        for name, order in (("deletion", ranked[::-1]), ("insertion", ranked)):
            areas[name].append(area(order, counts[name]))
            drawn = [area(rng.permutation(n), counts[name]) for _ in range(_RANDOM_ORDERS)]
            chance[name].append(np.mean(drawn))
    out: dict = {"curve_pictures": len(areas["deletion"])}
    for name in areas:
        gain = np.array(areas[name]) - np.array(chance[name])
        gain = -gain if name == "deletion" else gain
        spread = np.array(
            [rng.choice(gain, len(gain)).mean() for _ in range(2000)]
        )  # bootstrap over images
        out[name] = {
            "area": round(float(np.mean(areas[name])), 4),
            "area_of_random_order": round(float(np.mean(chance[name])), 4),
            "margin": round(float(gain.mean()), 4),
            "margin_95": [round(float(q), 4) for q in np.quantile(spread, [0.025, 0.975])],
            "better_on": round(float((gain > 0).mean()), 4),
        }
    return out


def _curve(removal, head, column: int):
    """Mean probability of a class over numbers of keypoints, the first of an order or all others.

    Deletion goes down by tenths; insertion doubles the number from one to all, as a few dozen
    keypoints are often enough.
    """
    from cvclassic.classify import probabilities

    def area(order: np.ndarray, counts: np.ndarray) -> float:
        rows = []
        for count in counts:
            keep = np.zeros(len(order), bool)
            keep[order[:count]] = True
            rows.append(removal.decisions(keep))
        chances = probabilities(np.stack(rows), head.temperature_)[:, column]
        return float(np.trapezoid(chances, dx=1 / (len(counts) - 1)))

    return area


def timing(model, pictures: list) -> dict:
    """Explaining against classifying the same decoded images, in the same blocks."""
    from cvclassic.batch.classifying import predict_proba
    from cvclassic.explain import explain_pictures

    blocks = [pictures[i : i + 16] for i in range(0, len(pictures), 16)]
    with threads(1):
        # processor time, as one thread works: fair on a busy machine
        timed = interleave(
            {
                "classify": lambda: [predict_proba(model, block) for block in blocks],
                "explain": lambda: list(explain_pictures(model, pictures)),
                "classify_one": lambda: [predict_proba(model, [one]) for one in pictures],
                "explain_one": lambda: [list(explain_pictures(model, [one])) for one in pictures],
            },
            repeats=7,
            clock=time.process_time,
        )
    ones = timed["explain_one"]["median_ms"] / timed["classify_one"]["median_ms"]
    return {
        "classify_ms_a_picture": round(timed["classify"]["median_ms"] / len(pictures), 3),
        "explain_ms_a_picture": round(timed["explain"]["median_ms"] / len(pictures), 3),
        "times_classify": timed["explain"]["times_baseline"],
        "times_classify_quartiles": timed["explain"]["times_baseline_quartiles"],
        "times_classify_one_at_a_time": round(ones, 3),
    }


if __name__ == "__main__":
    main()
