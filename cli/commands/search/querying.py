"""``cvclassic search query``: what shows the same thing as these images?"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import click

from cvclassic.errors import ExitCode

from ...shared.json_files import write_json
from ...shared.outputs import OutputFile, RecordsFile, TextFile, forced, wrote
from ...shared.reporting import command_line
from ...shared.running import Session, run_options, source_options


def _read_box(_ctx, _param, value: str | None):
    """``x,y,w,h`` as four numbers."""
    if value is None:
        return None
    try:
        box = tuple(float(part) for part in value.split(","))
    except ValueError:
        box = ()
    if len(box) != 4:
        raise click.BadParameter(f"expected x,y,w,h in pixels. Got {value!r} instead.")
    return box


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@partial(source_options, required=False)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Number of hits per query.",
)
@click.option(
    "--words",
    metavar="WORDS",
    help="Find images by keywords too, such as 'tiger grass'; several words of one keyword need ;.",
)
@click.option("--page", type=OutputFile(), help="Write a page (.html) with hits and matches.")
@click.option("--json", "json_file", type=TextFile(), help="Write the hits to this file.")
@click.option(
    "--records",
    type=RecordsFile(),
    metavar="FILE",
    help="Write one record per query: .jsonl, .json, .csv, .parquet or .sqlite; with it an "
    "interrupted run is resumed.",
)
@click.option("--box", callback=_read_box, help="Search for this region only: x,y,w,h in pixels.")
@click.option(
    "--together", is_flag=True, help="Treat all images as views of one object and search once."
)
@click.option(
    "--expand", is_flag=True, help="Query expansion: search again with features of the best hits."
)
@click.option("--no-geometry", is_flag=True, help="Skip geometric verification (faster).")
@run_options(json_flag=False, watch=False)
@click.pass_context
def query(
    ctx, index_, sources, top, words, page, json_file, records, box, together, expand, no_geometry,
    options,
):  # fmt: skip
    """Find the images of INDEX that show the same thing as each image in PATHS.

    Prints rank, score, geometrically consistent keypoints (inliers), and path. More than 6 inliers
    rarely occur by chance.

    Exit code: 0 all well, 1 an image could not be read, 2 usage or index, 3 a folder could not be
    listed or the output not be written.

    With --words images are found by the keywords that `cvclassic search words` gave the index, and
    without PATHS by these alone.

    \b
    Example:
      cvclassic search query photos.index crop.jpg
      cvclassic search query photos.index --words "tiger grass"
      cvclassic search query photos.index street.jpg --box 120,40,200,260 --page hits.html
      cvclassic search query photos.index crops.zip --json hits.json
      cvclassic search query photos.index front.jpg side.jpg --together --top 20
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic._basics.printable import plural
    from cvclassic.batch import expand_inputs
    from cvclassic.batch.tasks import path_of
    from cvclassic.images import watch_decoders
    from cvclassic.report import check_page_path, write_search_page

    from ...shared.console import report_failures
    from ...tasks.search import QueryTask, as_hits

    if sources is None and words is None:
        raise click.UsageError("Give an IMAGE or --words.")
    if words is not None and box is not None:
        raise click.UsageError("--words goes without --box.")
    if box is not None and (len(sources.paths) != 1 or sources.manifest is not None):
        raise click.UsageError("--box goes with a single IMAGE.")
    if records is not None and (together or sources is None):
        raise click.UsageError("--records needs queries of their own: leave out --together.")
    if page is not None:
        check_page_path(page, "page", force=forced())
    if json_file is not None:
        check_writable(json_file)
    wanted = () if words is None else _split_words(words)
    task = QueryTask(index_, top, box, expand, not no_geometry, wanted)
    searched = task.open()
    told = [] if words is None else [f"words: {words}"]
    quiet = "-" in (records, json_file)
    found: list[Any] = []

    def take(record: Any) -> None:
        found.append(([record.path, *told], record))
        if not (quiet or record.failed):
            _say([record.path, *told], as_hits(record))

    code = ExitCode.OK
    if together or sources is None:
        with watch_decoders():
            items = [] if sources is None else list(expand_inputs(sources))
            record = task.ask(path_of(items[0]) if items else "", items)
        found.append(([*map(path_of, items), *told], record))
        code = ExitCode.FAILURES if record.failed else code
        if not (quiet or record.failed):
            _say(found[0][0], as_hits(record))
    else:
        engine = "threads" if records is None else None
        with Session(options, records, engine) as session:
            code = session.run(sources, task, each=take, what="Searching", report=False)
    failures = [(record.path, record.code, record.message) for _, record in found if record.failed]
    hits = [(paths, as_hits(record)) for paths, record in found if not record.failed]
    if failures:
        click.echo(f"{plural(len(failures), 'query', 'queries')} could not be read:", err=True)
        report_failures(failures)
    if json_file is not None:
        write_json(
            json_file,
            {
                "index": index_,
                "queries": [
                    {"query": paths[0] if len(paths) == 1 else paths, **one.to_dict()}
                    for paths, one in hits
                ],
                "failures": [list(one) for one in failures],
            },
        )
    if page is not None:
        began = time.perf_counter()
        with watch_decoders():
            size = write_search_page(
                page, hits, index=index_, base=searched.base_, command=command_line(ctx)
            )
        click.echo(f"{wrote(page, size)} in {time.perf_counter() - began:.1f} s", err=True)
    ctx.exit(code)


def _split_words(text: str) -> tuple[str, ...]:
    """Words, of which one may be several where they are separated by ``;``."""
    parts = text.split(";") if ";" in text else text.split()
    return tuple(filter(None, (part.strip() for part in parts)))


def _say(paths: list[str], hits: Any) -> None:
    """What a query found, line by line."""
    from ...shared.console import plain

    times = ", ".join(f"{name} {1e3 * t:.1f} ms" for name, t in hits.seconds.items())
    noun = "keypoint" if hits.n_keypoints == 1 else "keypoints"
    click.echo(
        f"{', '.join(str(plain(path)) for path in paths)}: {hits.n_keypoints:,} {noun}, {times}"
    )
    for rank, hit in enumerate(hits, 1):
        click.echo(f"{rank:4} {hit.score:8.3f} {hit.n_inliers:4}  {plain(hit.path)}")
