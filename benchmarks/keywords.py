"""Keywords of photographs: recipes with and without a network, and the same head, on Corel-5k.

Trains on the split train of corel5k, where recipes, weights, voices and thresholds are chosen by
left-out images, and judges the split test once. Answers are given by a threshold per word, and by
the literature's protocol of five words per image. The network (EfficientNet-Lite0, frozen), alone
and beside `fisher`, gets the same head and the same choices. ``always`` answers the five most
frequent words.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace

import numpy as np

from cvclassic.classify.catalog import WITH_NETWORK

from .common import ROOT, SEED, data_dir, read_results, write_block, write_results

RECIPES = ("always", "fast", "fisher", *WITH_NETWORK)
PAGE = ROOT / "docs" / "keywords.md"
_NAMES = {
    "always": "the five most frequent words",
    "embedding": "`embedding` (EfficientNet-Lite0, frozen)",
    "fused": "`fused` (`fisher` beside it)",
}
_KEPT = (
    "mean_precision", "mean_recall", "mean_f1", "n_plus", "n_words", "map", "micro_f1",
    "calibration_error", "words_per_image",
)  # fmt: skip


def main() -> None:
    """Train and judge each method; rows of others in the results stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="*", choices=RECIPES, default=RECIPES)
    parser.add_argument("--docs", action="store_true", help="only write the table of the page")
    options = parser.parse_args()
    results = read_results("keywords")
    for name in () if options.docs else options.methods:
        results[name] = measure(name)
        print(name, json.dumps(results[name]), flush=True)
        write_results(
            "keywords", results, split="test, on which nothing was chosen; once per method"
        )
    write_block(PAGE, "scores", table(results))


def measure(name: str) -> dict:
    """Scores of one method on the test images, under both protocols."""
    from cvclassic import train
    from cvclassic.evaluate import KeywordPredictions
    from cvclassic.images import load_keywords

    manifest = data_dir() / "corel5k" / "manifest.csv"
    learned, judged = (load_keywords(manifest, split=part) for part in ("train", "test"))
    if name == "always":
        words = list(learned.counts)
        shares = np.array([learned.counts[word] for word in words]) / len(learned)
        chances = np.tile(shares, (len(judged), 1))
        seen = KeywordPredictions(judged.paths, judged.labels, words, chances, best_five(chances))
        return {"top_5": scores_of(seen)}
    network = {"model": "efficientnet-lite0"} if name in WITH_NETWORK else {}
    start = time.perf_counter()
    model = train(learned, name, params=network, random_state=SEED, n_jobs=2)
    seconds = time.perf_counter() - start
    seen, failures, spent = model.predict_labeled(judged, n_jobs=2)
    if failures:
        raise RuntimeError(f"images could not be read: {failures[:3]}")
    head = model.pipeline[-1].set_params(rule="top", n_top=5)
    return {
        "thresholds": scores_of(seen),
        "top_5": scores_of(replace(seen, chosen=head.chosen(seen.probabilities))),
        "left_out_f1": round(model.summary["cv_f1"], 4),
        "train_seconds": round(seconds, 1),
        "ms_per_image": round(1e3 * spent / len(judged), 1),
    }


def best_five(chances: np.ndarray) -> np.ndarray:
    """The five most probable words of each row."""
    chosen = np.zeros(chances.shape, bool)
    order = np.argsort(-chances, axis=1, kind="stable")[:, :5]
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen


def scores_of(seen) -> dict:
    """The scores that are kept, with their intervals."""
    from cvclassic.evaluate import score_keywords

    found = score_keywords(seen)
    ends = {
        key: [round(float(end), 4) for end in found["intervals"][key]]
        for key in _KEPT
        if key in found["intervals"]
    }
    return {key: round(float(found[key]), 4) for key in _KEPT} | {"intervals": ends}


def table(results: dict) -> str:
    """The scores as a Markdown table."""
    lines = [
        "| method | answers | precision | recall | F1 [95%] | words found | mAP [95%] |\n",
        "|---|---|---:|---:|---:|---:|---:|\n",
    ]
    for name in (name for name in RECIPES if name in results):
        for rule, said in (("thresholds", "threshold per word"), ("top_5", "five words")):
            row = results[name].get(rule)
            if row is None:
                continue
            f1, average = (
                f"{row[key]:.3f} [{row['intervals'][key][0]:.3f}, {row['intervals'][key][1]:.3f}]"
                for key in ("mean_f1", "map")
            )
            lines.append(
                f"| {_NAMES.get(name, f'`{name}`')} | {said} | {row['mean_precision']:.3f} | "
                f"{row['mean_recall']:.3f} | {f1} | {row['n_plus']:.0f} of {row['n_words']:.0f} | "
                f"{average} |\n"
            )
    return "".join(lines)


if __name__ == "__main__":
    main()
