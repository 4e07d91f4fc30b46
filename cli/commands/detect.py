"""``cvclassic detect``: edges, blobs, corners, lines and keypoints, as numbers and as images."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from cvclassic._basics.printable import printable

from ..shared.film import film_options
from ..shared.options import max_side_option, parse_params
from ..shared.outputs import OutputFile, picture_place, wrote
from ..shared.running import (
    Session,
    engine_for,
    format_of_records,
    records_option,
    run_options,
    say_failure,
    source_options,
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


@click.group()
def detect():
    """Find edges, blobs, corners, lines or keypoints.

    \b
    Example:
      cvclassic detect keypoints photo.jpg -o drawn/ --json found.json
      cvclassic detect edges photos/ old.zip --compare -o drawn/ --json found.jsonl
    """


def _common(what: str, default: str) -> Callable:
    """The arguments that all five commands share."""

    def decorate(command: Callable) -> Callable:
        for option in (
            run_options(json_flag=False),
            film_options,
            max_side_option,
            click.option(
                "--param",
                "params",
                multiple=True,
                metavar="NAME=VALUE",
                help="Set a parameter of the method, such as threshold=0.05. "
                "Can be given several times.",
            ),
            records_option,
            click.option(
                "-o",
                "--output",
                type=OutputFile(),
                help="Folder for the drawings (PNG); for one image also a file.",
            ),
            click.option(
                "--compare", is_flag=True, help="Draw all methods (or those given) side by side."
            ),
            click.option(
                "--method",
                "methods",
                multiple=True,
                type=click.Choice(list(METHODS[what])),
                help=f"Method to use; can be given several times with "
                f"--compare. [default: {default}]",
            ),
            source_options,
        ):
            command = option(command)
        return command

    return decorate


@detect.command()
@_common("edges", "canny")
@click.pass_context
def edges(ctx, **options):
    """Find edges: thin lines where brightness or color changes.

    canny, log: edge or no edge. sobel, scharr: gradient strength. soft: thinned boundary strength;
    closest to human drawings, and ignores fine texture.

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
    """Find corners: points that differ from everything around them.

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
@click.option("--stages", is_flag=True, help="Draw the four stages of SIFT instead (needs -o).")
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
        raise click.UsageError("--stages only applies to the method sift.")
    if stages and options["output"] is None:
        raise click.UsageError("--stages needs -o DIR to draw to.")
    _run(ctx, "keypoints", "sift", stages=stages, **options)


def _run(
    ctx, what, default, sources, methods, compare, output, records, params, max_side, film,
    options, stages=False,
) -> None:  # fmt: skip
    """Detect in each image, write what was asked for, and end with the right code."""
    if len(methods) > 1 and not compare:
        raise click.UsageError("Several --method need --compare.")
    values = parse_params(params)
    chosen = list(dict.fromkeys(methods)) or (list(METHODS[what]) if compare else [default])
    functions = {name: _function(what, name, values, lenient=compare) for name in chosen}
    folder = name = ending = None
    if output is not None:
        folder, name, ending = picture_place(output, sources, "stages" if stages else what)
    with (
        Session(options, records, engine_for(sources)) as session,
        film.open(sources) as drawn,
    ):
        from ..tasks.detect import DetectTask

        task = DetectTask(
            what, functions, max_side, folder, ending, compare=compare, stages=stages,
            draws=bool(drawn),
        )  # fmt: skip
        code = session.run(
            sources,
            task,
            format=format_of_records(records),
            folder=folder,
            name=name,
            each=partial(_say, what, folder, options.quiet or records == "-"),
            film=drawn,
            what=f"Detecting {what}",
            brief=True,
        )
    ctx.exit(code)


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


def _say(what: str, folder: str | None, quiet: bool, record: Any) -> None:
    """One line about one image: on stderr where it could not be read."""
    if record.failed:
        say_failure(record)
    if record.failed or quiet:
        return
    parts = [
        f"{r['n']} {what} ({r['method']})"
        if "n" in r
        else f"{r['share']:.1%} edges ({r['method']})"
        if r["share"] == r["mean_strength"]  # yes or no, and no strength between
        else f"edges of mean strength {r['mean_strength']:.3g} ({r['method']})"
        for r in record.values["results"]
    ]
    drawn = ""
    if folder and record.files:
        drawn = f". {wrote(os.path.join(folder, record.files[0]))}"
    click.echo(printable(f"{record.path}: {', '.join(parts)}{drawn}"))
