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
