"""``cvclassic faces detect``: where faces are in many images, and blurred, cut out or framed."""

from __future__ import annotations

import os
from typing import Any

import click

from cvclassic._basics.printable import plural

from ...shared.console import plain
from ...shared.film import film_options
from ...shared.outputs import OutputFolder
from ...shared.running import Session, run_options, source_options


@click.command()
@source_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFolder(),
    metavar="DIR",
    help="Folder for faces.csv or faces.jsonl, and for images.",
)
@click.option("--json", "format_", flag_value="jsonl", help="Write faces.jsonl: JSON lines.")
@click.option(
    "--csv", "format_", flag_value="csv", default=True, help="Write faces.csv.  [default]"
)
@click.option("--draw", "picture", flag_value="draw", help="Write images with faces framed.")
@click.option(
    "--blur", "picture", flag_value="blur", help="Write images with faces made unrecognizable."
)
@click.option("--crop", "picture", flag_value="crop", help="Write each face as an image.")
@click.option("--parts", is_flag=True, help="Also look for eyes and smiles in each face.")
@click.option(
    "--thorough/--fast",
    default=None,
    help="Run all face cascades of OpenCV, also for profiles: finds a few more faces in five "
    "times the time. [default: --thorough with --blur, else --fast]",
)
@click.option(
    "--angles",
    default="0",
    show_default=True,
    metavar="DEGREES",
    help="Head tilts to look for, in degrees, such as -20,0,20; each takes one pass.",
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Skip boxes with a lower confidence.",
)
@click.option(
    "--min-size",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Minimum size of a face as a share of the image's shorter side.",
)
@click.option(
    "--cascade",
    type=click.Path(),
    metavar="XML",
    help="Use this cascade file instead of the built-in detector.",
)
@click.option(
    "--yunet",
    type=click.Path(),
    metavar="ONNX",
    help="Use this YuNet network instead of the built-in detector.",
)
@film_options
@run_options(json_flag=False)
@click.pass_context
def detect(ctx, sources, output, format_, picture, parts, film, options, **asked):
    """Detect faces in PATHS: files, folders, archives, patterns, URLs, - for a list of names.

    Every input gives exactly one record in DIR: path, status (ok, warn or error), code, message,
    the image's size, the number of faces, and of each face x, y, width, height in pixels, its
    confidence and its angle. An image without a face has the code no_faces.

    Run the same command again to resume an interrupted run.

    Exit code: 0 all could be read, 1 some could not, 2 usage or a detector's file, 3 a folder could
    not be listed or DIR not be written, 75 another run is writing to DIR, 130 and 143 interrupted.

    \b
    Example:
      cvclassic faces detect photos/ -o found/ --draw
      cvclassic faces detect street/ -o published/ --blur --angles=-20,0,20
      cvclassic faces detect party.jpg -o faces/ --crop --json
    """
    if film and picture == "crop":
        raise click.UsageError("--video and --live draw or blur: leave out --crop.")
    detector = _detector(for_privacy=picture == "blur", **asked)
    records = os.path.join(output, f"faces.{format_}")
    with (
        Session(options, records, "processes") as session,
        film.open(sources) as drawn,
    ):
        from cvclassic.faces import FaceTask

        os.makedirs(output, exist_ok=True)
        task = FaceTask(detector, picture or ("draw" if drawn else None), parts=parts)
        folder = output if picture or not drawn else None
        code = session.run(sources, task, folder=folder, film=drawn, what="Detecting faces")
    if not options.quiet:
        n = session.tally.found
        click.echo(plain(f"{plural(n, 'face')}."), err=True)
    ctx.exit(code)


def _detector(for_privacy, thorough, angles, min_confidence, min_size, cascade, yunet) -> Any:
    """The detector that the options ask for; its files are looked at now."""
    import cvclassic.faces as faces

    if cascade is not None and yunet is not None:
        raise click.UsageError("Give --cascade or --yunet, not both.")
    if (cascade or yunet) and (thorough is not None or angles != "0"):
        raise click.UsageError(
            "--thorough, --fast and --angles only apply to the built-in detector."
        )
    if cascade is not None:
        return faces.CascadeFaceDetector(cascade, min_size=min_size).fit()
    if yunet is not None:
        return faces.YuNetFaceDetector(yunet, min_confidence=min_confidence).fit()
    try:
        turns = tuple(float(text) for text in angles.split(","))
    except ValueError:
        raise click.UsageError(f"--angles must be numbers like -20,0,20. Got {angles!r}.") from None
    if thorough is None:
        thorough = for_privacy
    detector = faces.HaarFaceDetector(
        min_confidence=min_confidence, min_size=min_size, angles=turns
    )
    if thorough:
        detector.set_params(cascades=tuple(faces.CASCADES))
    return detector.fit()
