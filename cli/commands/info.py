"""``cvclassic info``: what a model file says about itself."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("model", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def info(model, as_json):
    """Say what MODEL was trained on, how, and with which libraries.

    \b
    Example:
      cvclassic info photos.cvmodel
      cvclassic info photos.cvmodel --json
    """
    from cvclassic.models import load_model, read_model_info

    from ..shared.console import show_table

    about = read_model_info(model)
    load_model(model)  # says so if the file is damaged
    if as_json:
        everything = {
            "format_version": about.format_version,
            "n_bytes": about.n_bytes,
            "summary": about.summary,
            "pipeline": about.pipeline,
            "versions": about.versions,
        }
        click.echo(json.dumps(everything, indent=1))
        return
    rows: list[tuple] = [("file", f"{model} ({about.n_bytes / 1e6:.1f} MB)")]
    rows += [(key, _short(value)) for key, value in about.summary.items() if key != "class_counts"]
    rows.append(("classes", f"{len(about.classes)}: {_short(about.classes)}"))
    for name, step in about.pipeline["steps"]:
        rows.append((name, _parts(step)))
    rows.append(("trained with", ", ".join(f"{k} {v}" for k, v in about.versions.items())))
    show_table(rows)


def _short(value: object) -> str:
    """A value on one line of moderate length."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        text = ", ".join(str(item) for item in value)
        return text if len(text) <= 200 else text[:200].rsplit(",", 1)[0] + ", ..."
    return str(value)


def _parts(node: object) -> str:
    """An estimator as one would write it in Python."""
    if isinstance(node, dict) and "params" in node:
        inner = ", ".join(f"{key}={_parts(value)}" for key, value in node["params"].items())
        return f"{node['type']}({inner})"
    return repr(node)
