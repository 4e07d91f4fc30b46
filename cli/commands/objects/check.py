"""``cvclassic objects check``: faults of boxes, before anything is trained on them."""

from __future__ import annotations

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ...shared.console import plain, stages
from ...shared.json_files import check_json, write_json
from ...shared.options import quiet_option
from ...shared.outputs import TextFile
from .options import FORMAT_NAMES


@click.command()
@click.argument("labels", type=click.Path())
@click.option("--images", type=click.Path(), metavar="DIR", help="Folder of the images.")
@click.option("--labels-format", type=click.Choice(FORMAT_NAMES), help="Format of LABELS.")
@click.option(
    "--against",
    type=click.Path(),
    metavar="LABELS",
    help="Labels of another split, which must not share images with this one.",
)
@click.option("--classes", metavar="A,B,...", help="Names of the allowed classes.")
@click.option(
    "--model", type=click.Path(), help="Detector that finds where boxes are probably missing."
)
@click.option("--json", "json_", type=TextFile(), help="JSON file for the faults; - is stdout.")
@quiet_option
@click.pass_context
def check(ctx, labels, images, labels_format, against, classes, model, json_, quiet):
    """Check LABELS, a file or a folder, for mistakes.

    Boxes outside the image or without area, drawn twice, or drawn before the EXIF turn; images
    that are missing, unreadable, listed twice, or in both splits; unknown and unused
    classes; images without boxes; boxes probably missing.

    Exit code: 0 no faults, 1 faults were found, 2 usage or labels, 3 output.

    \b
    Example:
      cvclassic objects check train.json --images photos/ --against test.json
    """
    from cvclassic.images.labels import load_labeled_files
    from cvclassic.objects import load_detector
    from cvclassic.objects.checking import check_labels

    check_json(json_)
    files = load_labeled_files(labels, images, format=labels_format)
    other = None if against is None else load_labeled_files(against, images)
    detector = None if model is None else load_detector(model)[0]
    names = None if classes is None else [name.strip() for name in classes.split(",")]
    with stages(quiet or json_ == "-") as bars:
        faults = check_labels(
            files, classes=names, against=other, detector=detector,
            progress=lambda done, total: bars("read", done, total),
        )  # fmt: skip
    if json_ != "-":
        _say(files, faults)
    write_json(
        json_,
        {
            "images": len(files.labels),
            "objects": files.labels.n_objects,
            "classes": list(files.labels.classes),
            "faults": [
                {"kind": f.kind, "image": f.image, "message": f.message, "fails": f.fails}
                for f in faults
            ],
        },
    )
    ctx.exit(ExitCode.FAILURES if any(fault.fails for fault in faults) else ExitCode.OK)


def _say(files, faults) -> None:
    from cvclassic.objects.checking import KINDS

    labels = files.labels
    click.echo(
        f"{plural(labels.n_objects, 'object')} of "
        f"{plural(len(labels.classes), 'class', 'classes')} in "
        f"{plural(len(labels), 'image')} ({labels.format})"
    )
    for kind, (heading, _) in KINDS.items():
        mine = [fault for fault in faults if fault.kind == kind]
        if not mine:
            continue
        click.echo(f"{heading}: {len(mine)}")
        for fault in mine[:10]:
            parts = [part for part in (fault.image, fault.message) if part]
            click.echo(plain(f"  {': '.join(parts)}"))
        if len(mine) > 10:
            click.echo(f"  ... and {len(mine) - 10} more")
    if not faults:
        click.echo("No faults found.")
