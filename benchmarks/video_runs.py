"""Runs over videos: damaged clips, kills, speed against a bare loop, memory by length.

mutants: clips with bytes changed, cut out or cut off; every run must end with a record of what is
wrong or with all frames, and never hang. kills: a run killed 20 times gives the bytes of an
undisturbed one. speed: `classify` on a video against decoding with PyAV and predicting in blocks,
with as many threads. memory: peak of the run on clips of one and of four lengths.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from .common import SEED, data_dir, show, write_results
from .processes import CVCLASSIC, run_process

PARTS = ("mutants", "kills", "speed", "memory")
_RATE = 25  # frames per second of the clips that are made


def mutate(data: bytes, rng: random.Random) -> bytes:
    """A clip with some bytes changed, a piece cut out or doubled, or the end cut off."""
    out = bytearray(data)
    kind = rng.choice(("bytes", "bytes", "header", "cut", "piece", "double"))
    if kind in ("bytes", "header"):
        end = len(out) if kind == "bytes" else min(len(out), 2000)
        for _ in range(rng.choice((1, 10, 100))):
            out[rng.randrange(end)] = rng.randrange(256)
    elif kind == "cut":
        del out[rng.randrange(len(out)) :]
    else:
        at, n = rng.randrange(len(out)), rng.randrange(1, 5000)
        out[at : at + n] = b"" if kind == "piece" else out[at : at + n] * 2
    return bytes(out)


def short_clips(folder: Path) -> list[Path]:
    """The same 60 frames in several containers and codecs."""
    import av

    source = data_dir() / "video" / "jogging.mp4"
    clips = []
    for suffix, codec in ((".mp4", "libx264"), (".mkv", "mpeg4"), (".avi", "mjpeg"),
                          (".webm", "libvpx-vp9"), (".mpg", "mpeg2video")):  # fmt: skip
        path = folder / f"clip{suffix}"
        with av.open(str(source)) as read, av.open(str(path), "w") as write:
            stream = write.add_stream(codec, rate=_RATE)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = 176, 144
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for i, frame in enumerate(read.decode(video=0)):
                if i == 60:
                    break
                small = frame.reformat(176, 144, format=stream.pix_fmt)
                small.pts, small.time_base = i, Fraction(1, _RATE)
                write.mux(stream.encode(small))
            write.mux(stream.encode(None))
        clips.append(path)
    return clips


def mutants(folder: Path, n: int) -> dict:
    """What becomes of damaged clips."""
    from cvclassic.images import VideoFrame, VideoLimits, read_frames

    rng = random.Random(SEED)
    originals = [(path, path.read_bytes()) for path in short_clips(folder)]
    counts = {"clips": 0, "all_frames": 0, "frames_and_faults": 0, "faults_only": 0}
    counts |= {"silent": 0, "fewer_frames_without_a_word": 0}
    codes: dict[str, int] = {}
    slowest = 0.0
    for i in range(n):
        path, data = originals[i % len(originals)]
        damaged = folder / f"damaged{path.suffix}"
        damaged.write_bytes(mutate(data, rng))
        start = time.perf_counter()
        found = list(read_frames(damaged, limits=VideoLimits(timeout=20)))
        slowest = max(slowest, time.perf_counter() - start)
        faults = [one for one in found if not isinstance(one, VideoFrame)]
        frames = len(found) - len(faults)
        counts["clips"] += 1
        for fault in faults:
            codes[fault.code] = codes.get(fault.code, 0) + 1
        if not found:
            counts["silent"] += 1  # neither a frame nor a word: this must not be
        elif not faults:
            counts["all_frames"] += frames >= 60
            counts["fewer_frames_without_a_word"] += frames < 60
        else:
            counts["frames_and_faults" if frames else "faults_only"] += 1
    return {**counts, "codes": codes, "slowest_s": round(slowest, 2)}


def small_model(folder: Path) -> Path:
    """A quick classifier of the sample images."""
    from .serve import IMAGES

    path = folder / "m.cvmodel"
    run_process([*CVCLASSIC, "train", str(IMAGES / "train"), "-q", "-o", str(path),
                 "--recipe", "fast", "--no-report"])  # fmt: skip
    return path


def longer_clip(path: Path, times: int) -> Path:
    """The jogging clip several times over."""
    import av

    with av.open(str(path), "w") as write:
        stream = None
        n = 0
        for _ in range(times):
            with av.open(str(data_dir() / "video" / "jogging.mp4")) as read:
                for frame in read.decode(video=0):
                    if stream is None:
                        stream = write.add_stream("libx264", rate=_RATE)
                        stream.width, stream.height = frame.width, frame.height
                        stream.pix_fmt = "yuv420p"
                        stream.options = {"preset": "ultrafast"}
                    frame.pts, frame.time_base = n, Fraction(1, _RATE)
                    n += 1
                    write.mux(stream.encode(frame))
        assert stream is not None
        write.mux(stream.encode(None))
    return path


def kills(folder: Path, n: int) -> dict:
    """A run that is killed again and again, and one that is not."""
    model, clip = small_model(folder), longer_clip(folder / "clip.mp4", 4)
    command = [*CVCLASSIC, "classify", str(model), str(clip), "-q", "--jobs", "1", "-o"]
    undisturbed, killed = folder / "a.csv", folder / "b.csv"
    start = time.monotonic()
    run_process([*command, str(undisturbed)])
    whole = time.monotonic() - start
    rng = random.Random(SEED)
    done = 0
    while done < n and not killed.exists():
        process = subprocess.Popen([*command, str(killed)], start_new_session=True)
        try:
            process.wait(rng.uniform(0.3, 0.6) * whole)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
        if killed.exists() and done < n:  # it was through: begin anew
            same = killed.read_bytes() == undisturbed.read_bytes()
            if not same:
                break
            killed.unlink()
    if not killed.exists():
        run_process([*command, str(killed)])
    return {
        "kills": done,
        "records": len(undisturbed.read_text().splitlines()) - 1,
        "identical": killed.read_bytes() == undisturbed.read_bytes(),
    }


def speed(folder: Path, turns: int) -> dict:
    """`Model.classify` on a video against decoding and predicting in a loop, in turns."""
    import av

    from cvclassic import load_model
    from cvclassic.batch import predict_proba
    from cvclassic.images import read_frames

    model, clip = load_model(small_model(folder)), longer_clip(folder / "clip.mp4", 2)
    block = 16

    def bare() -> int:
        n, waiting = 0, []
        with av.open(str(clip)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                waiting.append(frame.to_ndarray(format="rgb24"))
                if len(waiting) == block:
                    predict_proba(model.pipeline, waiting)
                    n, waiting = n + block, []
            if waiting:
                predict_proba(model.pipeline, waiting)
        return n + len(waiting)

    def ours() -> int:
        return sum(1 for _ in model.classify(read_frames(clip), n_jobs=1))

    ratios: list[float] = []
    rows: dict[str, list[float]] = {"bare loop": [], "cvclassic": []}
    for _ in range(turns + 1):
        took = {}
        for name, function in (("bare loop", bare), ("cvclassic", ours)):
            start = time.perf_counter()
            n = function()
            took[name] = n / (time.perf_counter() - start)
            rows[name].append(took[name])
        ratios.append(took["cvclassic"] / took["bare loop"])
    middle = sorted(ratios[1:])[turns // 2]
    return {
        "bare_frames_per_s": round(sorted(rows["bare loop"][1:])[turns // 2], 1),
        "frames_per_s": round(sorted(rows["cvclassic"][1:])[turns // 2], 1),
        "of_bare": round(middle, 3),
    }


def memory(folder: Path) -> dict:
    """Peak resident memory of `classify` on clips of one and four lengths."""
    model = small_model(folder)
    found = {}
    for times in (1, 4):
        clip = longer_clip(folder / f"clip{times}.mp4", times)
        command = [*CVCLASSIC, "classify", str(model), str(clip), "-q", "-o", str(folder / "o.csv"),
                   "--engine", "threads", "--jobs", "1", "--restart"]  # fmt: skip
        process = subprocess.Popen(command)
        _, _, usage = os.wait4(process.pid, 0)
        found[f"peak_mb_{307 * times}_frames"] = round(usage.ru_maxrss / 1024)
    return found


def main(argv: list[str] | None = None) -> None:
    """Measure what is asked for, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="write the result")
    args = parser.parse_args(argv)
    jobs = {
        "mutants": lambda folder: mutants(folder, args.clips),
        "kills": lambda folder: kills(folder, args.kills),
        "speed": lambda folder: speed(folder, args.turns),
        "memory": memory,
    }
    results = {}
    for part in args.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            results[part] = jobs[part](Path(folder))
        show({part: results[part]})
    if args.keep:
        for name, rows in results.items():
            write_results(f"video_{name}", rows)


if __name__ == "__main__":
    main()
