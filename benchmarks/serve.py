"""How much a service answers, how soon, and what it does when it is asked too much.

On loopback, against the bare loop (`Model.classify` over the same files on all cores) and two
other ways to serve the same pipeline: ten lines of FastAPI with joblib, and LitServe. The others
run where they are installed: --opponents names a Python that has fastapi and litserve.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .common import RESULTS, ROOT, SEED, show, write_results
from .http_load import (
    closed_loop,
    free_port,
    open_and_leave,
    open_loop,
    percentile,
    wait_for_port,
)

IMAGES = ROOT / "sample_images" / "materials"
CLIENTS = 32
PARTS = ("service", "others", "nginx", "connections")
_TURNS = 5


def bare_loop(model: Path, seconds: float) -> float:
    """Images per second of the library alone, on all cores."""
    from cvclassic import load_model

    loaded = load_model(model)
    files = sorted(map(str, IMAGES.rglob("*.jpg"))) * 4
    for _ in loaded.classify(files[:32]):
        pass
    start, n = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        n += sum(1 for _ in loaded.classify(files))
    return n / (time.perf_counter() - start)


@contextmanager
def serving(model: Path, *arguments: str) -> Iterator[tuple[int, int]]:
    """``cvclassic serve``: its port and its process number."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cvclassic_cli", "serve", str(model), "--port", "0", *arguments],
        stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        port = 0
        for line in process.stderr:
            if found := re.search(r"http://127.0.0.1:(\d+)", line):
                port = int(found.group(1))
                break
        threading.Thread(target=lambda: list(process.stderr or ()), daemon=True).start()
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def other(python: str, script: str, model: Path) -> Iterator[int]:
    """One of the other services; its port."""
    port = free_port()
    place = ROOT / "benchmarks" / "opponents"
    command = [python, str(place / f"{script}.py"), str(port)]
    if script == "fastapi_joblib":
        command = [python, "-m", "uvicorn", f"{script}:app", "--port", str(port), "--workers",
                   str(os.cpu_count()), "--log-level", "error"]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=place, env={**os.environ, "MODEL": str(model)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for_port(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def speed(port: int, files: list[Path], seconds: float, kind: str = "application/octet-stream"):
    """Throughput at 32 clients, latency of a lone client."""
    closed_loop(port, files, 4, 3, kind)
    lone = closed_loop(port, files, 1, seconds, kind)
    busy = closed_loop(port, files, CLIENTS, seconds, kind)
    return {
        "per_s_32_clients": round(busy["requests"] / busy["seconds"], 1),
        "p99_ms_32_clients": busy["p99"],
        "lone_p50_ms": lone["p50"],
        "lone_p99_ms": lone["p99"],
        "not_200": busy["not_200"] + lone["not_200"],
        "broken": busy["broken"] + lone["broken"],
    }


def _medians(turns: list[dict]) -> dict:
    return {name: round(statistics.median(turn[name] for turn in turns), 3) for name in turns[0]}


def measure(model: Path, files: list[Path], seconds: float, overload: float) -> dict:
    """All figures of our service."""
    bodies = [path.read_bytes() for path in files]
    with serving(model, "--max-per-client", "1000") as (port, pid):
        turns = []
        for _ in range(_TURNS):  # side by side, since machines change their pace
            bare = bare_loop(model, seconds)
            found = speed(port, files, seconds)
            turns.append({"bare_per_s": bare, "of_bare": found["per_s_32_clients"] / bare, **found})
        found = _medians(turns)
        found["of_bare_spread"] = sorted(round(turn["of_bare"], 3) for turn in turns)
        rate = found["per_s_32_clients"]
        part, _ = asyncio.run(open_loop(port, bodies, 0.7 * rate, seconds))
        before = resident(pid)
        over, health = asyncio.run(open_loop(port, bodies, 1.2 * rate, overload))
        after = resident(pid)
    p99 = percentile([s for _, s in part], 0.99)
    return {
        **found,
        "p50_ms_at_70_percent": percentile([s for _, s in part], 0.5),
        "p99_ms_at_70_percent": p99,
        "p99_at_70_percent_over_lone_p99": round(p99 / found["lone_p99_ms"], 2),
        "p99_at_70_percent_over_lone_p50": round(p99 / found["lone_p50_ms"], 2),
        "health_p99_ms_at_120_percent": percentile([s for _, s in health], 0.99),
        "at_120_percent": {
            "seconds": overload,
            "requests": len(over),
            "answered_200": sum(status == 200 for status, _ in over),
            "answered_503": sum(status == 503 for status, _ in over),
            "others": sum(status not in (200, 503) for status, _ in over),
            "resident_mb_before": before,
            "resident_mb_after": after,
        },
    }


def measure_others(model: Path, python: str, files: list[Path], seconds: float) -> dict:
    """The same pipeline behind FastAPI and LitServe."""
    import joblib

    from cvclassic import load_model

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        pickled = Path(folder) / "model.joblib"
        joblib.dump(load_model(model).pipeline, pickled)
        wrapped = []
        for i, path in enumerate(files):
            text = base64.b64encode(path.read_bytes()).decode()
            wrapped.append(Path(folder) / f"{i}.json")
            wrapped[-1].write_text(json.dumps({"image": text}))
        for name, script, sent, kind in (
            ("FastAPI + joblib", "fastapi_joblib", files, "application/octet-stream"),
            ("LitServe", "litserve_joblib", wrapped, "application/json"),
        ):
            with other(python, script, pickled) as port:
                found[name] = speed(port, sent, seconds, kind)
    return found


def measure_left_connections(model: Path, n: int) -> dict:
    """Connections that are opened and left: what the service holds, and how it answers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    n = n if hard == resource.RLIM_INFINITY else min(n, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, n + 400), hard))
    with serving(model, "--workers", "1") as (port, pid):
        asyncio.run(open_loop(port, [b""], 5, 2))
        before = resident(pid)
        start = time.perf_counter()
        left = open_and_leave(port, n)
        seconds = time.perf_counter() - start
        _, health = asyncio.run(open_loop(port, [b""], 5, 3))
        found = {
            "opened": n,
            "opened_in_s": round(seconds, 2),
            "files_open_in_the_service": len(os.listdir(f"/proc/{pid}/fd")),
            "resident_mb_before": before,
            "resident_mb_then": resident(pid),
            "health_answered": sum(status == 200 for status, _ in health),
            "health_asked": len(health),
            "health_p99_ms": percentile([s for _, s in health], 0.99),
        }
        for one in left:
            one.close()
    return found


def measure_two(model: Path, files: list[Path], seconds: float) -> dict:
    """Two services behind nginx, with the configuration of the documentation."""
    inner = (ROOT / "docs" / "deploy" / "nginx.conf").read_text()
    port = free_port()
    with (
        serving(model, "--workers", "1", "--max-per-client", "1000") as (one, _),
        serving(model, "--workers", "1", "--max-per-client", "1000") as (two, _),
        tempfile.TemporaryDirectory() as folder,
    ):
        old = re.search(r"server predict:8000([^;]*);", inner)
        assert old is not None
        both = "\n".join(f"server 127.0.0.1:{p}{old[1]};" for p in (one, two))
        inner = inner.replace(old[0], both).replace("listen 80;", f"listen 127.0.0.1:{port};")
        temporary = "".join(
            f"{name}_temp_path {folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf = Path(folder) / "nginx.conf"
        conf.write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
            f"events {{ worker_connections 512; }}\nhttp {{ access_log off;\n{temporary}{inner}}}\n"
        )
        process = subprocess.Popen(["nginx", "-c", str(conf), "-p", folder])
        try:
            wait_for_port(port)
            turns = [speed(port, files, seconds) for _ in range(_TURNS)]
            rates = sorted(turn["per_s_32_clients"] for turn in turns)
            return {**_medians(turns), "per_s_32_clients_spread": rates}
        finally:
            process.terminate()
            process.wait(30)


def resident(pid: int) -> int:
    """Memory of a process and its children, in MB; shared pages count once (PSS)."""
    total, pids = 0, [pid]
    while pids:
        at = pids.pop()
        try:
            text = Path(f"/proc/{at}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])  # type: ignore[index]
            pids += map(int, Path(f"/proc/{at}/task/{at}/children").read_text().split())
        except (OSError, TypeError):
            continue
    return total // 1000


def table(results: dict) -> str:
    """The comparison as a Markdown table."""
    lines = [
        "| served by | images/s, 32 clients | of the bare loop | p99, 32 clients | "
        "a lone client, median |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    bare = results["cvclassic serve"]["bare_per_s"]
    for name, row in results.items():
        if "per_s_32_clients" in row:
            share = row.get("of_bare", row["per_s_32_clients"] / bare)
            lines.append(
                f"| {name} | {row['per_s_32_clients']:.0f} | {100 * share:.0f}% | "
                f"{row['p99_ms_32_clients']:.0f} ms | {row['lone_p50_ms']:.1f} ms |"
            )
    ours, left = results["cvclassic serve"], results["connections left"]
    over = ours["at_120_percent"]
    low, *_, high = ours["of_bare_spread"]
    lines += [
        "",
        f"Share of the bare loop in {len(ours['of_bare_spread'])} turns: {100 * low:.0f}% to "
        f"{100 * high:.0f}%, median {100 * ours['of_bare']:.0f}%. At 70% of the load, 99% of the "
        f"requests take at most {ours['p99_ms_at_70_percent']:.0f} ms, "
        f"{ours['p99_at_70_percent_over_lone_p50']:.1f} times the median of a lone client. In "
        f"{over['seconds']:.0f} s at 120% of the load, {over['answered_200']:,} of "
        f"{over['requests']:,} requests were answered, {over['answered_503']:,} were told to "
        f"come again (503), and {over['others']:,} were lost; memory went from "
        f"{over['resident_mb_before']} to {over['resident_mb_after']} MB, and 99% of the health "
        f"checks took at most {ours['health_p99_ms_at_120_percent']:.0f} ms. "
        f"{left['opened']:,} connections that were opened and left: "
        f"{left['files_open_in_the_service']:,} open files, {left['resident_mb_then']} MB, and "
        f"{left['health_answered']} of {left['health_asked']} health checks answered.",
    ]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> None:
    """Measure a recipe, print, and write the result."""
    from .vision_docs import fill  # it needs `table`

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--recipe", default="sift-bow")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--overload", type=float, default=60, help="seconds at 120%% of the rate")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--opponents", metavar="PYTHON", help="has fastapi and litserve")
    parser.add_argument("--keep", action="store_true", help="write the result and the page")
    args = parser.parse_args(argv)
    files = sorted(IMAGES.rglob("*.jpg"))
    random.Random(SEED).shuffle(files)  # the images of one class take alike long
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "materials.cvmodel"
        subprocess.run(
            [sys.executable, "-m", "cvclassic_cli", "train", str(IMAGES / "train"), "-o",
             str(model), "--recipe", args.recipe, "--no-report", "-q"],
            check=True, cwd=ROOT,
        )  # fmt: skip
        parts = args.parts or PARTS
        results: dict[str, dict] = {}
        if "service" in parts:
            results["cvclassic serve"] = measure(model, files, args.seconds, args.overload)
            show(results, "serve")
        if "others" in parts and args.opponents:
            results |= measure_others(model, args.opponents, files, args.seconds)
        if "nginx" in parts:
            results["two behind nginx"] = measure_two(model, files, args.seconds)
        if "connections" in parts:
            results["connections left"] = measure_left_connections(model, args.connections)
    show(results, "serve")
    if args.keep:
        kept = RESULTS / "serve.json"
        if kept.is_file():  # parts that were not measured now stay as they were
            results = json.loads(kept.read_text())["results"] | results
        write_results("serve", {"recipe": args.recipe, **results})
        page = ROOT / "docs" / "deploy.md"
        page.write_text(fill("deploy.md", page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
