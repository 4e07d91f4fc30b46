"""How much a service answers, how soon, and what it does when it is asked too much.

On loopback, with clients of one process on asyncio. The bare loop is `Model.classify` over the
same files on all cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from .common import ROOT, write_results

IMAGES = ROOT / "sample_images" / "materials"


async def ask(port: int, body: bytes, path: str = "/predict", method: str = "POST"):
    """One request on a connection of its own; status and seconds."""
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    return status, time.perf_counter() - start


async def closed_loop(port: int, bodies: list[bytes], clients: int, seconds: float):
    """Clients that ask again as soon as they are answered; what and when they were answered."""
    end = time.perf_counter() + seconds
    answers: list[tuple[int, float]] = []

    async def client(i: int) -> None:
        while time.perf_counter() < end:
            answers.append(await ask(port, bodies[i % len(bodies)]))
            i += clients

    await asyncio.gather(*(client(i) for i in range(clients)))
    return answers


async def open_loop(port: int, bodies: list[bytes], rate: float, seconds: float):
    """Requests at a steady rate, whatever becomes of them; health is asked beside them."""
    tasks, health = [], []
    start = time.perf_counter()
    for i in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + i / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(port, bodies[i % len(bodies)])))
        if i % max(1, int(rate / 5)) == 0:
            health.append(asyncio.create_task(ask(port, b"", "/health", "GET")))
    return await asyncio.gather(*tasks), await asyncio.gather(*health)


def percentile(values: list[float], share: float) -> float:
    """In milliseconds."""
    return round(1e3 * sorted(values)[min(len(values) - 1, int(share * len(values)))], 1)


def bare_loop(model: Path, seconds: float) -> float:
    """Images per second of the library alone."""
    from cvclassic import load_model

    loaded = load_model(model)
    files = sorted(map(str, IMAGES.rglob("*.jpg"))) * 4
    for _ in loaded.classify(files[:32]):
        pass
    start, n = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        n += sum(1 for _ in loaded.classify(files))
    return n / (time.perf_counter() - start)


def measure(model: Path, seconds: float, overload: float) -> dict:
    """All figures of one model."""
    bodies = [path.read_bytes() for path in sorted(IMAGES.rglob("*.jpg"))]
    bare = bare_loop(model, seconds)
    command = [sys.executable, "-m", "cvclassic_cli", "serve", str(model), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stderr is not None
        port = 0
        for line in process.stderr:
            if found := re.search(r"http://127.0.0.1:(\d+)", line):
                port = int(found.group(1))
                break
        import threading

        threading.Thread(target=lambda: list(process.stderr or ()), daemon=True).start()
        asyncio.run(closed_loop(port, bodies, 4, 3))
        lone = [s for _, s in asyncio.run(closed_loop(port, bodies, 1, seconds))]
        start = time.perf_counter()
        busy = asyncio.run(closed_loop(port, bodies, 32, seconds))
        rate = len(busy) / (time.perf_counter() - start)
        part, _ = asyncio.run(open_loop(port, bodies, 0.7 * rate, seconds))
        before = resident(process.pid)
        over, health = asyncio.run(open_loop(port, bodies, 1.2 * rate, overload))
        return {
            "bare_per_s": round(bare, 1),
            "served_per_s_32_clients": round(rate, 1),
            "ratio": round(rate / bare, 3),
            "lone_ms": {"median": percentile(lone, 0.5), "p99": percentile(lone, 0.99)},
            "at_70_percent_ms": {
                "median": percentile([s for _, s in part], 0.5),
                "p99": percentile([s for _, s in part], 0.99),
            },
            "p99_over_lone_median": round(
                percentile([s for _, s in part], 0.99) / percentile(lone, 0.5), 2
            ),
            "health_p99_ms_at_120_percent": percentile([s for _, s in health], 0.99),
            "at_120_percent": {
                "requests": len(over),
                "answered_200": sum(status == 200 for status, _ in over),
                "answered_503": sum(status == 503 for status, _ in over),
                "others": sum(status not in (200, 503) for status, _ in over),
                "seconds": overload,
                "resident_mb_before": before,
                "resident_mb_after": resident(process.pid),
            },
            "statuses_32_clients": sorted({status for status, _ in busy}),
            "median_ms_32_clients": round(1e3 * statistics.median(s for _, s in busy), 1),
        }
    finally:
        process.terminate()
        process.wait(30)


def resident(pid: int) -> int:
    """Memory of a process and its children, in MB."""
    total = 0
    pids = [pid]
    while pids:
        at = pids.pop()
        try:
            pages = int(Path(f"/proc/{at}/statm").read_text().split()[1])
            total += pages * os.sysconf("SC_PAGE_SIZE")
            pids += map(int, Path(f"/proc/{at}/task/{at}/children").read_text().split())
        except OSError:
            continue
    return total // 1_000_000


def main(argv: list[str] | None = None) -> None:
    """Measure recipes and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="*", default=["sift-bow", "fast"])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--overload", type=float, default=60)
    parser.add_argument("--out", type=Path, default=Path("/tmp"))
    args = parser.parse_args(argv)
    results = {}
    for recipe in args.recipes:
        model = args.out / f"serve-{recipe}.cvmodel"
        subprocess.run(
            [sys.executable, "-m", "cvclassic_cli", "train", str(IMAGES / "train"), "-o",
             str(model), "--recipe", recipe, "--no-report"],
            check=True, cwd=ROOT,
        )  # fmt: skip
        results[recipe] = measure(model, args.seconds, args.overload)
        print(recipe, results[recipe])
    write_results("serve", results)


if __name__ == "__main__":
    main()
