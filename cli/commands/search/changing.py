"""Commands that change an index: ``index``, ``add``, ``remove``, ``merge``, ``compact``."""

from __future__ import annotations

import os
import time

import click

from cvclassic._basics.printable import plural, show_bytes
from cvclassic.errors import ExitCode

from ...shared.options import jobs_option, quiet_option
from ...shared.outputs import wrote
from ...shared.running import RunOptions, source_options


def _engine_options(command):
    """``--engine`` and ``--dask``."""
    command = click.option(
        "--dask",
        metavar="ADDRESS",
        help="Describe images on a Dask cluster: tcp://host:8786, or local for one on this "
        "machine.",
    )(command)
    return click.option(
        "--engine",
        type=click.Choice(["threads", "processes"]),
        help="Where images are described; in processes, a crashing decoder costs one image. "
        "[default: threads]",
    )(command)


@click.command("index")
@source_options
@click.option(
    "-o", "--output", "index_", required=True, type=click.Path(), help="Folder of the index."
)
@click.option(
    "--words",
    type=click.IntRange(min=1),
    help="Size of the vocabulary of a new index. [default: one per 100 keypoints, at most 100,000]",
)
@click.option("--vocabulary", type=click.Path(), help="Use the vocabulary of this file or index.")
@click.option("--no-compact", is_flag=True, help="Do not store compact codes of color and shape.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed."
)
@_engine_options
@jobs_option
@quiet_option
@click.pass_context
def index(
    ctx, sources, index_, words, vocabulary, no_compact, seed, engine, dask, jobs,
    quiet,
):  # fmt: skip
    """Index images: folders, files, archives, patterns, URLs, lists.

    The vocabulary is learned from the images themselves. Where the index exists, new images are
    added, changed ones replaced, and the others skipped; run the same command to resume an
    interrupted run.

    Exit code: 0 all well, 1 some images could not be read, 2 usage or index, 3 a folder could not
    be listed or the index not be written.

    \b
    Example:
      cvclassic search index photos/ -o photos.index
      cvclassic search index a.zip 'scans/**/*.tif' -o all.index --words 50000
    """
    coder = None if vocabulary is None else _vocabulary(vocabulary)
    options = {"n_words": words, "compact": not no_compact, "random_state": seed, "coder": coder}
    _run(ctx, index_, sources, options, _work(engine, dask, jobs), quiet)


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@source_options
@_engine_options
@jobs_option
@quiet_option
@click.pass_context
def add(ctx, index_, sources, engine, dask, jobs, quiet):
    """Add images to INDEX. Images that are already in it are skipped.

    \b
    Example:
      cvclassic search add photos.index new-photos/
    """
    _run(ctx, index_, sources, {"create": False}, _work(engine, dask, jobs), quiet)


def _work(engine, dask, jobs):
    """How images are described."""
    options = RunOptions(
        engine=engine,
        jobs=jobs,
        timeout=None,
        memory_cap=None,
        dask=dask,
        restart=False,
        watch=False,
        raw_csv=False,
        lines=False,
        quiet=False,
    )
    return options.work(None)


def _run(ctx, index_, sources, options, work, quiet) -> None:
    """Index, and say what came of it."""
    from cvclassic.images import watch_decoders
    from cvclassic.search import index_images

    from ...shared.console import report_failures, stages

    began = time.perf_counter()
    with stages(quiet) as progress, watch_decoders():
        done = index_images(
            index_,
            sources,
            work=work,
            watch=lambda records, n: progress.count(records, "features", n),
            **options,
        )
    seconds = time.perf_counter() - began
    parts = [f"Added {plural(done.n_added, 'image')}"]
    if done.n_replaced:
        parts.append(f"{done.n_replaced:,} replaced")
    if done.n_known:
        parts.append(f"{done.n_known:,} already there")
    parts.append(f"{done.n_images:,} in total")
    size = sum(entry.stat().st_size for entry in os.scandir(index_) if entry.is_file())
    click.echo(f"{', '.join(parts)} ({seconds:.1f} s).")
    click.echo(wrote(index_, size))
    if done.warnings and not quiet:
        click.echo(f"{plural(len(done.warnings), 'image')} with a warning:", err=True)
        report_failures(done.warnings)
    if done.failures:
        n = len(done.failures)
        click.echo(f"{plural(n, 'image')} could not be read:", err=True)
        report_failures(done.failures)
    if done.faults:
        n = len(done.faults)
        click.echo(f"{n} {'folder' if n == 1 else 'folders'} could not be listed:", err=True)
        report_failures(done.faults)
        ctx.exit(ExitCode.INCOMPLETE)
    ctx.exit(ExitCode.FAILURES if done.failures else ExitCode.OK)


def _vocabulary(path: str):
    """The vocabulary of a file, or of an index."""
    from cvclassic.search import ImageIndex, read_coder

    return ImageIndex.open(path).coder_ if os.path.isdir(path) else read_coder(path)


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@click.argument("names", metavar="PATH...", nargs=-1, type=click.Path())
@click.option("--missing", is_flag=True, help="Remove images whose file no longer exists.")
@click.pass_context
def remove(ctx, index_, names, missing):
    """Remove images from INDEX, by the paths they were added with; a folder stands for everything
    below it.

    They are no longer found, but their data stay in the files until `search compact`.

    Exit code: 0 all removed, 1 some paths are not in the index.

    \b
    Example:
      cvclassic search remove photos.index photos/secret.jpg
      cvclassic search remove photos.index --missing
    """
    from cvclassic.search import ImageIndex, remove_images

    from ...shared.console import plain

    if not names and not missing:
        raise click.UsageError("Give the PATHs to remove, or --missing.")
    wanted = list(names)
    if missing:
        wanted += ImageIndex.open(index_).missing_files()
    n, unknown = remove_images(index_, wanted)
    click.echo(f"Removed {plural(n, 'image')}.")
    for name in unknown[:10]:
        click.echo(f"{plain(name)}: not in the index", err=True)
    if len(unknown) > 10:
        click.echo(f"... and {len(unknown) - 10} more", err=True)
    ctx.exit(ExitCode.FAILURES if unknown else ExitCode.OK)


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@click.argument("others", metavar="OTHER...", nargs=-1, required=True, type=click.Path())
def merge(index_, others):
    """Add the images of OTHER indexes to INDEX; all must have one vocabulary.

    This lets several machines index parts of a collection. Images whose path is already in INDEX
    are skipped.

    \b
    Example:
      cvclassic search index part-1/ -o all.index
      cvclassic search index part-2/ -o 2.index --vocabulary all.index
      cvclassic search merge all.index 2.index
    """
    from cvclassic.search import index_numbers, merge_indexes

    n, known = merge_indexes(index_, others)
    parts = [f"Added {plural(n, 'image')}"]
    if known:
        parts.append(f"{known:,} already there")
    click.echo(f"{', '.join(parts)}, {index_numbers(index_)['n_images']:,} in total.")


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
def compact(index_):
    """Rewrite INDEX as one segment; removed images are erased.

    \b
    Example:
      cvclassic search compact photos.index
    """
    from cvclassic.search import compact_index

    from ...shared.console import plain

    numbers = compact_index(index_)
    click.echo(
        f"{plain(index_)}: {plural(numbers['n_images'], 'image')} in "
        f"{plural(numbers['n_segments'], 'segment')} ({show_bytes(numbers['n_bytes'])})"
    )
