"""Loading a model file: what the checksum adds, and what SHA-256 would add."""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from cvclassic.classify import make_recipe
from cvclassic.models import load_model, save_model
from cvclassic.models.digests import digest_of
from cvclassic.models.files import arrays_in
from cvclassic.models.header import model_description, read_bytes

from .common import SEED, write_results


def seconds(function, turns: int) -> list[float]:
    """Processor time of each turn, the first one left out."""
    spent = []
    for _ in range(turns + 1):
        start = time.process_time()
        function()
        spent.append(time.process_time() - start)
    return spent[1:]


def measure(path: Path, turns: int) -> dict:
    """Medians in milliseconds."""
    data, size = read_bytes(path)
    description, _ = model_description(data, size)
    arrays = arrays_in(data)
    found = {
        "load": seconds(lambda: load_model(path), turns),
        "checksum": seconds(lambda: digest_of(description, arrays), turns),
        "sha256": seconds(lambda: hashlib.sha256(data).digest(), turns),
    }
    row = {f"{name}_ms": round(1e3 * statistics.median(s), 3) for name, s in found.items()}
    without = row["load_ms"] - row["checksum_ms"]
    return {
        "megabytes": round(size / 1e6, 2),
        **row,
        "times_as_long": round(row["load_ms"] / without, 3),
        "times_as_long_with_sha256": round((without + row["sha256_ms"]) / without, 3),
    }


def main() -> None:
    """Measure models of 2, 20 and 101 classes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=21)
    turns = parser.parse_args().turns
    rng = np.random.default_rng(SEED)
    images = [rng.integers(0, 255, (120, 160, 3), np.uint8) for _ in range(20)]
    model = make_recipe("fast", random_state=0, C=1.0).fit(images, list("ab") * 10)
    head, rows = model[-1], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.cvmodel")
        for n in (2, 20, 101):
            head.classes_ = np.array([f"{i:03d}" for i in range(n)])
            head.coef_ = rng.normal(size=(n, head.n_features_in_)).astype(np.float32)
            head.intercept_ = np.zeros(n, np.float32)
            save_model(path, model)
            rows.append({"classes": n, **measure(path, turns)})
    print(json.dumps(rows, indent=1))
    write_results("model-loading", {"models": rows})


if __name__ == "__main__":
    main()
