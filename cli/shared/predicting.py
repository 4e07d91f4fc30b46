"""Run models over labeled data, as evaluate and compare do."""

from __future__ import annotations

import time


def inputs_of(data) -> list:
    """What is to be classified: paths, or what lies in array files and tables."""
    return data.items if hasattr(data, "items") else data.paths


def predict_model(pipeline, data, jobs: int, quiet: bool, on_answer=None) -> tuple:
    """Predictions, (path, code, message) of what could not be read, and the seconds it took."""
    from cvclassic.batch import predict_labeled
    from cvclassic.errors import DataError
    from cvclassic.images import watch_decoders

    from .console import stages

    start = time.perf_counter()
    with stages(quiet) as progress, watch_decoders():
        predictions, failures = predict_labeled(
            pipeline,
            inputs_of(data),
            data.labels,
            n_jobs=jobs,
            watch=lambda records: progress.count(records, "classify", len(data)),
            on_answer=on_answer,
        )
    if not predictions.n_images:
        path, code, message = failures[0]
        raise DataError(f"None of the pictures can be read. The first: {path}: {code}: {message}")
    return predictions, failures, time.perf_counter() - start


def write_json(path, content: dict) -> None:
    """Write a JSON file; labels and paths become ASCII, numbers that are none become null."""
    import json
    import math

    from cvclassic._basics.atomic import atomic_file

    def clean(value):
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [clean(item) for item in value]
        return value

    with atomic_file(path, "w", encoding="utf-8") as file:
        json.dump(clean(content), file, indent=1)
        file.write("\n")
