"""``cvclassic faces enroll | identify | verify | remove | list``: people in a gallery."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from cvclassic._basics.printable import plural, printable
from cvclassic.errors import ExitCode, ImageReadError

from ...shared.console import show_table
from ...shared.options import quiet_option
from ...shared.running import (
    Session,
    engine_for,
    format_of_records,
    records_option,
    run_options,
    say_failure,
    source_options,
)
from ...shared.timeline import Timeline, timeline_option


def _gallery_argument(command: Callable) -> Callable:
    return click.argument("gallery", type=click.Path())(command)


@click.command()
@_gallery_argument
@click.argument("name", required=False)
@partial(source_options, required=False)
@click.option(
    "--folder",
    type=click.Path(file_okay=False),
    help="Enroll everyone in this folder, which holds one sub-folder per person.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="For a new gallery: images are cropped faces; skip face detection.",
)
@click.option(
    "--feature",
    type=click.Choice(["lbp+hog", "lbp", "hog", "pixels"]),
    help="For a new gallery: features that faces are compared by.  [default: lbp+hog]",
)
@click.option(
    "--metric", type=click.Path(), help="For a new gallery: metric file from `faces train-metric`."
)
@quiet_option
@click.pass_context
def enroll(ctx, gallery, name, sources, folder, whole, feature, metric, quiet):
    """Add images of the person NAME to GALLERY, which is created if needed.

    Each image must show one face, or one that is much larger than the others. Entries of other
    people do not change, and an image that is in the gallery already is not added again. The
    gallery is saved after each person, so a run that was stopped can be repeated. The file stores
    numbers, not images, and faces are hard to restore from them, but treat it as personal data.

    Exit code: 0 all were added, 1 some images could not be used (the others are in), 2 usage or
    gallery, 3 the gallery cannot be written, 75 another run is changing it.

    \b
    Example:
      cvclassic faces enroll people.faces Ann ann1.jpg ann2.jpg
      cvclassic faces enroll people.faces --folder team/
    """
    from cvclassic.faces import locked, save_gallery

    if (folder is None) == (name is None):
        raise click.UsageError("Give a NAME and images of that person, or --folder.")
    if name is not None and sources is None:
        raise click.UsageError("Give images of the person.")
    with locked(gallery):
        known = _open_or_make(gallery, whole, feature, metric)
        people = _people_of(folder) if folder else {name: sources}
        code = _enroll_all(known, people, partial(save_gallery, gallery, known), quiet)
    ctx.exit(code)


def _open_or_make(path: str, whole: bool, feature: str | None, metric: str | None):
    """The gallery of a file, or a new one as the options say."""
    from cvclassic.faces import Gallery, load_gallery, load_metric

    if os.path.lexists(path):
        known = load_gallery(path)
        if (
            metric is not None
            or (feature or known.feature) != known.feature
            or (whole and known.source != "whole")
        ):
            raise click.UsageError(
                "--whole, --feature and --metric are set when a gallery is created; this one "
                f"has {known.feature}, faces {known.source}."
            )
        return known
    learned = None
    if metric is not None:
        learned, own = load_metric(metric)
        if feature not in (None, own):
            raise click.UsageError(f"{metric} was learned on {own}, not on {feature}.")
        feature = own
    return Gallery(feature or "lbp+hog", learned, source="whole" if whole else "detect")


def _people_of(folder: str) -> dict[str, Any]:
    """Images of everyone in a folder of folders."""
    from cvclassic.batch import Sources
    from cvclassic.images import load_folder

    data = load_folder(folder, min_classes=1)
    people: dict[str, list[str]] = {}
    for path, label in zip(data.paths, data.labels, strict=True):
        people.setdefault(label, []).append(path)
    return {name: Sources(tuple(paths)) for name, paths in people.items()}


def _enroll_all(known, people: dict, save: Callable[[], Any], quiet: bool) -> int:
    """Enrol what can be, and save after each person; the exit code."""
    from cvclassic.batch import Run, Work
    from cvclassic.faces import HaarFaceDetector
    from cvclassic.faces.recognition.gallery import check_name

    from ...tasks.people import EnrollTask

    for name in people:
        check_name(name)
    detector = HaarFaceDetector()
    code = ExitCode.OK
    for name, sources in people.items():
        task = EnrollTask(known, name, detector)
        run = Run(sources, task, work=Work(n_jobs=1))
        for record in run:
            if record.failed:
                say_failure(record)
        code = max(code, run.exit_code)
        if task.n_added:
            save()
        if not quiet:
            total = known.people.get(name, 0)
            text = f"Added {plural(task.n_added, 'image')} of {name} ({total} in total)"
            there = run.n_records - run.n_failed - task.n_added
            if there:
                text += f"; {plural(there, 'image')} already there"
            click.echo(printable(text))
    return code


@click.command()
@_gallery_argument
@source_options
@records_option
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of people to list per face.",
)
@timeline_option
@run_options(json_flag=False)
@click.pass_context
def identify(ctx, gallery, sources, records, top, timelines, options):
    """Tell whose faces the images in PATHS show: one line per face, with the distance.

    A face farther away than the gallery's threshold is unknown; the nearest person is given
    beside it.

    Exit code: 0 all could be read, 1 some could not, 2 usage or gallery, 3 output.

    \b
    Example:
      cvclassic faces identify people.faces party.jpg
      cvclassic faces identify people.faces photos/ --json who.json
      cvclassic faces identify people.faces party.mp4 --every 0.5s --timeline who.html
    """
    from cvclassic.batch import file_digest
    from cvclassic.faces import IdentifyTask, load_gallery

    known = load_gallery(gallery)
    timeline = Timeline(timelines, _people, 2.0)
    with Session(options, records, engine_for(sources)) as session:
        code = session.run(
            sources,
            IdentifyTask(known, file_digest(gallery), top),
            format=format_of_records(records),
            each=partial(_say, options.quiet or records == "-"),
            sinks=[timeline],
            what="Identifying",
            brief=True,
        )
    if timeline:
        timeline.finish(f"Who is seen when: {os.path.basename(gallery)}")
    ctx.exit(code)


def _people(record: Any) -> list[str]:
    """Who is on a frame, for a timeline."""
    return [face["name"] for face in record.values["faces"]]


def _say(quiet: bool, record: Any) -> None:
    """Lines about one image."""
    if record.failed:
        say_failure(record)
    if record.failed or quiet:
        return
    if not record.values["faces"]:
        click.echo(printable(f"{record.path}: {record.message}"))
    for face in record.values["faces"]:
        where = " at {},{} {}x{}".format(*face["box"]) if face["box"] else ""
        if face["nearest"] is None:
            near = "the gallery is empty"
        elif face["name"] == face["nearest"]:
            near = f"distance {face['distance']:.4f}"
        else:
            near = f"nearest {face['nearest']}, distance {face['distance']:.4f}"
        click.echo(printable(f"{record.path}{where}: {face['name']} ({near})"))


@click.command()
@_gallery_argument
@click.argument("name")
@source_options
@records_option
@run_options(json_flag=False)
@click.pass_context
def verify(ctx, gallery, name, sources, records, options):
    """Tell whether the images in PATHS show the person NAME.

    Exit code: 0 yes, all of them; 1 no; 2 usage, gallery, or an image that cannot be used;
    3 output.

    \b
    Example:
      cvclassic faces verify people.faces Ann door.jpg && open-door
      cvclassic faces verify people.faces Ann photos/ --json is-it-ann.json
    """
    from cvclassic.batch import file_digest
    from cvclassic.faces import load_gallery

    from ...tasks.people import VerifyTask

    known = load_gallery(gallery)
    known.vectors_of(name)  # known before the first image
    said = _Verdicts(known.threshold.distance, sources.paths, options.quiet or records == "-")
    with Session(options, records, engine_for(sources)) as session:
        code = session.run(
            sources,
            VerifyTask(known, file_digest(gallery), name),
            format=format_of_records(records),
            each=said.say,
            what="Verifying",
            brief=True,
        )
    if code == ExitCode.FAILURES:
        code = ExitCode.USAGE  # not to be taken for "no"
    ctx.exit(ExitCode.FAILURES if code == ExitCode.OK and said.no else code)


class _Verdicts:
    """A line per image, and how many are of somebody else. The only one needs no name."""

    def __init__(self, limit: float, paths: tuple[str, ...], quiet: bool) -> None:
        self._limit, self._paths, self._quiet = limit, paths, quiet
        self.no = 0

    def say(self, record: Any) -> None:
        """Count and say one answer."""
        alone = self._paths == (record.path,)
        if record.failed and alone:
            raise ImageReadError(record.code, record.message, record.path)
        if record.failed:
            say_failure(record)
            return
        same, distance = record.values["same"], record.values["distance"]
        self.no += same == "no"
        if not self._quiet:
            text = same if alone else f"{record.path}: {same}"
            relation = "<=" if same == "yes" else ">"
            text += f": distance {distance:.4f} {relation} {self._limit:.4f}"
            click.echo(printable(text))


@click.command()
@_gallery_argument
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def remove(gallery, names):
    """Remove the people named NAME: the file is then as if they had never been in it.

    Exit code: 0 removed, 2 a name is not in the gallery (nothing is changed) or the file is not a
    gallery, 3 it cannot be written, 75 another run is changing it.

    \b
    Example:
      cvclassic faces remove people.faces Ann
    """
    from cvclassic.faces import load_gallery, locked, save_gallery

    with locked(gallery):
        known = load_gallery(gallery)
        for name in dict.fromkeys(names):
            known.remove(name)
        save_gallery(gallery, known)
    click.echo(f"{plural(len(known.people), 'person', 'people')} left.")


@click.command(name="list")
@_gallery_argument
def list_(gallery):
    """List the people in GALLERY and how faces are compared.

    \b
    Example:
      cvclassic faces list people.faces
    """
    from cvclassic.faces import load_gallery

    known = load_gallery(gallery)
    show_table(list(known.people.items()), ("person", "pictures"))
    limit = known.threshold
    rates = "built-in; run `faces threshold` to calibrate"
    if limit.far is not None:
        rates = (
            f"FAR {limit.far:.2%}, FRR {limit.frr:.2%}, EER {limit.eer:.2%} on {limit.n_genuine} "
            f"genuine and {limit.n_impostor} impostor distances"
        )
    learned = ", with a learned metric" if known.metric is not None else ""
    faces = "detected in the images" if known.source == "detect" else "whole images"
    click.echo(f"Compared by {known.feature}{learned}; faces: {faces}.")
    click.echo(f"Threshold {limit.distance:.4f} ({rates}).")
