"""What evaluate and train put into their pages."""

from __future__ import annotations

import os
import shlex
import time
from typing import Any

import click
from click.core import ParameterSource

from .outputs import forced, wrote
from .thumbnails import MOST, Album

_EXPLAINED = 6  # of the surest mistakes
_DRAWING_SIDE = 480


def explain_mistakes(model, data, predictions, most: int = _EXPLAINED) -> tuple[list, str]:
    """Drawings of what spoke for the surest mistakes; or why there are none."""
    from cvclassic.draw import make_thumbnail, mark_shares, overlay_shares
    from cvclassic.errors import CvclassicError
    from cvclassic.images import Picture
    from cvclassic.report import ExplainedMistake
    from cvclassic.report.confusion_matrix import sure_mistakes

    sources = {item.path: item.value for item in getattr(data, "items", ())}
    found: list = []
    for i in sure_mistakes(predictions, most):
        truth, path = predictions.truth[i], predictions.paths[i]
        picture = Picture(sources.get(path, path))
        against = truth if truth in predictions.classes else None
        try:
            explanation = model.explain(picture, predictions.labels[i], against)
            shown = _enlarged(picture.read(model.max_side))
            panels = [overlay_shares(shown, explanation)]
            panels.append(mark_shares(shown, explanation) if explanation.sums else shown)
        except CvclassicError as error:
            return found, f"Mistakes are not explained: {error}"
        heat, marks = (make_thumbnail(panel, _DRAWING_SIDE, quality=75) for panel in panels)
        kind = "Exact sum." if explanation.exact else "Approximation."
        against = str(explanation.against)
        found.append(ExplainedMistake(i, heat, marks, against, f"{kind} {explanation.how}"))
    return found, ""


def _enlarged(pixels):
    """Small images enlarged by a whole factor, so that marks do not hide them."""
    factor = max(_DRAWING_SIDE // max(pixels.shape[:2]), 1)
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def command_line(ctx: click.Context) -> str:
    """What to type for the same run: the command with everything that was given."""
    words = ["cvclassic", ctx.command.name or ""]
    last: list[str] = []
    for param in ctx.command.params:
        if param.name is None or ctx.get_parameter_source(param.name) in (
            ParameterSource.DEFAULT,
            ParameterSource.DEFAULT_MAP,
            None,
        ):
            continue
        option = max(param.opts, key=len)
        if isinstance(param, click.Option) and param.is_flag:
            words.append(option)
            continue
        value = ctx.params.get(param.name, ctx.meta.get(param.name))  # --config is only there
        if value is None:
            continue
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(param, click.Argument):
            last += [str(v) for v in values]
            continue
        for one in values:
            words += [option, str(one)]
    if any(word.startswith("-") for word in last):
        words.append("--")
    return shlex.join(words[:2] + last + words[2:] if "--" not in words else words + last)


def source_name(source: dict[str, Any]) -> str:
    """How a page calls the images."""
    given = [source.get(name) for name in ("folder", "manifest", "npz", "table")]
    name = next(os.path.normpath(one) for one in given if one)
    parts = os.path.abspath(name).split(os.sep)
    shown = "/".join(parts[-2:])
    return f"{shown}, {source['split']}" if source.get("split") else shown


def parameters_of(pipeline) -> list[tuple[str, str]]:
    """Every parameter of a recipe that is a plain value, with the name that --param takes."""
    from cvclassic.classify import settings_of

    return [
        (name, repr(value))
        for name, value in sorted(settings_of(pipeline).items())
        if not name.endswith("n_jobs")
    ]


def read_curve(path: str):
    """The learning curve in a JSON file."""
    import json

    from cvclassic.errors import DataError
    from cvclassic.evaluate import LearningCurve
    from cvclassic.images import read_file

    try:
        return LearningCurve.from_dict(json.loads(read_file(path)))
    except (DataError, ValueError, RecursionError):
        raise DataError(f"{path}: expected the JSON file of a learning curve.") from None


def write_evaluation_report(
    path: str,
    ctx: click.Context,
    model,
    data,
    source: dict,
    found,
    album: Album,
    seconds: dict[str, float],
    curve,
    quiet: bool,
    warning: str = "",
) -> None:
    """Explain the surest mistakes, and write the page of evaluate."""
    from cvclassic.report import EvaluationReport, write_evaluation_page

    start = time.perf_counter()
    explained: list = []
    note = ""
    if model.is_multilabel:
        seconds = {**seconds, "thumbnails (part of classifying)": album.seconds}
    elif found.predictions is not None:
        explained, note = explain_mistakes(model, data, found.predictions)
        seconds = {**seconds, "explaining mistakes": time.perf_counter() - start}
        seconds["thumbnails (part of classifying)"] = album.seconds
    report = EvaluationReport(
        os.path.basename(ctx.params["model"]),
        source_name(source),
        found.scores,
        found.predictions,
        found.failures,
        album.thumbnails,
        album.sizes,
        explained,
        seconds,
        model.summary,
        parameters_of(model.pipeline),
        command_line(ctx),
        [text for text in (f"{warning}." if warning else "", note) if text],
        learning_curve=curve,
    )
    size = write_evaluation_page(path, report)
    if not quiet:
        say_page(path, size, time.perf_counter() - start)


class TrainingPage:
    """The page of train: where it goes, and what it gathers on the way."""

    def __init__(self, ctx: click.Context, path: str | None, output: str) -> None:
        from cvclassic.report import check_page_path

        if path is None:
            stem, suffix = os.path.splitext(output)
            path = f"{output if suffix.lower() in ('.html', '.htm') else stem}.html"
        check_page_path(path, "report", force=forced())
        self._path, self._ctx, self._output = path, ctx, output
        self._album = Album([], [])
        self._odd: list[tuple[str, str, str]] = []

    def begin(self, paths: list[str], labels: list):
        """What is to be called with each image that is read."""
        self._album = Album(paths, labels)

        def see(picture, decoded) -> None:
            self._album.see(picture.source, decoded)
            self._odd.extend((picture.source, w.code, w.message) for w in decoded.warnings)

        return see

    def write(self, size: int, model) -> str:
        """Write the page of a model that was just trained; a line that says so."""
        from cvclassic.evaluate import KeywordPredictions, score_keywords
        from cvclassic.evaluate.evaluation import score_classes
        from cvclassic.report import TrainingReport, write_training_page

        def score_held_out(seen):
            keywords = isinstance(seen, KeywordPredictions)
            return score_keywords(seen) if keywords else score_classes(seen)

        run = model.training
        self._gather(run)
        order = {path: i for i, path in enumerate(run.paths)}
        report = TrainingReport(
            model=os.path.basename(self._output),
            n_bytes=size,
            paths=run.paths,
            labels=run.labels,
            summary=model.summary,
            scores=None if run.held_out is None else score_held_out(run.held_out),
            held_out=run.held_out,
            trials=run.trials,
            epochs=run.report.epochs,
            failures=run.failures,
            odd=sorted(self._odd, key=lambda row: order.get(row[0], -1)),
            thumbnails=self._album.thumbnails,
            sizes=self._album.sizes,
            seconds={**run.seconds, "thumbnails (part of reading)": self._album.seconds},
            parameters=parameters_of(model.pipeline),
            command=command_line(self._ctx),
            notes=[note.message for note in run.notes if note.is_fault],
        )
        n_bytes = write_training_page(self._path, report)
        return wrote(self._path, n_bytes)

    def _gather(self, run) -> None:
        """Thumbnails of what lies in memory, and of mistakes; nothing is decoded again."""
        from cvclassic.images import Picture

        album, pictures, held_out = self._album, run.images, run.held_out
        if not album.sizes and len(pictures) and getattr(pictures[0], "ndim", 0) > 1:
            album = self._album = Album(run.paths, run.labels)
            for path, pixels in zip(run.paths, pictures, strict=True):
                album.sizes[path] = pixels.shape[1::-1]
                if album.wants(path):
                    album.add(path, pixels)
        if held_out is None or not album.sizes or not hasattr(held_out, "right"):
            return
        place = {path: i for i, path in enumerate(run.paths)}
        for i in (~held_out.right).nonzero()[0][:MOST]:
            path = held_out.paths[i]
            if path not in album.thumbnails:
                picture = pictures[place[path]]
                pixels = picture.recall() if isinstance(picture, Picture) else picture
                if pixels is not None:
                    album.add(path, pixels)


def say_page(path: str, n_bytes: int, seconds: float) -> None:
    """Say where the page is."""
    click.echo(f"{wrote(path, n_bytes)} in {seconds:.1f} s", err=True)
