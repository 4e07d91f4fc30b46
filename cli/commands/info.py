"""``cvclassic info``: what a model file says about itself."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("model", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option(
    "--verify", is_flag=True, help="Load the whole model and verify its checksum (slower)."
)
def info(model, as_json, verify):
    """Show what MODEL was trained on, how, and with which libraries.

    \b
    Example:
      cvclassic info photos.cvmodel
      cvclassic info photos.cvmodel --verify
      cvclassic info photos.cvmodel --json
    """
    from cvclassic.models.header import read_model_info

    about = read_model_info(model)
    if verify:
        from cvclassic.models import load_model

        load_model(model)  # raises if anything is wrong
    if as_json:
        everything = {
            "format_version": about.format_version,
            "n_bytes": about.n_bytes,
            "digest": about.digest,
            "summary": about.summary,
            "pipeline": about.pipeline,
            "versions": about.versions,
        }
        click.echo(json.dumps(everything, indent=1))
        return
    from cvclassic._basics.printable import show_bytes

    rows = [("Model", f"{_printable(model)} ({show_bytes(about.n_bytes)})")]
    rows += _training(about)
    rows.append(("Checksum", _checksum(about.digest, verify)))
    rows.append(("Trained with", ", ".join(f"{k} {v}" for k, v in about.versions.items())))
    _show(rows)
    click.echo("\nSteps:")
    for name, step in about.pipeline["steps"]:
        click.echo(_printable(f"  {name}: {_parts(step)}"))


def _training(about) -> list[tuple[str, str]]:
    """What is known of the training, in words."""
    summary = dict(about.summary)
    rows = []
    recipe, head = summary.pop("recipe", ""), summary.pop("head", "")
    if recipe:
        rows.append(("Recipe", f"{recipe} + {head}" if head else str(recipe)))
    counts = summary.pop("class_counts", {}) or {}
    n_images = summary.pop("n_images", None)
    if about.classes:
        many = summary.pop("multilabel", False)
        if many:
            words = summary.pop("words_per_image", None)
            rows.append(("Gives", "several labels per image (multi-label)"))
            if isinstance(words, float):
                rows.append(("Labels per image", f"{words:.1f} in training"))
            rule = summary.pop("rule", "threshold")
            rows.append(
                ("Answers", "a threshold per label" if rule == "threshold" else f"the {rule}")
            )
            f1 = summary.pop("cv_f1", None)
            if isinstance(f1, float):
                rows.append(("Cross-validation F1", f"{f1:.1%} (mean over labels)"))
        rows.append(
            (
                "Keywords" if many else "Classes",
                f"{len(about.classes)}: {_classes(about.classes, counts)}",
            )
        )
    else:
        rows.append(("Gives", "numbers"))
    if n_images is not None:
        text = f"{n_images:,}" if isinstance(n_images, int) else str(n_images)
        left_out = [
            f"{summary.get(key)} {words}"
            for key, words in (("n_failed", "unreadable"), ("n_without_features", "no features"))
            if summary.get(key)
        ]
        rows.append(("Trained on", f"{text} {'rows' if recipe == 'table' else 'images'}"))
        if left_out:
            rows.append(("Skipped", ", ".join(left_out)))
    for key in ("n_failed", "n_without_features"):
        summary.pop(key, None)
    accuracy = summary.pop("cv_accuracy", None)
    if isinstance(accuracy, float):
        rows.append(("Cross-validation accuracy", f"{accuracy:.1%}"))
    if "mirrored" in summary:
        rows.append(("Trained with mirror images", "yes" if summary.pop("mirrored") else "no"))
    if isinstance(summary.get("unknown"), dict):
        rule = summary.pop("unknown")
        rows.append(("Unknown", _rule(rule)))
    tried = summary.pop("tried", None)
    if isinstance(tried, list):
        rows.append(("Recipes tried", "; ".join(map(_trial, tried))))
    params = summary.pop("params", None)
    if params:
        rows.append(("Parameters", _short(params)))
    rows += [(str(key).replace("_", " ").capitalize(), _short(v)) for key, v in summary.items()]
    return rows


def _classes(classes: list, counts: dict) -> str:
    """Names of the classes, with the images of each where they are known."""
    named = [f"{c} ({counts[str(c)]})" if str(c) in counts else str(c) for c in classes]
    text = ", ".join(named)
    if len(text) <= 300:
        return text
    return text[:300].rsplit(",", 1)[0] + ", ..."


def _rule(rule: dict) -> str:
    kind = "sets of labels" if rule.get("kind") == "sets" else "answers"
    rate, cutoff = rule.get("error_rate"), rule.get("cutoff")
    if not isinstance(rate, float) or not isinstance(cutoff, float):
        return str(rule)
    return f"at most {rate:.1%} of the {kind} wrong (cutoff {cutoff:.3f})"


def _trial(trial: object) -> str:
    if not isinstance(trial, dict):
        return str(trial)
    accuracy = trial.get("accuracy")
    said = f"{accuracy:.1%}" if isinstance(accuracy, float) else trial.get("note", "")
    return f"{trial.get('recipe')} {said}"


def _checksum(digest: str | None, verified: bool) -> str:
    if digest is None:
        return "none (written by an earlier version; train or save again to get one)"
    return f"{digest} ({'verified' if verified else 'checked whenever the model is loaded'})"


def _show(rows: list[tuple[str, str]]) -> None:
    """Print names and values in two columns, without the imports of a table."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(_printable(f"{name:<{width}}  {value}"))


def _printable(text: str) -> str:
    """Control characters are shown, not obeyed."""
    from cvclassic._basics.printable import printable

    return printable(text)


def _short(value: object) -> str:
    """A value on one line of moderate length."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{k}={_short(v)}" for k, v in value.items())
    if isinstance(value, list):
        text = ", ".join(str(item) for item in value)
        return text if len(text) <= 200 else text[:200].rsplit(",", 1)[0] + ", ..."
    return str(value)


def _parts(node: object) -> str:
    """An estimator as one would write it in Python."""
    if isinstance(node, dict) and "params" in node:
        params = node["params"] if isinstance(node["params"], dict) else {}
        inner = ", ".join(f"{key}={_parts(value)}" for key, value in params.items())
        return f"{node.get('type')}({inner})"
    if isinstance(node, dict) and "type" in node:
        return str(node["type"])
    return repr(node)
