"""Image indexes under attack: kills while they change, damaged files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.common import SEED

# a process forks faster than Python starts
CHURN = """
import os, sys
from cvclassic.search import compact_index, index_images, remove_images
from cvclassic.batch import Work
from pathlib import Path
index, folder = sys.argv[1:]
files = sorted(map(str, Path(folder).iterdir()))
one = Work(n_jobs=1)
for _ in sys.stdin:
    child = os.fork()
    if child:
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)
        continue
    while True:
        remove_images(index, files[:6])
        index_images(index, files, work=one)
        remove_images(index, files[3:9])
        compact_index(index)
        index_images(index, files, work=one)
"""


def killed(index: Path, folder: Path, rounds: int, rng: random.Random):
    """Change an index all the time, and kill what does it; yields after each kill."""
    command = [sys.executable, "-c", CHURN, str(index), str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for number in range(rounds):
            process.stdin.write("go\n")
            process.stdin.flush()
            child = int(process.stdout.readline())
            time.sleep(rng.uniform(0, 0.4))
            os.kill(child, signal.SIGKILL)
            process.stdout.readline()
            yield number
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Damage of some kind: a bit, a cut, bytes too many, zeros."""
    kind = rng.randrange(4)
    at = rng.randrange(len(data))
    if kind == 0:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    if kind == 1:
        return data[:at]
    if kind == 2:
        return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at:]
    width = rng.randrange(1, 64)
    return data[:at] + bytes(min(width, len(data) - at)) + data[at + width :]


def attack(index: Path, query, rounds: int, rng: random.Random) -> dict[str, int]:
    """Damage a file of an index, query it, check it, mend it; and so on.

    Returns
    -------
    dict of str to int
        ``refused``: an error when it was opened or queried. ``found by verify``: the right
        answer, and `verify_index` finds the damage. ``no damage``: the file had not changed.
        ``wrong``: a wrong answer, or damage that nothing finds.
    """
    from cvclassic.errors import CvclassicError
    from cvclassic.search import ImageIndex, verify_index

    def ask():
        opened = ImageIndex.open(index)
        return opened.kneighbors([query], n_neighbors=opened.n_images_)

    truth = ask()
    files = [path for path in sorted(index.iterdir()) if not path.name.startswith(".")]
    contents = {path: path.read_bytes() for path in files}
    found = dict.fromkeys(("refused", "found by verify", "no damage", "wrong"), 0)
    for _ in range(rounds):
        path = rng.choice(files)
        data = mutate(contents[path], rng)
        path.write_bytes(data)
        try:
            answer = ask()
        except CvclassicError:
            outcome = "refused"
        else:
            same = all(map(np.array_equal, answer, truth))
            outcome = "no damage" if same else "wrong"
            if same and data != contents[path]:
                try:
                    verify_index(index)
                    outcome = "wrong"
                except CvclassicError:
                    outcome = "found by verify"
        found[outcome] += 1
        path.write_bytes(contents[path])
    return found


def measure_faults(n_kills: int, n_mutants: int) -> dict:
    """Both attacks on an index of twelve images."""
    from cvclassic.search import index_images, verify_index
    from cvclassic.search.store import open_folder

    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as scratch:
        folder, path = Path(scratch) / "photos", Path(scratch) / "photos.index"
        folder.mkdir()
        pixels = np.random.default_rng(SEED)
        for i in range(12):
            coarse = pixels.integers(0, 255, (20, 20, 3), np.uint8)
            image = cv2.resize(coarse, (160, 160), interpolation=cv2.INTER_CUBIC)
            (folder / f"{i:02d}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
        files = sorted(map(str, folder.iterdir()))
        index_images(path, files, n_words=60, compact=False)
        began = time.perf_counter()
        mutants = attack(path, files[0], n_mutants, rng)
        mutants_s = time.perf_counter() - began
        began = time.perf_counter()
        sound = 0
        for _ in killed(path, folder, n_kills, rng):
            verify_index(path)
            names = {name for _, _, name in open_folder(path).names()}
            sound += set(files[9:]) <= names  # these are never removed
        return {
            "kills": {"n": n_kills, "n_sound": sound, "s": round(time.perf_counter() - began)},
            "mutants": {"n": n_mutants, **mutants, "s": round(mutants_s)},
        }
