"""What an image costs one core: decoding, describing, encoding, classifying."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from cvclassic.classify import first_side
from cvclassic.images import decode_image, single_threaded
from cvclassic.models import load_model

from .common import write_results
from .processes import photographs


def processor_ms(work: Callable[[], object], n: int) -> float:
    """Milliseconds of processor time for each of n images."""
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start) / n


def _decode(paths: list[str], side: int | None, images: list[np.ndarray]) -> None:
    images.extend(decode_image(path, max_side=side).pixels for path in paths)


def _describe(member, images: list[np.ndarray]) -> None:
    for image in images:
        member.local_features(image)


def stages(model, paths: list[str], turns: int) -> dict[str, float]:
    """Median cost of each stage over the turns."""
    side = first_side(model)
    features = model[0]
    members = [part for _, part in getattr(features, "transformers_", [("", features)])]
    found: dict[str, list[float]] = {"decode": [], "describe": [], "encode": [], "classify": []}
    for _ in range(turns + 1):
        images: list[np.ndarray] = []
        decode = processor_ms(partial(_decode, paths, side, images), len(paths))
        describe = sum(
            processor_ms(partial(_describe, member, images), len(paths))
            for member in members
            if hasattr(member, "local_features")
        )
        both = processor_ms(partial(features.transform, images), len(paths))
        vectors = features.transform(images)
        classify = processor_ms(partial(model[1:].predict_proba, vectors), len(paths))
        row = {"decode": decode, "describe": describe, "encode": both - describe}
        for name, value in {**row, "classify": classify}.items():
            found[name].append(value)
    return {name: round(float(np.median(row[1:])), 3) for name, row in found.items()}


def main() -> None:
    """Measure the recipe `fast` on photographs of 300 x 200 pixels, in one thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=160)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a small number, nothing written")
    arguments = parser.parse_args()
    n, turns = (32, 1) if arguments.quick else (arguments.pictures, arguments.turns)
    with tempfile.TemporaryDirectory() as scratch:
        model, paths = photographs(Path(scratch))
        with single_threaded():
            found = stages(load_model(model), paths[:n], turns)
    found["all"] = round(sum(found.values()), 3)
    print(found)
    if not arguments.quick:
        write_results("throughput", {"fast": found}, pictures=n, turns=turns)


if __name__ == "__main__":
    main()
