"""``cvclassic match``: what two pictures have in common."""

from __future__ import annotations

from typing import Any

import click

from ..shared.pictures import check_json, max_side_option, write_json

DESCRIPTORS = ["rootsift", "sift", "orb", "akaze", "brisk"]


@click.command()
@click.argument("a", type=click.Path())
@click.argument("b", type=click.Path())
@click.option("-o", "--output", type=click.Path(), help="Picture to draw, such as match.png.")
@click.option("--json", "json_", type=click.Path(), help="File for the numbers; - is stdout.")
@click.option(
    "--descriptor",
    type=click.Choice(DESCRIPTORS),
    default="rootsift",
    show_default=True,
    help="Detector and descriptor.",
)
@click.option(
    "--model",
    type=click.Choice(["homography", "fundamental"]),
    default="homography",
    show_default=True,
    help="homography: flat scene or turning camera; fundamental: any rigid scene.",
)
@click.option(
    "--ratio",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.85,
    show_default=True,
    help="Largest distance of a match over that of the second nearest.",
)
@click.option("--threshold", type=float, help="Pixels that an inlier may be off. [default: 3; 1.5]")
@click.option(
    "--max-keypoints",
    type=click.IntRange(min=1),
    default=4000,
    show_default=True,
    help="Keypoints of each picture.",
)
@click.option(
    "--views",
    type=click.Choice(["auto", "never", "always"]),
    default="auto",
    show_default=True,
    help="Simulate views from aslant; auto: where few matches agree.",
)
@click.option("--compare", is_flag=True, help="Draw and count all descriptors.")
@click.option("--similarity", "similar", is_flag=True, help="Say how alike the pictures are.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of MAGSAC.")
@max_side_option
@click.pass_context
def match(ctx, a, b, output, json_, descriptor, compare, similar, max_side, **settings):
    """Match the pictures A and B: keypoints, their pairs, and the geometry that the pairs obey.

    The drawing shows pairs that agree as lines, and A laid over B.

    Exit code: 0 all well (also without a match), 1 a picture could not be read, 2 usage, 3 output.

    \b
    Example:
      cvclassic match left.jpg right.jpg -o match.png --json match.json
      cvclassic match left.jpg right.jpg --similarity
    """
    from pathlib import Path

    import numpy as np

    from cvclassic._basics.atomic import check_writable
    from cvclassic.images import encode_image, write_image
    from cvclassic.match import match_images, similarity

    if output is not None:
        encode_image(np.zeros((1, 1, 3), np.uint8), Path(output).suffix)
        check_writable(output)
    check_json(json_)
    images, factors, records = _read(a, b, max_side)
    if len(images) < 2:
        write_json(json_, {"pictures": records, "results": []})
        ctx.exit(1)
    names = DESCRIPTORS if compare else [descriptor]
    found = {name: match_images(*images, descriptor=name, **settings) for name in names}
    content = {
        "pictures": records,
        "results": [
            {"descriptor": name, **_in_file_pixels(result, factors).record()}
            for name, result in found.items()
        ],
    }
    if similar:
        content["similarity"] = similarity(*images)
    if output is not None:
        write_image(output, _draw(images, found, compare))
    write_json(json_, content)
    if json_ != "-":
        _say(found, content.get("similarity"))


def _read(a: str, b: str, max_side: int):
    """Both pictures; what cannot be read is said on stderr and recorded."""
    from cvclassic.errors import ImageReadError
    from cvclassic.images import decode_image

    images, factors, records = [], [], []
    for path in (a, b):
        record: dict[str, Any] = {"path": path, "status": "ok", "code": "", "message": ""}
        records.append(record)
        try:
            decoded = decode_image(path, max_side=max_side)
        except ImageReadError as error:
            record |= {"status": "error", "code": error.code, "message": error.message}
            click.echo(f"Error: {' '.join(str(error).split())}", err=True)
            continue
        if decoded.warnings:
            record["status"], record["code"] = "warn", decoded.warnings[0].code
            record["message"] = "; ".join(warning.message for warning in decoded.warnings)
        record |= {"width": decoded.width, "height": decoded.height}
        images.append(decoded.pixels)
        factors.append(max(decoded.width, decoded.height) / max(decoded.pixels.shape[:2]))
    return images, factors, records


def _in_file_pixels(result, factors: list[float]):
    """The result in pixels of the files' pictures, where these had to be reduced."""
    if factors == [1, 1]:
        return result
    return result.scaled(*factors)


def _draw(images, found, compare: bool):
    """One drawing, or one for each descriptor."""
    from cvclassic.draw import draw_match, side_by_side

    a, b = images
    if not compare:
        (result,) = found.values()
        return draw_match(a, b, result)
    return side_by_side(
        [
            draw_match(a, b, result, overlay=False, title=name, limit=80, width=1000)
            for name, result in found.items()
        ]
    )


def _say(found, similar) -> None:
    """Lines on stdout."""
    for name, result in found.items():
        na, nb = result.n_keypoints
        line = f"{name}: {na} and {nb} keypoints, {len(result.xy_a)} matches"
        if result.model is None:
            line += ", no common geometry"
        else:
            line += (
                f", {result.n_inliers} agree on one {result.kind}"
                f", {result.mean_error:.2f} px off on average"
            )
        click.echo(line + (" (with simulated views)" if result.used_views else ""))
    for name, value in (similar or {}).items():
        click.echo(f"{name:12} {value:.4f}")
