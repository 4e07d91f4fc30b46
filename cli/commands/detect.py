"""``cvclassic detect``: edges, blobs, corners, lines and keypoints, as numbers and as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..shared.options import parse_params, quiet_option
from ..shared.pictures import (
    PictureNames,
    check_json,
    each_picture,
    max_side_option,
    prepare_folder,
    short_path,
    write_json,
)

# what -> method -> (function in cvclassic.detect, arguments that are fixed for it)
METHODS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "edges": {
        "canny": ("canny", {}),
        "sobel": ("gradient_magnitude", {"operator": "sobel"}),
        "scharr": ("gradient_magnitude", {"operator": "scharr"}),
        "log": ("log_edges", {}),
        "soft": ("soft_edges", {}),
    },
    "blobs": {
        "log": ("blobs_log", {}),
        "dog": ("blobs_dog", {}),
        "doh": ("blobs_doh", {}),
        "mser": ("blobs_mser", {}),
        "simple": ("blobs_simple", {}),
    },
    "corners": {
        "harris": ("corners_harris", {}),
        "shi-tomasi": ("corners_shi_tomasi", {}),
        "fast": ("corners_fast", {}),
    },
    "lines": {
        "lsd": ("segments_lsd", {}),
        "edlines": ("segments_edlines", {}),
        "hough": ("segments_hough", {}),
    },
    "keypoints": {
        name: ("detect_keypoints", {"method": name}) for name in ("sift", "orb", "akaze", "brisk")
    },
}
_DRAWERS = {
    "edges": "draw_edges",
    "blobs": "draw_blobs",
    "corners": "draw_corners",
    "lines": "draw_segments",
    "keypoints": "draw_keypoints",
}


@click.group()
def detect():
    """Find edges, blobs, corners, lines or keypoints.

    \b
    Example:
      cvclassic detect keypoints photo.jpg -o drawn/ --json found.json
      cvclassic detect edges photos/ --compare -o drawn/
    """


def _common(what: str, default: str) -> Callable:
    """The arguments that all five commands share."""

    def decorate(command: Callable) -> Callable:
        for option in (
            quiet_option,
            max_side_option,
            click.option(
                "--param",
                "params",
                multiple=True,
                metavar="NAME=VALUE",
                help="Parameter of the method, such as threshold=0.05; may be repeated.",
            ),
            click.option(
                "--json", "json_", type=click.Path(), help="File for the numbers; - is stdout."
            ),
            click.option(
                "-o", "--output", type=click.Path(), help="Folder for the drawn pictures (PNG)."
            ),
            click.option(
                "--compare", is_flag=True, help="Draw all methods, or those given, side by side."
            ),
            click.option(
                "--method",
                "methods",
                multiple=True,
                type=click.Choice(list(METHODS[what])),
                help=f"How; may be repeated with --compare. [default: {default}]",
            ),
            click.argument(
                "images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path()
            ),
        ):
            command = option(command)
        return command

    return decorate


@detect.command()
@_common("edges", "canny")
@click.pass_context
def edges(ctx, **options):
    """Find edges: thin lines where brightness or color changes.

    canny, log: yes or no. sobel, scharr: strength of the gradient. soft: thin, with the strength of
    the boundary; the best of them against people's drawings, and blind to fine texture.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic detect edges photo.jpg -o drawn/
      cvclassic detect edges photo.jpg --method canny --param sigma=2 --json edges.json
    """
    _run(ctx, "edges", "canny", **options)


@detect.command()
@_common("blobs", "dog")
@click.pass_context
def blobs(ctx, **options):
    """Find blobs: round patches that are brighter or darker than what is around them.

    log, dog, doh: extrema in scale space. mser: regions with a stable outline. simple: round spots.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic detect blobs cells.png -o drawn/ --method log
      cvclassic detect blobs cells.png --param max_sigma=12 --json blobs.json
    """
    _run(ctx, "blobs", "dog", **options)


@detect.command()
@_common("corners", "harris")
@click.pass_context
def corners(ctx, **options):
    """Find corners: points that can be told from all their neighbors.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic detect corners house.jpg -o drawn/ --method shi-tomasi
      cvclassic detect corners house.jpg --compare -o drawn/
    """
    _run(ctx, "corners", "harris", **options)


@detect.command()
@_common("lines", "lsd")
@click.pass_context
def lines(ctx, **options):
    """Find straight line segments.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic detect lines house.jpg -o drawn/
      cvclassic detect lines house.jpg --method hough --param min_length=50 --json lines.json
    """
    _run(ctx, "lines", "lsd", **options)


@detect.command()
@_common("keypoints", "sift")
@click.option("--stages", is_flag=True, help="Draw SIFT's four stages instead (needs -o).")
@click.pass_context
def keypoints(ctx, stages, **options):
    """Find keypoints: points with a size and a direction, drawn as circles with a radius.

    Exit code: 0 all could be read, 1 some could not, 2 usage, 3 output.

    \b
    Example:
      cvclassic detect keypoints photo.jpg -o drawn/ --param max_keypoints=300
      cvclassic detect keypoints photo.jpg -o drawn/ --stages
    """
    if stages and (options["compare"] or set(options["methods"]) - {"sift"}):
        raise click.UsageError("--stages is for the method sift alone.")
    if stages and options["output"] is None:
        raise click.UsageError("--stages needs -o DIR to draw to.")
    _run(ctx, "keypoints", "sift", stages=stages, **options)


def _run(
    ctx,
    what,
    default,
    images,
    methods,
    compare,
    output,
    json_,
    params,
    max_side,
    quiet,
    stages=False,
) -> None:
    """Detect in each picture, write what was asked for, and end with the right code."""
    if len(methods) > 1 and not compare:
        raise click.UsageError("Several --method need --compare.")
    values = parse_params(params)
    chosen = list(dict.fromkeys(methods)) or (list(METHODS[what]) if compare else [default])
    functions = {name: _function(what, name, values, lenient=compare) for name in chosen}
    names = PictureNames(prepare_folder(output), "stages" if stages else what)
    check_json(json_)
    records = []

    def work(path: str, image, factor: float) -> dict[str, Any]:
        found = {name: function(image) for name, function in functions.items()}
        record: dict[str, Any] = {"results": [_result(n, f, factor) for n, f in found.items()]}
        if output is not None:
            record["drawing"] = names.write(path, _draw(what, image, found, compare, stages))
        return record

    for record in each_picture(images, max_side, work):
        records.append(record)
        if not quiet and json_ != "-":
            _say(record, what)
    ctx.exit(write_json(json_, records))


def _function(what: str, name: str, values: dict[str, Any], *, lenient: bool) -> Callable:
    """The detector with the user's parameters; when several are compared, each takes its own."""
    import inspect
    from functools import partial

    import cvclassic.detect

    attribute, fixed = METHODS[what][name]
    function = getattr(cvclassic.detect, attribute)
    takes = [p for p in list(inspect.signature(function).parameters)[1:] if p not in fixed]
    unknown = sorted(set(values) - set(takes))
    if unknown and not lenient:
        raise click.UsageError(
            f"method {name} takes {', '.join(takes) or 'no parameters'}. "
            f"Got {', '.join(unknown)} instead."
        )
    return partial(function, **fixed, **{k: v for k, v in values.items() if k in takes})


def _result(name: str, found: Any, factor: float) -> dict[str, Any]:
    """What one method found, as plain numbers in pixels of the file's picture."""
    import numpy as np

    if isinstance(found, np.ndarray):
        marked = found > 0
        return {
            "method": name,
            "n_pixels": int(marked.sum()),
            "share": round(float(marked.mean()), 6),
            "mean_strength": round(float(found.mean(dtype=np.float64)), 6),
        }
    if factor != 1:
        found = found.scaled(factor)
    return {"method": name, "n": len(found), "found": found.records()}


def _draw(what: str, image: Any, found: dict[str, Any], compare: bool, stages: bool) -> Any:
    """The picture that is written."""
    from cvclassic import draw

    if stages:
        from cvclassic.detect import sift_stages

        return draw.draw_sift_stages(image, sift_stages(image))
    one = getattr(draw, _DRAWERS[what])
    panels = [one(image, result) for result in found.values()]
    if not compare:
        return panels[0]
    limit = _limit(one)
    titles = [f"{name}: {_count(result, limit)}" for name, result in found.items()]
    return draw.side_by_side([draw.enlarge(image), *panels], ["picture", *titles])


def _limit(draw: Callable) -> int | None:
    """How many detections a drawing shows; None for all."""
    import inspect

    parameter = inspect.signature(draw).parameters.get("limit")
    return None if parameter is None else parameter.default


def _count(found: Any, limit: int | None) -> str:
    """How much was found, and drawn, in a word."""
    import numpy as np

    if isinstance(found, np.ndarray):
        return f"{(found > 0).mean():.1%} of the pixels" if found.dtype == bool else "strength"
    if limit is not None and len(found) > limit:
        return f"{len(found)}, the strongest {limit} drawn"
    return str(len(found))


def _say(record: dict[str, Any], what: str) -> None:
    """One line on stdout about one picture."""
    if record["status"] == "error":
        return
    parts = [
        f"{r['n']} {what} ({r['method']})"
        if "n" in r
        else f"{r['share']:.1%} edges ({r['method']})"
        if r["share"] == r["mean_strength"]  # yes or no, and no strength between
        else f"edges of mean strength {r['mean_strength']:.3g} ({r['method']})"
        for r in record["results"]
    ]
    drawn = f" -> {short_path(record['drawing'])}" if "drawing" in record else ""
    click.echo(f"{short_path(record['path'])}: {', '.join(parts)}{drawn}")
