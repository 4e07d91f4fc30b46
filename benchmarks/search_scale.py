"""Image search at scale: 100,000 words, and an index of a million simulated images."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.common import SEED, summarize, threads

N_WORDS = 100_000
PER_IMAGE = 400  # keypoints
PART = 100_000  # images per segment as it is simulated
N_QUERIES = 60


def measure_vocabulary(n: int, n_words: int, n_jobs: int) -> dict:
    """Words from descriptors that are drawn around centers of many sizes."""
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
    """Write, compact and query an index of simulated images, each step in a process of its own."""
    found: dict = {"n_images": n_images, "n_keypoints": PER_IMAGE, "n_words": N_WORDS}
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = str(Path(scratch) / "million.index")
        found["write"] = _fresh(write_index, path, n_images)
        found["segments as written"] = _fresh(query_index, path)
        found["compact"] = _fresh(compact, path)
        found["one segment"] = _fresh(query_index, path)
        found["file_gb"] = round(sum(p.stat().st_size for p in Path(path).iterdir()) / 1e9, 3)
    return found


def _fresh(work, *args):
    """Run a function where nothing was loaded before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def simulate(first: int, n: int) -> list:
    """Codes of images, the same in every process: 400 keypoints each, words by Zipf's law."""
    from cvclassic.search.coding import ImageCode

    rng = np.random.default_rng([SEED, first])
    share = 1 / np.arange(10, N_WORDS + 10) ** 0.9
    edges = np.cumsum(share / share.sum())
    words = np.searchsorted(edges, rng.random((n, PER_IMAGE))).astype(np.int32)
    bits = rng.integers(0, 2**64, (n, PER_IMAGE), np.uint64)
    places = rng.integers(0, 5120, (n, PER_IMAGE, 3), np.uint16)
    vectors = rng.standard_normal((n, 128), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        ImageCode(words[i], bits[i], places[i], (640, 640), vectors[i], (first + i).to_bytes(16))
        for i in range(n)
    ]


def write_index(path: str, n_images: int) -> dict:
    """Simulate an index in segments of 100,000 images, which differ in their signatures."""
    from cvclassic.describe import SIFT
    from cvclassic.encode import WordTree
    from cvclassic.search.coding import ImageCoder
    from cvclassic.search.compact import CompactCoder
    from cvclassic.search.index import segment_of
    from cvclassic.search.segments import finish_segment
    from cvclassic.search.store import create_folder, writing

    rng = np.random.default_rng(SEED)
    images = list(rng.integers(0, 255, (140, 120, 120, 3), np.uint8))
    compact_coder = CompactCoder().fit(images)
    compact_coder.scale_ = np.full(128, 128**-0.5, np.float32)
    words = rng.random((N_WORDS, 128), np.float32)
    tree = WordTree(words[:316], words, np.linspace(0, N_WORDS, 317).astype(np.int64))
    projection = rng.random((128, 64), np.float32)
    thresholds = np.zeros((N_WORDS, 64), np.float32)
    coder = ImageCoder(SIFT(), tree, projection, thresholds, compact_coder)
    create_folder(path, coder, {})
    began = time.process_time()
    n = min(PART, n_images)
    codes = simulate(0, n)
    codes[:N_QUERIES] = [simulate(i, 1)[0] for i in range(N_QUERIES)]  # can be simulated alone
    segment = segment_of(coder, codes, ["0" * 16] * n, [(0, 0)] * n)
    del codes
    with writing(path) as writer:
        for first in range(0, n_images, n):
            if first:  # the same words, but other signatures
                segment.arrays["bits"] ^= rng.integers(0, 2**64, dtype=np.uint64)
            names = "".join(f"{i // 1000:04d}/{i:07d}.jpg" for i in range(first, first + n))
            segment.arrays["names"] = np.frombuffer(names.encode(), np.uint8)
            writer.add(finish_segment(segment.arrays, np.diff(segment.starts)))
    return {"cpu_s": round(time.process_time() - began, 1)}


def compact(path: str) -> dict:
    """Merge all segments into one."""
    from cvclassic.search import compact_index

    wall, cpu = time.perf_counter(), time.process_time()
    compact_index(path)
    return {
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        **memory(),
    }


def query_index(path: str) -> dict:
    """Query an index with images that it holds, thrice; then scan its compact codes."""
    from cvclassic.search import ImageIndex

    with threads(1):
        before = memory()
        began = time.perf_counter()
        index = ImageIndex.open(path)
        opened = time.perf_counter() - began
        queries = [simulate(first, 1)[0] for first in range(N_QUERIES)]
        cpu: list[float] = []
        walls: list[float] = []
        right, most = 0, {"resident_own_mb": 0, "resident_files_mb": 0}
        for _ in range(3):
            for i, code in enumerate(queries):
                wall, start = time.perf_counter(), time.process_time()
                best = int(index.rank(code).best(1)[0])
                cpu.append(time.process_time() - start)
                walls.append(time.perf_counter() - wall)
                right += best == i
                most = {key: max(value, memory()[key]) for key, value in most.items()}
        after = memory()["peak_resident_mb"]
        start = time.process_time()
        index.searcher_.scan(queries[0])
        scanned = time.process_time() - start
    return {
        "n_segments": len(index.segments_),
        "open_s": round(opened, 2),
        "first_query_cpu": summarize(cpu[:N_QUERIES]),
        "query_cpu": summarize(cpu[N_QUERIES:]),
        "query_wall": summarize(walls[N_QUERIES:]),
        "found_itself": right / (3 * N_QUERIES),
        "resident_before_mb": before["peak_resident_mb"],
        **most,
        "peak_resident_mb": after,
        "scan_of_compact_codes_cpu_s": round(scanned, 3),
        "load": round(os.getloadavg()[0], 1),
    }


def memory() -> dict[str, int]:
    """What this process has in memory, in MB: its own, mapped files, and the most so far."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    found = {
        f"resident_{kind}_mb": round(int(status[key].split()[0]) / 1e3)
        for kind, key in (("own", "RssAnon"), ("files", "RssFile"))
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | {"peak_resident_mb": round(peak / 1e3)}
