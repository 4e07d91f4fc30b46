"""Clients for services: wrk where they ask as fast as they can, asyncio where the rate is given."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SCRIPT = """
local bodies, turn = {}, 0
function init(args)
  for i = 1, #args do
    local file = io.open(args[i], "rb")
    bodies[i] = file:read("*a")
    file:close()
  end
end
function request()
  turn = turn % #bodies + 1
  return wrk.format("POST", nil, {["Content-Type"] = os.getenv("BODY_TYPE")}, bodies[turn])
end
function done(summary, latency, requests)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.3f, "not_200": %d, "broken": %d, ' ..
    '"p50": %.2f, "p99": %.2f}\\n',
    summary.requests, summary.duration / 1e6, errors.status, broken,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def closed_loop(
    port: int,
    files: list[Path],
    clients: int,
    seconds: float,
    kind: str = "application/octet-stream",
) -> dict:
    """Clients of wrk that ask again as soon as they are answered.

    Returns requests, seconds, not_200, broken, p50 and p99 in milliseconds.
    """
    if shutil.which("wrk") is None:
        sys.exit("This benchmark needs wrk (Debian: wrk).")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT)
        script.flush()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "30s", "-s", script.name,
             f"http://127.0.0.1:{port}/predict", "--", *map(str, files)],
            check=True, capture_output=True, text=True, env={**os.environ, "BODY_TYPE": kind},
        )  # fmt: skip
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(line.removeprefix("RESULT "))


async def ask(port: int, body: bytes, path: str = "/predict", method: str = "POST"):
    """One request on a connection of its own; status (0: none came) and seconds."""
    start = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        answer = await reader.read()
        writer.close()
    except OSError:
        answer = b""
    return int(answer.split(b" ", 2)[1]) if answer else 0, time.perf_counter() - start


async def open_loop(port: int, bodies: list[bytes], rate: float, seconds: float):
    """Requests at a steady rate, whatever becomes of them; health is asked beside them."""
    gc.collect()
    gc.freeze()  # else the client's own pauses are measured
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


def open_and_leave(port: int, n: int) -> list[socket.socket]:
    """Connections that say nothing."""
    return [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(n)]


def wait_for_port(port: int, patience: float = 300) -> None:
    """Wait until somebody listens there."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
