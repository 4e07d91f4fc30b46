"""``cvclassic versus-cnn``: classical or deep, on one's own images."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from cvclassic._basics.printable import plural
from cvclassic.errors import ExitCode

from ..shared.json_files import write_json
from ..shared.options import quiet_option
from ..shared.outputs import OutputFile, TextFile, forced
from ..shared.sources import load_source, picture_options


@click.command("versus-cnn")
@click.argument("folder", required=False, type=click.Path())
@click.argument("test_folder", required=False, type=click.Path())
@picture_options
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    default="versus-cnn.html",
    show_default=True,
    help="HTML page to write.",
)
@click.option("--json", "json_file", type=TextFile(), help="Write all numbers to this JSON file.")
@click.option(
    "--network",
    type=click.Path(),
    metavar="NAME|FILE",
    help="Pre-trained network whose features are compared too: a name of `cvclassic network list`, "
    "or an .onnx or .tflite file. [default: efficientnet-lite0 if it is installed]",
)
@click.option(
    "--predictions",
    multiple=True,
    type=click.Path(),
    metavar="CSV",
    help="Predictions of another program for the test images: columns path and label.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=120,
    show_default=True,
    help="Training time in seconds of each network from scratch.",
)
@click.option(
    "--methods",
    metavar="LIST",
    help="Methods to compare, such as fast,cnn-small. [default: all that suit the images]",
)
@click.option(
    "--test-share",
    type=click.FloatRange(0.05, 0.9),
    default=0.5,
    show_default=True,
    help="Share of FOLDER's images to test on, unless there are test images.",
)
@click.option(
    "--damaged",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="N",
    help="Number of test images to rotate, blur and so on; 0 skips this.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@quiet_option
@click.pass_context
def versus_cnn(
    ctx, folder, test_folder, output, json_file, network, predictions, budget, methods,
    test_share, damaged, seed, quiet, **source,
):  # fmt: skip
    """Compare classical recipes with networks on your own images, and get advice.

    FOLDER holds one sub-folder per class; half of the images are test images, or those of
    TEST_FOLDER, or of FOLDER's own test or validation split. A manifest has the splits train and
    test, an array file (--npz) both parts.

    Each method is trained and measured in its own process: classical recipes, two networks
    trained from scratch (with PyTorch, for --budget seconds each), and the features of a
    pre-trained one, alone and together with the classical ones. Methods that cannot run are
    listed with the reason.

    The page says what to use and why; where a network is better, it says so first. Images that
    cannot be read are listed and skipped; the exit code is 1 then.

    \b
    Example:
      cvclassic versus-cnn photos/ -o advice.html
      cvclassic versus-cnn photos/ --network mobilenet.onnx --budget 300
      cvclassic versus-cnn --manifest birds.csv --predictions resnet.csv --methods fast,cnn-small
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.classify.auto import candidates_for
    from cvclassic.classify.catalog import NETWORK, WITH_NETWORK
    from cvclassic.comparison import METHODS, advise, run_contest
    from cvclassic.describe import network_is_installed, network_path
    from cvclassic.describe.networks import read_network_file
    from cvclassic.evaluate import compare_predictions
    from cvclassic.report import check_page_path
    from cvclassic.report.comparison_page import VersusReport, write_versus_page

    from ..shared.console import report_failures, stages
    from ..shared.reporting import command_line, say_page, source_name

    check_page_path(output, "output", force=forced())
    if json_file:
        check_writable(json_file)
    chosen = _chosen(methods, METHODS)
    if network is None and (not chosen or set(chosen) & set(WITH_NETWORK)):
        network = NETWORK if network_is_installed(NETWORK) else None
    if network is not None:
        read_network_file(network_path(network))
    start = time.perf_counter()
    train, test, failures = _parts(source, folder, test_folder, test_share, seed, quiet)
    names = [str(path) for path in test.paths]
    truth = dict(zip(map(str, train.paths), train.labels, strict=True))
    truth |= dict(zip(names, test.labels, strict=True))
    others = _elsewhere(predictions, names, truth, folder or source["manifest"])
    if not chosen:
        small = [name for name, _ in candidates_for(train.images)][:2]
        chosen = [*small, "cnn-small", "cnn-resnet", "embedding"]
        chosen += ["fused"] if "fisher" in small and network is not None else []

    with stages(quiet) as progress:

        def begin(name: str) -> None:
            number = f"{chosen.index(name) + 1} of {len(chosen)}"
            if not quiet:
                click.echo(f"{number}: {name}, {METHODS[name]}", err=True)
            progress(f"{number}: {name}", 0, 0)

        def end(name: str, found: Any) -> None:
            if isinstance(found, str):
                click.echo(f"Skipping {name}: {found}", err=True)

        contest = run_contest(
            chosen,
            (train.images, train.labels),
            (test.images, test.labels),
            network=network,
            on_begin=begin,
            on_end=end,
            budgets=(budget / 4, budget),
            seed=seed,
            n_damaged=damaged,
        )
    answers = {
        name: one.predictions(names, test.labels) for name, one in contest.measured.items()
    } | others
    rows = {name: one.row for name, one in contest.measured.items()}
    advice = advise(answers, rows, contest.left_out)
    fair = {name: seen for name, seen in answers.items() if name not in advice.at_chance}
    found = compare_predictions(list(fair), list(fair.values())) if len(fair) > 1 else None
    _show(answers, rows, advice)
    report = VersusReport(
        name=source_name({**source, "folder": folder}),
        n_train=len(train.labels),
        contest=contest,
        answers=answers,
        advice=advice,
        comparison=found,
        test_images=test.images,
        budget=budget,
        failures=failures,
        command=command_line(ctx),
    )
    size = write_versus_page(output, report)
    if json_file:
        content = {
            "advice": {"group": advice.group, "method": advice.method, "text": advice.headline},
            "methods": {
                name: {
                    "accuracy": float(answers[name].right.mean()),
                    **rows.get(name, {}),
                    "budgets": getattr(contest.measured.get(name), "budgets", []),
                    "robustness": getattr(contest.measured.get(name), "robustness", {}),
                }
                for name in answers
            },
            "left_out": contest.left_out,
            "n_train": len(train.labels),
            "n_test": len(test.labels),
            "failures": failures,
        }
        write_json(json_file, content)
    say_page(output, size, time.perf_counter() - start)
    if failures:
        click.echo(f"{plural(len(failures), 'image')} could not be read (skipped):", err=True)
        report_failures(failures)
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)


def _chosen(text: str | None, known) -> list[str]:
    """Names in ``--methods``."""
    from cvclassic._basics.checks import check_choice

    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if text is not None and not names:
        raise click.BadParameter("--methods must be a list such as fast,cnn-small.")
    for name in names:
        check_choice("methods", name, tuple(known))
    return list(dict.fromkeys(names))


def _parts(source, folder, test_folder, share: float, seed: int, quiet: bool) -> tuple:
    """Readable images to learn from and to judge on, and what could not be read."""
    from cvclassic.comparison import split_pictures
    from cvclassic.errors import DataError

    split = source.pop("split")
    if split is not None:
        raise click.UsageError("The splits train and test are used: give no --split.")
    if folder is not None and test_folder is None and _has_test(folder):
        test_folder = folder  # its own split judges
    if folder is None or test_folder is not None:
        splits = ("train", "test") if folder is None else (None, None)
        folders = (folder, test_folder)
        parts, failures = [], []
        for name, part, where in zip(("train", "test"), splits, folders, strict=True):
            one = load_source(
                {**source, "folder": where, "split": part},
                part=name,
                min_classes=2 if name == "train" else 1,
            )
            readable, failed = _readable(one, quiet)
            parts.append(readable)
            failures += failed
        train, test = parts
    else:
        data = load_source({**source, "folder": folder, "split": None}, part="train", min_classes=2)
        readable, failures = _readable(data, quiet)
        learn, judge = split_pictures(readable.labels, share, seed)
        train, test = readable.take(learn), readable.take(judge)
    if len(set(train.labels)) < 2 or not test.labels:
        raise DataError(
            "Training needs images of at least two classes, and there must be test images."
        )
    return train, test, failures


def _has_test(folder: str) -> bool:
    """Whether a folder holds splits, one of which can judge."""
    from cvclassic.images import find_splits

    return bool({"test", "validation"} & set(find_splits(folder)))


class _Part:
    """Images by path, or arrays with names."""

    def __init__(self, images: list, paths: list, labels: list) -> None:
        self.images, self.paths, self.labels = images, paths, labels

    def take(self, rows) -> _Part:
        """Some of them."""
        parts = ([seq[i] for i in rows] for seq in (self.images, self.paths, self.labels))
        return _Part(*parts)


def _readable(data, quiet: bool) -> tuple[_Part, list]:
    """Images that can be read, and (path, code, message) of the others."""
    from cvclassic.batch import read_all
    from cvclassic.images import watch_decoders

    from ..shared.console import stages

    if hasattr(data, "items"):  # array files
        return _Part(list(data.images), list(data.paths), list(data.labels)), []
    with stages(quiet) as progress, watch_decoders():
        counted = progress.count(data.paths, "read", len(data))
        _, faults = read_all(counted, 480, n_jobs=os.cpu_count() or 1)
    kept = [i for i in range(len(data)) if i not in faults]
    failures = [(data.paths[i], error.code, error.message) for i, error in faults.items()]
    paths = [data.paths[i] for i in kept]
    return _Part(paths, paths, [data.labels[i] for i in kept]), failures


def _elsewhere(tables, names: list[str], truth: dict, where: str | None) -> dict:
    """Predictions of other programs for the test images, by the name of their file."""
    from cvclassic.evaluate import align_predictions, read_predictions

    base = where if where is None or os.path.isdir(where) else os.path.dirname(where)
    found: dict[str, Any] = {}
    for path in tables:
        name = os.path.basename(path) if os.path.basename(path) not in found else path
        # of a folder, nobody knows before which images judge: answers for others do no harm
        found[name] = align_predictions(read_predictions(path, truth, base)[0], names, path)
    return found


def _show(answers, rows, advice) -> None:
    """The table and the advice on stdout."""
    from ..shared.console import plain, show_table

    def cell(row: dict, key: str, form: str) -> str:
        return form.format(row[key]) if row.get(key) is not None else "–"

    show_table(
        [
            (
                name,
                f"{seen.right.mean():.1%}",
                cell(rows.get(name, {}), "fit_s", "{:.1f} s"),
                cell(rows.get(name, {}), "latency_ms", "{:.1f} ms"),
                cell(rows.get(name, {}), "peak_mb", "{} MB"),
                cell(rows.get(name, {}), "model_mb", "{:.1f} MB"),
                rows.get(name, {}).get("device", "–"),
            )
            for name, seen in answers.items()
        ],
        headers=("method", "accuracy", "training", "per image", "memory", "model", "device"),
        title=f"{next(iter(answers.values())).n_images} test images",
    )
    for line in (advice.headline, *advice.reasons, *advice.caveats):
        click.echo(plain(line).plain)
