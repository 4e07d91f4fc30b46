"""``cvclassic explain``: which keypoints spoke for a label."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from ..shared.options import jobs_option, n_jobs, quiet_option

_EXIT_FAILURES, _EXIT_INCOMPLETE = 1, 3


@click.command()
@click.argument("model", type=click.Path())
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Picture to write, .png or .jpg; for several images a folder.",
)
@click.option("--label", help="Class to explain. [default: the model's answer]")
@click.option("--against", help="Class to compare with. [default: the runner-up]")
@click.option("--flip", is_flag=True, help="Find few keypoints without which the label changes.")
@click.option(
    "--train",
    type=click.Path(),
    help="Folder of training pictures: draw the nearest, with matched words.",
)
@click.option(
    "--manifest", type=click.Path(dir_okay=False), help="The same from a CSV manifest of pictures."
)
@click.option("--split", help="Rows of the manifest to use, by its column split. [default: all]")
@click.option(
    "--nearest",
    type=click.IntRange(min=1, max=20),
    default=3,
    show_default=True,
    help="Training pictures to draw.",
)
@click.option(
    "--json", "json_", type=click.Path(), help="File for the shares as JSON; - is stdout."
)
@jobs_option
@quiet_option
@click.pass_context
def explain(ctx, model, images, output, json_, jobs, quiet, **options):
    """Show why MODEL gives IMAGE its label: every keypoint's share in the decision.

    For linear classifiers on visual words, VLAD or Fisher vectors (recipes sift-bow, phow, llc,
    vlad, fast, fisher) the shares and the bias add up to the decision. For others the picture
    says that it is an approximation, and which. Blue speaks for the label, vermilion for the class
    it is compared with.

    --flip gives an upper bound: taking the keypoints with the largest shares away first, so
    many must go before the model answers otherwise.

    Exit code: 0 all explained, 1 some pictures could not be read or show no features, 2 usage or
    model, 3 output.

    \b
    Example:
      cvclassic explain photos.cvmodel cat.jpg -o why.png
      cvclassic explain photos.cvmodel cat.jpg -o why.png --against dog --flip --json why.json
      cvclassic explain photos.cvmodel new/ -o explained/ --train photos/
    """
    from cvclassic import load_model
    from cvclassic._basics.atomic import check_writable
    from cvclassic.explain.explanation import class_column
    from cvclassic.images import watch_decoders

    from ..shared.pictures import PictureNames, check_json, each_picture, prepare_folder, write_json

    if output is None and json_ is None:
        raise click.UsageError("Give -o PICTURE or --json FILE, or both.")
    if options["train"] and options["manifest"]:
        raise click.UsageError("Give either --train FOLDER or --manifest CSV.")
    if options["split"] and not options["manifest"]:
        raise click.UsageError("--split needs --manifest.")
    single = output is not None and _names_picture(output)
    if single and (len(images) > 1 or os.path.isdir(images[0])):
        raise click.UsageError(f"Several images need a folder for -o. Got {output!r}.")
    check_json(json_)
    known = load_model(model)
    explainer = _Explainer(known.pipeline, options, n_jobs(jobs), quiet)
    classes = tuple(known.classes)
    for name in ("label", "against"):
        if options[name] is not None:
            class_column(classes, name, options[name])
    names = None
    if output is not None and not single:
        names = PictureNames(prepare_folder(output), "explained")
    elif output is not None:
        check_writable(output)

    def work(path: str, pixels: Any, factor: float) -> dict[str, Any]:
        record, drawing = explainer.explain(path, pixels, factor, output is not None)
        if drawing is not None:
            from cvclassic.images import write_image

            if names is None:
                write_image(output, drawing)
                record["drawing"] = output
            else:
                record["drawing"] = names.write(path, drawing)
        if not quiet and json_ != "-":
            click.echo(_summary(path, record))
        return record

    with watch_decoders():
        records = list(each_picture(images, 2000, work))
    code = write_json(json_, records)
    if any(record["code"] == "no_features" for record in records):
        code = max(code, _EXIT_FAILURES)
    ctx.exit(code)


def _names_picture(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in (".png", ".jpg", ".jpeg", ".webp")


class _Explainer:
    """Explains one picture after another; training pictures are encoded once."""

    def __init__(self, pipeline, options: dict[str, Any], jobs: int, quiet: bool) -> None:
        from cvclassic.explain.local_features import check_explainable, members_of

        check_explainable(pipeline)
        if options["flip"] and members_of(pipeline[0]) is None:
            raise click.UsageError(
                "--flip needs a model of keypoints; this one sees pictures as a whole."
            )
        self._pipeline = pipeline
        self._options = options
        self._similar = None
        if options["train"] or options["manifest"]:
            self._similar = self._encode_training(jobs, quiet)

    def _encode_training(self, jobs: int, quiet: bool):
        from cvclassic.explain import SimilarPictures

        from ..shared.console import report_failures, stages
        from ..shared.options import load_data

        data = load_data(
            self._options["train"], self._options["manifest"], self._options["split"], 1
        )
        self._paths = data.paths
        with stages(quiet) as progress:
            watched = _Counted(data.paths, progress)
            found = SimilarPictures(self._pipeline, watched, data.labels, jobs)
        if found.failures:
            click.echo(f"{len(found.failures)} training pictures could not be read:", err=True)
            report_failures([(data.paths[i], e.code, e.message) for i, e in found.failures])
        return found

    def explain(self, path: str, pixels, factor: float, draw: bool):
        """Record and drawing of one picture."""
        from cvclassic.explain import explain_picture, find_flipping_set
        from cvclassic.images import Picture

        # the recipe's own reduction, from the file, so that the answer is that of `classify`
        picture = Picture(path)
        options = self._options
        found = explain_picture(self._pipeline, picture, options["label"], options["against"])
        if not len(found):
            nothing = "the picture shows no features to explain"
            click.echo(f"{_shown(path)}: no_features: {nothing}", err=True)
            return {"status": "warn", "code": "no_features", "message": nothing}, None
        flipping = None
        if options["flip"]:
            flipping = find_flipping_set(self._pipeline, picture, found)
        height, width = pixels.shape[:2]
        scale = factor * max(height, width) / max(found.image_shape)
        record = _record(found, scale)
        if flipping is not None:
            record["flip"] = {
                "keypoints": flipping.index.tolist(),
                "label_after": flipping.label_after,
                "note": "upper bound: taken greedily by share, each time encoded anew",
            }
        near = (
            []
            if self._similar is None
            else self._similar.nearest(picture, options["nearest"], n_pairs=20)
        )
        if self._similar is not None:
            record["nearest"] = [
                {
                    "path": self._paths[one.index],
                    "label": one.label,
                    "similarity": one.similarity,
                    "matched_words": len(one.parts),
                }
                for one in near
            ]
        return record, self._draw(pixels, found, flipping, near) if draw else None

    def _draw(self, pixels, found, flipping, near):
        import numpy as np

        from cvclassic.draw import draw_explanation, draw_neighbors
        from cvclassic.draw.panels import PAPER
        from cvclassic.images import read_image

        sheet = draw_explanation(pixels, found, flipping)
        if not near:
            return sheet
        others = [read_image(self._paths[one.index], max_side=640) for one in near]
        below = draw_neighbors(pixels, found, near, others)
        width = max(sheet.shape[1], below.shape[1])
        out = np.full((sheet.shape[0] + below.shape[0], width, 3), PAPER, np.uint8)
        out[: sheet.shape[0], : sheet.shape[1]] = sheet
        out[sheet.shape[0] :, : below.shape[1]] = below
        return out


class _Counted(Sequence):
    """Paths whose reading moves a progress bar."""

    def __init__(self, paths: list[str], progress) -> None:
        self._paths, self._progress, self._done = paths, progress, 0

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index):
        return self._paths[index]

    def __iter__(self):
        return self._progress.count(iter(self._paths), "features", len(self._paths))


def _record(found, scale: float) -> dict[str, Any]:
    """The explanation as JSON; positions in the file's pixels."""
    xy = ((found.xy.astype(float) + 0.5) * scale - 0.5).round(2).tolist()
    sizes = (found.scale.astype(float) * scale).round(3).tolist()
    return {
        "label": found.label,
        "against": found.against,
        "probabilities": {
            str(name): round(float(p), 6)
            for name, p in zip(found.classes, found.probabilities, strict=True)
        },
        "decision": found.decision,
        "bias": found.bias,
        "sum_of_shares": float(found.shares.sum()),
        "exact": found.exact,
        "how": found.how,
        "sum_property": "bias + sum_of_shares = decision" if found.sums else None,
        "keypoints": [
            {"xy": place, "scale": size, "share": share, **word}
            for place, size, share, word in zip(
                xy, sizes, found.shares.tolist(), _words(found), strict=True
            )
        ],
    }


def _words(found) -> list[dict[str, int]]:
    if found.words is None:
        return [{} for _ in range(len(found))]
    both = zip(found.words.tolist(), found.members.tolist(), strict=True)
    return [{"word": word, "encoder": member} for word, member in both]


def _summary(path: str, record: dict[str, Any]) -> str:
    """One line about a picture that was explained."""
    if "label" not in record:
        return f"{_shown(path)}: no features"
    from cvclassic.draw.typesetting import percent

    names = record["probabilities"]
    first, second = str(record["label"]), str(record["against"])
    line = (
        f"{_shown(path)}: {_shown(first)} ({percent(names[first])}) rather than {_shown(second)} "
        f"({percent(names[second])}), decision {record['decision']:+.3f}"
    )
    if "flip" in record:
        flip = record["flip"]
        line += (
            f"; {_shown(str(flip['label_after']))} without {len(flip['keypoints'])} of "
            f"{len(record['keypoints'])} keypoints"
            if flip["keypoints"]
            else "; no set of keypoints was found that changes it"
        )
    return line


def _shown(text: str) -> str:
    from ..shared.pictures import short_path

    return short_path(text)
