"""What evaluate and train put into their pages."""

from __future__ import annotations

import os
import shlex
import threading
from typing import Any

import click
from click.core import ParameterSource

_EXPLAINED = 6  # of the surest mistakes
_SAMPLES = 6000  # thumbnails of pictures that were recognised, at most
_DRAWING_SIDE = 1000


class Album:
    """Thumbnails and sizes of pictures, taken while they are classified.

    Pixels are those that were classified, so that no file is decoded twice. Every mistake is
    kept, and of each class the first pictures, so that memory does not grow with the rest.
    """

    def __init__(self, paths: list[str], labels: list) -> None:
        self.thumbnails: dict[str, Any] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self._truth: dict[str, object] = {}
        most = max(_SAMPLES // max(len(set(labels)), 1), 3)
        counts: dict[object, int] = {}
        self._kept: set[str] = set()
        for path, label in zip(paths, labels, strict=True):
            self._truth[path] = label
            counts[label] = counts.get(label, 0) + 1
            if counts[label] <= most:
                self._kept.add(path)
        self._lock = threading.Lock()
        self.seconds = 0.0

    def __call__(self, item: object, record, scores: tuple, pixels) -> None:
        """Keep what is needed of a picture that was classified; called in worker threads."""
        import time

        from cvclassic.report import make_thumbnail

        start = time.perf_counter()
        if record.size is not None:
            self.sizes[record.path] = record.size
        wrong = self._truth.get(record.path) != record.label
        if pixels.ndim > 1 and (wrong or record.path in self._kept):
            self.thumbnails[record.path] = make_thumbnail(pixels)
        with self._lock:
            self.seconds += time.perf_counter() - start


def explain_mistakes(pipeline, data, predictions, most: int = _EXPLAINED) -> tuple[list, str]:
    """Drawings of what spoke for the surest mistakes; or why there are none."""
    import cv2

    from cvclassic.batch import max_side_of
    from cvclassic.errors import CvclassicError
    from cvclassic.explain import explain_picture
    from cvclassic.images import Picture, encode_image
    from cvclassic.report import ExplainedMistake, Thumbnail, draw_explanation
    from cvclassic.report.galleries import sure_mistakes

    sources = {item.path: item.value for item in getattr(data, "items", ())}
    found = []
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
    quiet: bool,
) -> None:
    """Explain the surest mistakes, and write the page of evaluate."""
    import time

    from cvclassic.models import read_model_info
    from cvclassic.report import EvaluationReport, write_evaluation_page

    start = time.perf_counter()
    explained: list = []
    note = ""
    if predictions is not None:
        explained, note = explain_mistakes(pipeline, data, predictions)
        seconds = {**seconds, "explaining mistakes": time.perf_counter() - start}
        seconds["thumbnails (within classifying)"] = album.seconds
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
    )
    size = write_evaluation_page(path, report)
    if not quiet:
        took = time.perf_counter() - start
        click.echo(f"report: {shown_path(path)} ({size / 1e6:.1f} MB, {took:.1f} s)", err=True)


def shown_path(path: str) -> str:
    """A path on one line."""
    from .console import plain

    return plain(os.fsdecode(path)).plain
