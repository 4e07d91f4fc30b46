"""Batch runs that are killed, fed damaged files, and long: what is lost, and how much memory."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import numpy as np

from cvclassic.batch import journal_path
from cvclassic.images import decode_image, encode_image
from cvclassic.images.formats.suffixes import suffix_format

from .common import SEED, data_dir
from .processes import CVCLASSIC, run_part, run_process


def make_model(folder: Path) -> str:
    """A small model of noise at three scales, trained by the command."""
    rng = np.random.default_rng(SEED)
    for side in (4, 8, 16):
        (folder / "train" / str(side)).mkdir(parents=True)
        for i in range(6):
            (folder / "train" / str(side) / f"{i}.png").write_bytes(picture(rng, side))
    model = str(folder / "m.cvmodel")
    words = ["--recipe", "sift-bow", "--param", "n_words=15", "--param", "C=1.0"]
    run_process([*CVCLASSIC, "train", str(folder / "train"), "-q", "-o", model, *words])
    return model


def picture(rng: np.random.Generator, side: int, suffix: str = ".png") -> bytes:
    """Blocks of noise, 64 pixels wide."""
    noise = rng.integers(0, 256, (side, side), np.uint8)
    return encode_image(np.kron(noise, np.ones((64 // side, 64 // side), np.uint8)), suffix)


def many_files(folder: Path, n: int) -> Path:
    """A folder of n small images, most of them links to the same few."""
    rng = np.random.default_rng(SEED)
    folder.mkdir()
    for i in range(min(n, 60)):
        (folder / f"{i:06d}.png").write_bytes(picture(rng, (4, 8, 16)[i % 3]))
    for i in range(60, n):
        os.link(folder / f"{i % 60:06d}.png", folder / f"{i:06d}.png")
    return folder


def kills(scratch: Path, quick: bool) -> dict:
    """Kill a run again and again at random moments; its output must be as if undisturbed."""
    n_files, n_kills = (2000, 10) if quick else (5000, 200)
    model, inputs = make_model(scratch), many_files(scratch / "in", n_files)
    rng = random.Random(SEED)
    found = {}
    for engine in ("threads", "processes"):
        whole, out = scratch / f"whole-{engine}.jsonl", scratch / f"out-{engine}.jsonl"
        command = [*CVCLASSIC, "classify", model, str(inputs), "-q", "--engine", engine, "-o"]
        run_process([*command, str(whole)])
        done = runs = at_work = 0
        while done < n_kills // 2:
            before = journal_size(out)
            child = subprocess.Popen([*command, str(out)], start_new_session=True)
            if rng.random() < 0.25:  # at any moment of the start
                wait = rng.uniform(0, 2)
            else:
                while child.poll() is None and journal_size(out) <= before:
                    time.sleep(0.01)
                wait = rng.uniform(0, 1)
            try:
                child.wait(wait)
                runs += 1
                assert digest(out) == digest(whole), "bytes differ"
                out.unlink()
            except subprocess.TimeoutExpired:
                at_work += journal_size(out) > before
                # the program alone, or with all its workers
                (os.kill if rng.random() < 0.5 else os.killpg)(child.pid, signal.SIGKILL)
                child.wait()
                done += 1
        run_process([*command, str(out)])
        assert digest(out) == digest(whole), "bytes differ"
        found[engine] = {
            "files": n_files,
            "kills": done,
            "kills_at_work": at_work,
            "finished_runs": runs + 1,
            "differ": 0,
            "sha256": digest(out),
        }
    assert found["threads"]["sha256"] == found["processes"]["sha256"], "engines differ"
    return found


def journal_size(out: Path) -> int:
    """Bytes of what an interrupted run has left."""
    try:
        return journal_path(out).stat().st_size
    except FileNotFoundError:
        return 0


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


BY_PILLOW: tuple[tuple[str, dict], ...] = (
    (".gif", {}), (".jp2", {}), (".avif", {"speed": 10}), (".tga", {"compression": "tga_rle"}),
    (".ico", {"sizes": [(16, 16)]}), (".pcx", {}), (".sgi", {}), (".dds", {}), (".qoi", {}),
    (".tif", {"compression": "tiff_lzw"}), (".tif", {"compression": "jpeg"}),
)  # fmt: skip
"""Formats that Pillow reads, and how it writes them."""


def encode_with_pillow(pixels: np.ndarray, suffix: str, **options) -> bytes:
    """An image file of a format that OpenCV does not write."""
    from PIL import Image

    file = io.BytesIO()
    formats = Image.registered_extensions()
    image = Image.fromarray(pixels).convert("RGB")
    image.save(file, formats[suffix], **options)
    return file.getvalue()


def real_pictures() -> list[tuple[str, bytes]]:
    """Photographs and test images in many formats: (suffix, bytes)."""
    files = sorted((data_dir() / "caltech101").rglob("*.jpg"))[::150][:60]
    found = [(".jpg", file.read_bytes()) for file in files]
    for file in files[:20]:
        pixels = decode_image(file, max_side=128).pixels
        found += [(s, encode_image(pixels, s)) for s in (".png", ".webp", ".tiff", ".bmp", ".ppm")]
        found += [(suffix, encode_with_pillow(pixels, suffix, **o)) for suffix, o in BY_PILLOW]
    hostile = (file for file in (data_dir() / "hostile").rglob("*") if file.is_file())
    found += [
        (file.suffix.lower(), file.read_bytes())
        for file in sorted(hostile)
        if suffix_format(file.name) is not None and file.stat().st_size < 100_000
    ]
    return found


def mutants(scratch: Path, quick: bool) -> dict:
    """Damaged copies of real images: one record each, and nobody dies."""
    n = 500 if quick else 20_000
    model = make_model(scratch)
    rng = np.random.default_rng(SEED)
    folder = scratch / "mutants"
    folder.mkdir()
    sources = real_pictures()
    for i in range(n):
        suffix, original = sources[i % len(sources)]
        data = bytearray(original)
        near = min(len(data), 600) if rng.random() < 0.5 else len(data)  # the header, or anywhere
        for _ in range(rng.integers(1, 8)):
            data[rng.integers(near)] = rng.integers(256)
        if rng.random() < 0.2:
            at, other = rng.integers(len(data), size=2)
            data[at : at + 64] = data[other : other + 64]
        if rng.random() < 0.2:
            del data[rng.integers(len(data)) :]
        (folder / f"{i:06d}{suffix}").write_bytes(data)
    out = scratch / "out.jsonl"
    command = [*CVCLASSIC, "classify", model, str(folder), "-q", "-o", str(out), "--timeout", "20"]
    start = time.perf_counter()
    code = subprocess.run([*command, "--memory-cap", "2000"]).returncode
    seconds = time.perf_counter() - start
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    codes: dict[str, int] = {}
    for record in records:
        codes[record["code"] or "ok"] = codes.get(record["code"] or "ok", 0) + 1
    names = [os.path.basename(record["path"]) for record in records]
    assert names == sorted(names), "out of order"
    assert len(set(names)) == n, "not one record each"
    return {
        "files": n,
        "real_pictures": len(sources),
        "records": len(records),
        "exit_code": code,
        "s": round(seconds),
        **codes,
    }


def memory(scratch: Path, quick: bool) -> dict:
    """Peak memory of the program against the number of files."""
    model = make_model(scratch)
    found = {}
    for n in (200, 2000) if quick else (1000, 50_000):
        inputs = many_files(scratch / f"in{n}", n)
        for engine in ("threads", "processes"):
            command = [*CVCLASSIC, "classify", model, str(inputs), "-q", "--engine", engine]
            seconds, peak, _ = run_process([*command, "-o", str(scratch / f"{engine}.csv")])
            found[f"{n} files, {engine}"] = {"s": round(seconds, 1), "peak_mb": round(peak)}
    return found


if __name__ == "__main__":
    run_part({"kills": kills, "mutants": mutants, "memory": memory}, __doc__)
