"""What evaluate and train put into their pages."""

from __future__ import annotations

import os
import shlex
import time
from typing import Any

import click
from click.core import ParameterSource

from .thumbnails import MOST, Album

_EXPLAINED = 6  # of the surest mistakes
_DRAWING_SIDE = 1000


def explain_mistakes(pipeline, data, predictions, most: int = _EXPLAINED) -> tuple[list, str]:
    """Drawings of what spoke for the surest mistakes; or why there are none."""
    import cv2

    from cvclassic.batch import max_side_of
    from cvclassic.draw import Thumbnail, draw_explanation
    from cvclassic.errors import CvclassicError
    from cvclassic.explain import explain_picture
    from cvclassic.images import Picture, encode_image
    from cvclassic.report import ExplainedMistake
    from cvclassic.report.confusion_matrix import sure_mistakes

    sources = {item.path: item.value for item in getattr(data, "items", ())}
    found: list = []
    for i in sure_mistakes(predictions, most):
        truth, path = predictions.truth[i], predictions.paths[i]
        picture = Picture(sources.get(path, path))
        against = truth if truth in predictions.classes else None
        try:
            explanation = explain_picture(pipeline, picture, predictions.labels[i], against)
            drawing = draw_explanation(picture.read(max_side_of(pipeline)), explanation)
        except CvclassicError as error:
            return found, f"Mistakes are not explained: {error}"
        scale = min(1.0, _DRAWING_SIDE / drawing.shape[1])
        drawing = cv2.resize(drawing, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        data_ = encode_image(drawing, ".webp", quality=72)
        height, width = drawing.shape[:2]
        found.append(ExplainedMistake(i, Thumbnail(data_, width, height, "webp")))
    return found, ""


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
        value = ctx.params[param.name]
        if value is None:
            continue
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(param, click.Argument):
            last += [str(v) for v in values]
            continue
        option = max(param.opts, key=len)
        if isinstance(param, click.Option) and param.is_flag:
            words.append(option)
            continue
        for one in values:
            words += [option, str(one)]
    if any(word.startswith("-") for word in last):
        words.append("--")
    return shlex.join(words[:2] + last + words[2:] if "--" not in words else words + last)


def source_name(source: dict[str, Any]) -> str:
    """How a page calls the pictures."""
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
    pipeline,
    data,
    source: dict,
    scores: dict,
    predictions,
    failures: list,
    album: Album,
    seconds: dict[str, float],
    curve,
    quiet: bool,
) -> None:
    """Explain the surest mistakes, and write the page of evaluate."""
    from cvclassic.models import read_model_info
    from cvclassic.report import EvaluationReport, write_evaluation_page

    start = time.perf_counter()
    explained: list = []
    note = ""
    if predictions is not None:
        explained, note = explain_mistakes(pipeline, data, predictions)
        seconds = {**seconds, "explaining mistakes": time.perf_counter() - start}
        seconds["thumbnails (part of classifying)"] = album.seconds
    model = ctx.params["model"]
    report = EvaluationReport(
        os.path.basename(model),
        source_name(source),
        scores,
        predictions,
        failures,
        album.thumbnails,
        album.sizes,
        explained,
        seconds,
        read_model_info(model).summary,
        parameters_of(pipeline),
        command_line(ctx),
        [note] if note else [],
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
        check_page_path(path, "report")
        self._path, self._ctx, self._output = path, ctx, output
        self._album = Album([], [])
        self._odd: list[tuple[str, str, str]] = []

    def begin(self, paths: list[str], labels: list):
        """What is to be called with each picture that is read."""
        self._album = Album(paths, labels)

        def see(picture, decoded) -> None:
            self._album.see(picture.source, decoded)
            self._odd.extend((picture.source, w.code, w.message) for w in decoded.warnings)

        return see

    def write(
        self,
        size: int,
        summary: dict,
        pipeline,
        training,
        trials,
        pictures,
        readable,
        failures: list,
        seconds: dict[str, float],
    ) -> str:
        """Write the page; where it is, and its size."""
        from cvclassic.report import TrainingReport, write_training_page

        held_out = held_out_predictions(pipeline, training, readable)
        self._gather(pictures, readable, held_out)
        order = {path: i for i, path in enumerate(readable.paths)}
        report = TrainingReport(
            model=os.path.basename(self._output),
            n_bytes=size,
            paths=readable.paths,
            labels=readable.labels,
            summary=summary,
            scores=_scores(held_out),
            held_out=held_out,
            trials=trials,
            epochs=training.epochs,
            failures=failures,
            odd=sorted(self._odd, key=lambda row: order.get(row[0], -1)),
            featureless=[readable.paths[i] for i in training.without_features],
            thumbnails=self._album.thumbnails,
            sizes=self._album.sizes,
            seconds={**seconds, "thumbnails (part of reading)": self._album.seconds},
            parameters=parameters_of(pipeline),
            command=command_line(self._ctx),
        )
        n_bytes = write_training_page(self._path, report)
        return f"{os.fspath(self._path)} ({n_bytes / 1e6:.1f} MB)"

    def _gather(self, pictures, readable, held_out) -> None:
        """Thumbnails of what lies in memory, and of mistakes; nothing is decoded again."""
        from cvclassic.images import Picture

        album = self._album
        if not album.sizes and len(pictures) and getattr(pictures[0], "ndim", 0) > 1:
            album = self._album = Album(readable.paths, readable.labels)
            for path, pixels in zip(readable.paths, pictures, strict=True):
                album.sizes[path] = pixels.shape[1::-1]
                if album.wants(path):
                    album.add(path, pixels)
        if held_out is None or not album.sizes:
            return
        place = {path: i for i, path in enumerate(readable.paths)}
        for i in (~held_out.right).nonzero()[0][:MOST]:
            path = held_out.paths[i]
            if path not in album.thumbnails:
                picture = pictures[place[path]]
                pixels = picture.recall() if isinstance(picture, Picture) else picture
                if pixels is not None:
                    album.add(path, pixels)


def held_out_predictions(pipeline, training, readable):
    """Answers for training pictures that were held out; None where the head keeps none."""
    from cvclassic.classify import probabilities
    from cvclassic.evaluate import Predictions

    head = pipeline[-1]
    held_out, rows = getattr(head, "held_out_", None), getattr(head, "held_out_rows_", ())
    if held_out is None or not len(rows) or len(rows) != len(held_out[0]):
        return None
    blank = set(training.without_features)
    seen = [i for i in range(len(readable.paths)) if i not in blank]
    classes = pipeline.classes_.tolist()
    chances = probabilities(held_out[0], head.temperature_)
    places = [seen[row] for row in rows]
    return Predictions(
        [readable.paths[i] for i in places],
        [readable.labels[i] for i in places],
        [classes[j] for j in held_out[0].argmax(axis=1)],
        classes,
        chances.astype("float32"),
    )


def _scores(predictions) -> dict | None:
    """Scores with their intervals."""
    if predictions is None:
        return None
    from ..commands.evaluate import score_classes

    return score_classes(predictions)


def say_page(path: str, n_bytes: int, seconds: float) -> None:
    """Say where the page is."""
    from .console import plain

    shown = plain(os.fsdecode(path)).plain
    click.echo(f"report: {shown} ({n_bytes / 1e6:.1f} MB, {seconds:.1f} s)", err=True)
