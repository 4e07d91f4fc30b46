"""How long does the page of ``segment annotate`` take to show what a stroke changes?

Strokes are drawn on DRIVE's training images as a person would draw them, one image after the other
(0.33 megapixels each; half a percent of the pixels), and sent to the command's own server. Timed is
what the page waits for after each: the strokes saved and the colored result received.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

from cvclassic.images import encode_image, write_image

from .common import ROOT, SEED, write_block, write_results
from .segment import load, scribble

N_IMAGES = 10
SHARE = 0.005
BOUND = 60


def ask(address: str, body: bytes | None = None) -> bytes:
    """Answer to GET, or to PUT with a body."""
    request = urllib.request.Request(address, data=body, method="PUT" if body else "GET")
    with urllib.request.urlopen(request, timeout=BOUND) as response:
        return response.read()


def main() -> None:
    """Measure, and write the result and a line of docs/segment.md."""
    rng = np.random.default_rng(SEED)
    cases = load("drive")[0][:N_IMAGES]
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images"
        images.mkdir()
        for i, case in enumerate(cases):
            write_image(images / f"{i:02}.png", case.image)
        line = ["-m", "cvclassic_cli", "segment", "annotate", str(images), "--port", "0"]
        server = subprocess.Popen(
            [sys.executable, *line, "--no-open", "-o", f"{folder}/marks"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+/", server.stdout.readline())
            assert found is not None
            seconds: list[list[float]] = []
            for i, case in enumerate(cases):
                marks = scribble(case.labels(), SHARE, rng).astype(np.uint8)
                png = encode_image(marks, ".png")
                ask(f"{found[0]}image/{i}")
                seconds.append([])
                for _ in range(3):
                    start = time.perf_counter()
                    ask(f"{found[0]}marks/{i}", png)
                    ask(f"{found[0]}prediction/{i}")
                    seconds[-1].append(time.perf_counter() - start)
        finally:
            server.terminate()
            server.wait(BOUND)
    first = [times[0] for times in seconds]
    again = [statistics.median(times[1:]) for times in seconds]
    results = {
        "images": len(cases),
        "first_stroke_s": [round(value, 3) for value in first],
        "next_stroke_s": [round(value, 3) for value in again],
    }
    print(results)
    write_results("annotate_speed", results)
    page = ROOT / "docs" / "segment.md"
    text = (
        f"On images of 0.33 megapixels the result appears {statistics.median(again):.2f} s after "
        f"a stroke (median; at most {max(again):.2f} s, and {max(first):.2f} s after the first on "
        f"an image), measured with strokes on 1 to {len(cases)} images "
        "(`python -m benchmarks annotate_speed`)."
    )
    write_block(page, "annotate", text)


if __name__ == "__main__":
    main()
