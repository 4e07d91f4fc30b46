"""Run models over labeled data, as evaluate and compare do."""

from __future__ import annotations

from typing import Any

import click


def predict_model(model, data, jobs: int, quiet: bool, on_answer=None) -> tuple:
    """Predictions, (path, code, message) of what could not be read, and the seconds it took."""
    from .console import stages

    with stages(quiet) as progress:
        return model.predict_labeled(
            data,
            n_jobs=jobs,
            watch=lambda records: progress.count(records, "classify", len(data)),
            on_answer=on_answer,
        )


def check_kind(model: Any, table: str | None) -> None:
    """A model of tables needs --table, one of images takes none."""
    if (model.takes == "table") == (table is not None):
        return
    raise click.UsageError(
        "This model was trained on a table: give --table and --label."
        if model.takes == "table"
        else "This model was trained on images and takes no --table."
    )


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
