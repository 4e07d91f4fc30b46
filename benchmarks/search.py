"""Image search: how often the right image is found, how fast, and what a million images need.

``accuracy`` indexes UKBench and covers among distractors with the default settings and scores all
queries, beside OpenCV's brute-force matcher with the ratio test on some of the queries.
``vocabulary`` learns 100,000 words from 5 million descriptors. ``million`` writes an index of a
million simulated images and queries it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import RESULTS, SEED, data_dir, summarize, threads, write_results

N_DISTRACTORS = 500  # of each of Corel5k and Caltech-101
N_OPPONENT = 40  # queries of the brute-force matcher, which takes seconds for each


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


def measure_accuracy() -> dict:
    """Scores and times of both sets."""
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
        row["brute-force matcher"] = _brute_force(images, queries, truth)
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


def _brute_force(images: list[str], queries: list[str] | None, truth: dict) -> dict:
    """OpenCV's matcher with Lowe's ratio test: number of matches as the score."""
    import cv2

    from cvclassic.describe import SIFT
    from cvclassic.evaluate import score_rankings

    describer = SIFT(max_keypoints=500)
    features = [describer.describe(path).descriptors for path in images]
    names = list(truth)
    chosen = np.random.default_rng(SEED).choice(len(names), N_OPPONENT, replace=False)
    by_name = {os.path.basename(path): path for path in (queries or images)}
    matcher = cv2.BFMatcher()
    rankings, seconds = {}, []
    for i in chosen.tolist():
        query = describer.describe(by_name[names[i]]).descriptors
        start = time.process_time()
        scores = []
        for other in features:
            pairs = matcher.knnMatch(query, other, k=2) if len(other) > 1 else ()
            scores.append(sum(len(p) == 2 and p[0].distance < 0.8 * p[1].distance for p in pairs))
        seconds.append(time.process_time() - start)
        order = np.argsort(-np.array(scores), kind="stable")
        rankings[names[i]] = [os.path.basename(images[j]) for j in order]
    return score_rankings(rankings, truth).to_dict() | {"time": summarize(seconds)}


def measure_vocabulary(n: int, n_words: int, n_jobs: int) -> dict:
    """100,000 words from 5 million descriptors, drawn around centers of many sizes."""
    from cvclassic.encode import word_tree

    rng = np.random.default_rng(SEED)
    centers = rng.random((20_000, 128), np.float32)
    sample = np.empty((n, 128), np.float32)
    for start in range(0, n, 100_000):
        rows = min(100_000, n - start)
        sample[start : start + rows] = centers[rng.zipf(1.3, rows) % len(centers)]
        sample[start : start + rows] += 0.3 * rng.random((rows, 128), np.float32)
    wall, cpu = time.perf_counter(), time.process_time()
    tree = word_tree(sample, n_words, random_state=np.random.RandomState(SEED), n_jobs=n_jobs)
    return {
        "n_descriptors": n,
        "n_words": len(tree),
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "n_jobs": n_jobs,
        "load": round(os.getloadavg()[0], 1),
    }


def measure_million(n_images: int, folder: str | None) -> dict:
    """An index of simulated images: 400 keypoints each, words by Zipf's law."""
    from cvclassic.describe import SIFT
    from cvclassic.encode import WordTree
    from cvclassic.search.coding import ImageCode, ImageCoder
    from cvclassic.search.segments import build_segment
    from cvclassic.search.store import create_folder, writing

    n_words, per_image, part = 100_000, 400, 100_000
    rng = np.random.default_rng(SEED)
    share = 1 / np.arange(10, n_words + 10) ** 0.9
    edges = np.cumsum(share / share.sum())
    dims = rng.random((n_words, 128), np.float32)
    tree = WordTree(dims[:316], dims, np.linspace(0, n_words, 317).astype(np.int64))
    coder = ImageCoder(
        SIFT(), tree, rng.random((128, 64), np.float32), np.zeros((n_words, 64), np.float32), None
    )
    found: dict = {"n_images": n_images, "n_keypoints": per_image, "n_words": n_words}
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / "million.index"
        create_folder(path, coder, {})
        began = time.process_time()
        with writing(path) as writer:
            for first in range(0, n_images, part):
                n = min(part, n_images - first)
                words = np.searchsorted(edges, rng.random((n, per_image))).astype(np.int32)
                bits = rng.integers(0, 2**64, (n, per_image), np.uint64)
                places = rng.integers(0, 5120, (n, per_image, 3), np.uint16)
                codes = [
                    ImageCode(w, b, p, (640, 640), np.zeros(0, np.float32), i.to_bytes(16))
                    for i, (w, b, p) in enumerate(zip(words, bits, places, strict=True), first)
                ]
                names = [f"{i // 1000:04d}/{i:07d}.jpg" for i in range(first, first + n)]
                none = np.zeros((n, 0), np.uint8)
                writer.add(build_segment(codes, names, [(0, 0)] * n, none, n_words))
                if first == 0:
                    queries = codes[:60]
                del words, bits, places, codes
        found["write_cpu_s"] = round(time.process_time() - began, 1)
        found["file_gb"] = round(sum(p.stat().st_size for p in path.iterdir()) / 1e9, 3)
        found |= _in_a_fresh_process(path, queries)
    return found


def _in_a_fresh_process(path: Path, queries: list) -> dict:
    """Time and memory of queries, without what the writing took."""
    from multiprocessing import get_context

    from benchmarks.search import query_million  # by a name that a process can import

    with get_context("spawn").Pool(1) as pool:
        return pool.apply(query_million, (str(path), queries))


def query_million(path: str, queries: list) -> dict:
    """Query an index with images that it holds, thrice."""
    from cvclassic.search import ImageIndex

    with threads(1):
        began = time.perf_counter()
        index = ImageIndex.open(path)
        opened = time.perf_counter() - began
        first: list[float] = []
        seconds: list[float] = []
        right, peak = 0, 0
        for turn in range(3):
            for i, code in enumerate(queries):
                start = time.process_time()
                ranking = index.rank(code)
                best = int(ranking.best(1)[0])
                (first if turn == 0 else seconds).append(time.process_time() - start)
                right += best == i
                peak = max(peak, _resident())
    return {
        "open_s": round(opened, 2),
        "first_query_cpu": summarize(first),
        "query_cpu": summarize(seconds),
        "found_itself": right / (3 * len(queries)),
        "resident_mb": round(peak / 1e6),
        "peak_resident_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Measure what is asked for; other parts of the results are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks search", description=__doc__)
    parser.add_argument("parts", nargs="*", default=["accuracy", "vocabulary", "million"])
    parser.add_argument("--images", type=int, default=1_000_000, help="of the simulation")
    parser.add_argument("--descriptors", type=int, default=5_000_000)
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scratch", help="folder for the simulated index (8 GB)")
    args = parser.parse_args()
    path = RESULTS / "search.json"
    results = json.loads(path.read_text())["results"] if path.exists() else {}
    for part in args.parts:
        if part == "accuracy":
            results[part] = measure_accuracy()
        elif part == "vocabulary":
            results[part] = measure_vocabulary(args.descriptors, args.words, args.jobs)
        elif part == "million":
            results[part] = measure_million(args.images, args.scratch)
        print(json.dumps({part: results[part]}, indent=1), flush=True)
        write_results("search", results)


if __name__ == "__main__":
    main()
