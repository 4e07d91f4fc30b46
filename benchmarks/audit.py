"""Audit of 10,000 images: how long it takes, and which planted duplicates it finds.

The images are seeded crops of Caltech-101, each with its own place, size and brightness,
written as JPEG. To them come copies of some: the same bytes, re-encoded, resized, slightly
cropped, mirrored. A group that the audit forms is right if all its images come from one
crop and none is mirrored; the pairs that it should find are those of copies with what they
are copies of. Crops of one photograph that overlap almost wholly are not made.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.common import SEED, data_dir, write_results

COPIES = ("exact", "re-encoded", "resized", "cropped", "mirrored")
WANTED = ("exact", "re-encoded", "resized")


def make_pictures(folder: Path, n: int, n_copies: int) -> dict[str, tuple[int, str]]:
    """Write the images; the number of the crop and the kind of copy by path."""
    from cvclassic.images import load_manifest, read_image, resize_to, write_image

    rng = np.random.default_rng(SEED)
    data = load_manifest(data_dir() / "caltech101" / "manifest.csv")
    n_crops = n - len(COPIES) * n_copies
    made: dict[str, tuple[int, str]] = {}
    each = -(-n_crops // len(data.paths))  # crops of a photograph lie in its corners
    number = 0
    for path, label in zip(data.paths, data.labels, strict=True):
        image = read_image(path)
        for corner in range(each):
            if number == n_crops:
                break
            height, width = image.shape[:2]
            h, w = (int(side * rng.uniform(0.55, 0.68)) for side in (height, width))
            top = 0 if corner < 2 else height - h
            left = 0 if corner % 2 == 0 else width - w
            crop = np.ascontiguousarray(image[top : top + h, left : left + w])
            base = folder / label
            base.mkdir(exist_ok=True)
            name = base / f"{number:05}.jpg"
            write_image(name, crop, quality=int(rng.integers(80, 96)))
            made[str(name)] = number, "original"
            number += 1
    originals = list(made)
    chosen = rng.permutation(len(originals))[: len(COPIES) * n_copies]
    for k, i in enumerate(chosen):
        kind = COPIES[k % len(COPIES)]
        source = Path(originals[i])
        target = source.with_name(f"{source.stem}-{kind}.jpg")
        if kind == "exact":
            target.write_bytes(source.read_bytes())
        else:
            image = read_image(source)
            height, width = image.shape[:2]
            if kind == "resized":
                image = resize_to(image, int(max(height, width) * rng.uniform(0.5, 0.8)))
            elif kind == "cropped":
                image = image[height // 40 : -(height // 40) or None, width // 40 :]
            elif kind == "mirrored":
                image = image[:, ::-1]
            quality = 50 if kind == "re-encoded" else 90
            write_image(target, np.ascontiguousarray(image), quality=quality)
        made[str(target)] = int(i), kind
    return made


def judge(rows: list[dict], made: dict[str, tuple[int, str]]) -> dict:
    """Recall of each kind of copy and precision of the groups' members."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["kind"] in ("leak", "conflict", "duplicate"):
            groups[row["finding"]].append(row["path"])
    together = {path: number for number, group in groups.items() for path in group}
    original = {made[path][0]: path for path in made if made[path][1] == "original"}
    results: dict = {}
    for kind in COPIES:
        copies = [path for path in made if made[path][1] == kind]
        hits = sum(
            path in together and together[path] == together.get(original[made[path][0]])
            for path in copies
        )
        results[f"found_{kind}"] = round(hits / len(copies), 4)
    pairs = right = 0
    false: list[list[str]] = []
    for group in groups.values():
        for i, a in enumerate(group):
            for b in group[i + 1 :]:
                pairs += 1
                same = made[a][0] == made[b][0] and "mirrored" not in (made[a][1], made[b][1])
                right += same
                if not same and len(false) < 30:
                    false.append([Path(a).parent.name + "/" + Path(a).name, Path(b).name])
    results |= {"pairs": pairs, "right_pairs": right, "precision": round(right / pairs, 4)}
    results["other_pairs"] = false
    return results


def main() -> None:
    """Make the images, run the command, judge what it found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--copies", type=int, default=300, help="of each kind")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="folder to make the images in, and leave them")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(args.keep or scratch) / "pictures"
        folder.mkdir(parents=True)
        made = make_pictures(folder, args.pictures, args.copies)
        table = Path(scratch) / "audit.csv"
        command = [sys.executable, "-m", "cvclassic_cli", "audit", str(folder), "-q"]
        command += ["--csv", str(table), "--jobs", str(args.jobs)]
        start, children = time.perf_counter(), _children()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds, processor = time.perf_counter() - start, _children() - children
        if done.returncode not in (0, 1):
            sys.exit(done.stderr)
        with open(table, newline="", encoding="utf-8") as file:
            results = judge(list(csv.DictReader(file)), made)
    results |= {
        "n_pictures": len(made),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "jobs": args.jobs,
    }
    for name, value in results.items():
        print(f"{name:18} {value}")
    print(write_results("audit", results, command="python -m benchmarks audit"))


def _children() -> float:
    """Processor time of child processes so far."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
