"""Image search: how often the right image is found, how fast, beside whom, and how large.

``accuracy`` indexes UKBench and covers among distractors with the default settings and scores all
queries, beside OpenCV's brute-force matcher, a frozen MobileNet, and faiss. ``duplicates`` hides
copies among photographs, beside perceptual hashes. ``vocabulary`` learns 100,000 words from 5
million descriptors. ``million`` writes an index of a million simulated images and queries it.
``faults`` kills what changes an index 200 times, and damages its files 5,000 times. ``page``
fills the figures into docs/search.md.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.common import (
    ROOT,
    SEED,
    data_dir,
    fill_block,
    read_results,
    summarize,
    threads,
    write_results,
)
from benchmarks.opponents.image_search import brute_force, faiss_codes, hashed_pairs, mobilenet
from benchmarks.search_docs import accuracy_table, duplicates_table, limits_table
from benchmarks.search_faults import measure_faults
from benchmarks.search_scale import measure_million, measure_vocabulary

PARTS = ("accuracy", "duplicates", "vocabulary", "million", "faults")
N_DISTRACTORS = 500  # of each of Corel5k and Caltech-101
N_ORIGINALS, N_OTHERS = 100, 300  # of the copies


def sets() -> dict[str, tuple[list[str], list[str] | None, dict]]:
    """For each data set the images of the index, the queries (None: the same), the relevance."""
    from cvclassic.search import read_relevance

    data = data_dir()
    ukbench = sorted(map(str, (data / "ukbench" / "images").iterdir()))
    covers = data / "dvd_covers"
    truth = read_relevance(covers / "relevance.json")
    corel = sorted(map(str, (data / "corel5k" / "images").iterdir()))[:N_DISTRACTORS]
    caltech = sorted(map(str, (data / "caltech101").rglob("*.jpg")))
    chosen = np.random.RandomState(SEED).permutation(len(caltech))[:N_DISTRACTORS]
    reference = sorted(map(str, (covers / "reference").iterdir()))
    return {
        "ukbench": (ukbench, None, read_relevance(data / "ukbench" / "relevance.json")),
        "dvd_covers": (
            reference + corel + [caltech[i] for i in chosen],
            [str(covers / "query" / name) for name in truth],
            truth,
        ),
    }


def measure_accuracy(before: dict) -> dict:
    """Scores and times of both sets; of the opponents those of `before`, where there are any."""
    from cvclassic.evaluate import score_rankings
    from cvclassic.search import ImageIndex, rank_queries

    found: dict = {}
    for name, (images, queries, truth) in sets().items():
        began = time.process_time()
        index = ImageIndex(n_jobs=1, random_state=SEED).fit(images)
        row: dict = {
            "n_images": len(images),
            "n_words": index.coder_.n_words,
            "compact_bytes": index.coder_.compact_bytes,
            "index_cpu_s": round(time.process_time() - began, 1),
        }
        folder = None if queries is None else os.path.dirname(queries[0])
        for kind in ("words", "words and geometry", "compact codes"):
            index.geometry = kind != "words"
            rankings, failures, _ = rank_queries(
                index, truth, folder=folder, compact_only=kind == "compact codes"
            )
            row[kind] = score_rankings(rankings, truth).to_dict() | {"n_failed": len(failures)}
        row["time"] = _times(index, queries)
        asked = {os.path.basename(path): path for path in (queries or images)}
        opponents: list[tuple[str, Callable[..., dict], tuple]] = [
            ("frozen MobileNet", mobilenet, (images, asked, truth)),
            ("codes of faiss", faiss_codes, (images, asked, truth, index.coder_.compact)),
            ("brute-force matcher", brute_force, (images, asked, truth)),
        ]
        for opponent, measure, given in opponents:
            known = before.get(name, {}).get(opponent)
            row[opponent] = measure(*given) if known is None else known
        found[name] = row
        print(json.dumps({name: row}, indent=1), flush=True)
    return found


def _times(index, queries: list[str] | None) -> dict:
    """Processor time of queries after description, in one thread."""
    rng = np.random.default_rng(SEED)
    if queries is None:
        chosen = rng.choice(index.n_images_, 60, replace=False).tolist()
        codes = [index.searcher_.code_of(i) for i in chosen]
    else:
        chosen = rng.choice(len(queries), 60, replace=False).tolist()
        codes = [index.coder_.code(queries[i]) for i in chosen]
    out = {}
    with threads(1):
        for kind, geometry in (("words", False), ("words and geometry", True)):
            index.geometry = geometry
            for code in codes[:10]:
                index.rank(code)
            seconds = []
            for code in codes * 3:
                start = time.process_time()
                index.rank(code)
                seconds.append(time.process_time() - start)
            out[kind] = summarize(seconds)
    return out


def measure_duplicates() -> dict:
    """Copies of photographs among photographs: how many of each kind are found, and how surely."""
    from cvclassic.search import find_copies

    caltech = sorted(map(str, (data_dir() / "caltech101").rglob("*.jpg")))
    rng = np.random.RandomState(SEED)
    chosen = rng.choice(len(caltech), N_ORIGINALS + N_OTHERS, replace=False)
    paths = [caltech[i] for i in chosen]
    kinds = list(_copies(np.zeros((8, 8, 3), np.uint8)))
    with tempfile.TemporaryDirectory() as scratch:
        truth = {}
        for i in range(N_ORIGINALS):
            for kind, data in _copies(_read(paths[i])).items():
                truth[i, len(paths)] = kind
                paths.append(os.path.join(scratch, f"{i}-{kind}.jpg"))
                Path(paths[-1]).write_bytes(data)
        start = time.process_time()
        copies = {(i, j) for i, j in find_copies(paths, n_jobs=1).tolist()}
        found: dict[str, set[tuple[int, int]] | None] = {"cvclassic": copies}
        seconds = {"cvclassic": time.process_time() - start}
        start = time.process_time()
        found |= hashed_pairs(paths)
        seconds["imagehash, both"] = time.process_time() - start
    of = {i: i for i in range(len(chosen))} | {copy: i for i, copy in truth}
    rows: dict = {"n_images": len(paths), "n_per_kind": N_ORIGINALS}
    for name, pairs in found.items():
        if pairs is None:
            rows[name] = {"not measured": "imagehash is not installed"}
            continue
        rows[name] = {
            kind: sum(pair in pairs for pair, one in truth.items() if one == kind) / N_ORIGINALS
            for kind in kinds
        }
        right = sum(of[i] == of[j] for i, j in pairs)
        rows[name] |= {"pairs": len(pairs), "right": right}
    return rows | {"cpu_s": {name: round(value, 1) for name, value in seconds.items()}}


def _read(path: str) -> np.ndarray:
    from cvclassic.images import read_image

    pixels = read_image(path)
    return pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)


def _copies(pixels: np.ndarray) -> dict[str, bytes]:
    """JPEG files of one image: as it is, smaller, cut, in other colors."""
    import cv2

    height, width = pixels.shape[:2]
    cut = pixels[height // 5 : height - height // 10, width // 5 : width - width // 10]
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 30) % 180
    hsv[..., 2] = (hsv[..., 2] * 0.7).astype(np.uint8)
    forms = {
        "exact": pixels,
        "resized": cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
        "cropped": cut,
        "recolored": cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB),
    }
    return {
        kind: cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
        for kind, image in forms.items()
    }


def write_page() -> None:
    """Fill the figures into the page on search."""
    page = ROOT / "docs" / "search.md"
    results = read_results("search")
    text = page.read_text(encoding="utf-8")
    text = fill_block("accuracy", accuracy_table(results), text)
    text = fill_block("duplicates", duplicates_table(results), text)
    text = fill_block("limits", limits_table(results), text)
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure what is asked for; other parts of the results are kept."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks search",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="default: all")
    parser.add_argument("--images", type=int, default=1_000_000, help="of the simulation")
    parser.add_argument("--descriptors", type=int, default=5_000_000)
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--mutants", type=int, default=5000)
    parser.add_argument("--scratch", help="folder for the simulated index (15 GB)")
    parser.add_argument("--own", action="store_true", help="keep the accuracy of the opponents")
    args = parser.parse_args()
    if unknown := set(args.parts) - {*PARTS, "page"}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    results = read_results("search")
    known = results.get("accuracy", {}) if args.own else {}
    measures = {
        "accuracy": lambda: measure_accuracy(known),
        "duplicates": measure_duplicates,
        "vocabulary": lambda: measure_vocabulary(args.descriptors, args.words, args.jobs),
        "million": lambda: measure_million(args.images, args.scratch),
        "faults": lambda: measure_faults(args.kills, args.mutants),
    }
    for part in args.parts or PARTS:
        if part == "page":
            continue
        load = round(os.getloadavg()[0], 1)
        found = measures[part]()
        found["measured"] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "load": load}
        print(json.dumps({part: found}, indent=1), flush=True)
        results = read_results("search")
        write_results("search", results | {part: found})
    if read_results("search"):
        write_page()


if __name__ == "__main__":
    main()
