"""Two classes and few images: every recipe on a seeded hundred of pairs of classes.

The pairs are drawn from caltech101, scene15 and the materials that come with the project; 3, 6 and
12 images per class train, the smaller sets being parts of the larger ones, and ten of the test
split judge. Nothing was chosen on the test images. A recipe that has to guess is right half of the
time.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np

from .common import ROOT, SEED, data_dir, read_results, write_block, write_results

SIZES = (3, 6, 12)
N_TEST = 10
PAIRS = {"caltech101": 45, "scene15": 45, "materials": 10}  # of materials, all there are
RECIPES = ("sift-bow", "fast", "vlad", "fisher", "llc", "phow")
PAGE = ROOT / "docs" / "recipes.md"


def splits(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Paths and labels to train on, and to test on."""
    from cvclassic.images import load_folder, load_manifest

    if name == "materials":
        parts = [load_folder(ROOT / "sample_images" / name / part) for part in ("train", "test")]
    else:
        manifest = data_dir() / name / "manifest.csv"
        parts = [load_manifest(manifest, split=part) for part in ("train", "test")]
    (train, test) = parts
    return tuple(  # type: ignore[return-value]
        np.array(column) for part in (train, test) for column in (part.paths, part.labels)
    )


def draw_pairs(classes: np.ndarray, n: int, seed: int) -> list[tuple[str, str]]:
    """n different pairs of classes."""
    every = list(itertools.combinations(sorted(set(classes.tolist())), 2))
    chosen = np.random.default_rng(seed).permutation(len(every))[:n]
    return [every[i] for i in chosen]


def score(recipe: str, pair: tuple[str, str], data, seed: int) -> dict[int, float]:
    """Accuracy on the test images of two classes, by the number of images that trained.

    A size is missing where the recipe refused it.
    """
    from cvclassic.classify import make_recipe
    from cvclassic.errors import DataError
    from cvclassic.images import spool_pictures

    train_paths, train_labels, test_paths, test_labels = data
    rng = np.random.default_rng(seed)
    train = [list(rng.permutation(train_paths[train_labels == c])[: SIZES[-1]]) for c in pair]
    test = [list(rng.permutation(test_paths[test_labels == c])[:N_TEST]) for c in pair]
    # decoded once, however many sizes see them
    pictures = [spool_pictures([str(path) for path in paths]) for paths in train]
    unseen = spool_pictures([str(path) for paths in test for path in paths])
    truth = np.repeat(pair, [len(paths) for paths in test])
    found = {}
    for size in SIZES:
        images = [image for some in pictures for image in some[:size]]
        labels = np.repeat(pair, [len(some[:size]) for some in pictures])
        model = make_recipe(recipe, random_state=SEED, n_jobs=1)
        try:
            model.fit(images, labels)
        except DataError:  # such as fewer features than words
            continue
        found[size] = float((model.predict(unseen) == truth).mean())
    return found


def ahead(results: dict, recipe: str, other: str = "sift-bow") -> float | None:
    """Points by which a recipe is ahead of another, mean over pairs and sizes that both have."""
    gaps = []
    for name, row in results[recipe].items():
        theirs = results.get(other, {}).get(name, {}).get("of_each_pair", [])
        for mine, its in zip(row.get("of_each_pair", []), theirs, strict=False):
            gaps += [a - b for a, b in zip(mine, its, strict=True) if None not in (a, b)]
    return 100 * float(np.mean(gaps)) if gaps else None


def table(results: dict) -> str:
    """Mean accuracy of every recipe, and how far it is ahead of sift-bow, Markdown."""
    names = [name for name in PAIRS if any(name in rows for rows in results.values())]
    head = [f"{name}, {size}" for name in names for size in SIZES]
    head.append("ahead of `sift-bow`, points")
    lines = ["| recipe | pairs | " + " | ".join(head) + " |"]
    lines.append("|---|---:|" + "---:|" * len(head))
    for recipe in RECIPES:
        if recipe not in results:
            continue
        rows = results[recipe]
        cells = [
            f"{rows[name]['accuracy'][str(size)]:.1f}%" if name in rows else ""
            for name in names
            for size in SIZES
        ]
        points = ahead(results, recipe)
        cells.append("" if points is None or recipe == "sift-bow" else f"{points:+.1f}")
        n = sum(row["pairs"] for row in rows.values())
        lines.append(f"| `{recipe}` | {n} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Score the recipes, write the results and the table of docs/recipes.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--data", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--share", type=float, default=1.0, help="share of the pairs")
    parser.add_argument("--table-only", action="store_true")
    options = parser.parse_args()
    results = read_results("pairs")
    for recipe in () if options.table_only else options.recipes:
        for name in options.data:
            data = splits(name)
            pairs = draw_pairs(data[1], max(1, round(PAIRS[name] * options.share)), SEED)
            begin = time.process_time()
            rows = [score(recipe, pair, data, SEED + i) for i, pair in enumerate(pairs)]
            means = {
                size: float(np.mean([row[size] for row in rows if size in row])) for size in SIZES
            }
            results.setdefault(recipe, {})[name] = {
                "pairs": len(pairs),
                "accuracy": {str(size): round(100 * mean, 1) for size, mean in means.items()},
                "of_each_pair": [[row.get(size) for size in SIZES] for row in rows],
                "worst_pair": round(100 * min(min(row.values(), default=1) for row in rows), 1),
                "refused": sum(len(SIZES) - len(row) for row in rows),
                "processor_s": round(time.process_time() - begin, 1),
            }
            print(recipe, name, results[recipe][name], flush=True)
            write_results("pairs", results, split="test, on which nothing was tuned")
    write_block(PAGE, "pairs", table(results))


if __name__ == "__main__":
    main()
