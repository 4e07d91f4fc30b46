"""``cvclassic search query``: what shows the same thing as these images?"""

from __future__ import annotations

import time

import click

from cvclassic.errors import ExitCode

from ...shared.json_files import write_json
from ...shared.outputs import TextFile, wrote
from ...shared.reporting import command_line


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
@click.argument("images", metavar="IMAGE...", nargs=-1, type=click.Path())
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
@click.option("--page", type=click.Path(), help="Write a page (.html) with hits and matches.")
@click.option("--json", "json_file", type=TextFile(), help="Write the hits to this file.")
@click.option("--box", callback=_read_box, help="Search for this region only: x,y,w,h in pixels.")
@click.option(
    "--together", is_flag=True, help="Treat all IMAGEs as views of one object and search once."
)
@click.option(
    "--expand", is_flag=True, help="Query expansion: search again with features of the best hits."
)
@click.option("--no-geometry", is_flag=True, help="Skip geometric verification (faster).")
@click.pass_context
def query(ctx, index_, images, top, words, page, json_file, box, together, expand, no_geometry):
    """Find the images of INDEX that show the same thing as each IMAGE.

    Prints rank, score, geometrically consistent keypoints (inliers), and path. More than 6 inliers
    rarely occur by chance.

    Exit code: 0 all well, 1 an IMAGE could not be read, 2 usage or index.

    With --words images are found by the keywords that `cvclassic search words` gave the index, and
    without IMAGEs by these alone.

    \b
    Example:
      cvclassic search query photos.index crop.jpg
      cvclassic search query photos.index --words "tiger grass"
      cvclassic search query photos.index street.jpg --box 120,40,200,260 --page hits.html
      cvclassic search query photos.index front.jpg side.jpg --together --top 20
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.errors import ImageReadError
    from cvclassic.images import watch_decoders
    from cvclassic.report import check_page_path, write_search_page
    from cvclassic.search import ImageIndex

    from ...shared.console import plain, report_failures

    if not images and words is None:
        raise click.UsageError("Give an IMAGE or --words.")
    if words is not None and box is not None:
        raise click.UsageError("--words goes without --box.")
    if box is not None and len(images) > 1:
        raise click.UsageError("--box goes with a single IMAGE.")
    if page is not None:
        check_page_path(page, "page")
    if json_file is not None:
        check_writable(json_file)
    searched = ImageIndex.open(index_, geometry=not no_geometry)
    found, failures = [], []
    queries = [list(images)] if together or not images else [[one] for one in images]
    by_words = None if words is None else _word_search(searched, index_, words)
    for paths in queries:
        try:
            with watch_decoders():
                if by_words is None:
                    hits = searched.query(paths, top=top, box=box, expand=expand)
                else:
                    hits = by_words(paths, top, expand)
                    paths = [*paths, f"words: {words}"]
        except ImageReadError as error:
            failures.append((paths[0], error.code, error.message))
            continue
        found.append((paths, hits))
        times = ", ".join(f"{name} {1e3 * t:.1f} ms" for name, t in hits.seconds.items())
        shown = ", ".join(str(plain(path)) for path in paths)
        noun = "keypoint" if hits.n_keypoints == 1 else "keypoints"
        click.echo(f"{shown}: {hits.n_keypoints:,} {noun}, {times}")
        for rank, hit in enumerate(hits, 1):
            click.echo(f"{rank:4} {hit.score:8.3f} {hit.n_inliers:4}  {plain(hit.path)}")
    if failures:
        n = len(failures)
        click.echo(f"{n} {'query' if n == 1 else 'queries'} could not be read:", err=True)
        report_failures(failures)
    if json_file is not None:
        write_json(
            json_file,
            {
                "index": index_,
                "queries": [
                    {"query": paths[0] if len(paths) == 1 else paths, **hits.to_dict()}
                    for paths, hits in found
                ],
                "failures": [list(one) for one in failures],
            },
        )
    if page is not None:
        began = time.perf_counter()
        with watch_decoders():
            size = write_search_page(
                page, found, index=index_, base=searched.base_, command=command_line(ctx)
            )
        click.echo(f"{wrote(page, size)} in {_s(began)}", err=True)
    ctx.exit(ExitCode.FAILURES if failures else ExitCode.OK)


def _word_search(index, path: str, text: str):
    """What finds images by words, and by images besides."""
    from cvclassic.errors import DataError
    from cvclassic.search.word_search import WordSearcher, query_words
    from cvclassic.search.words import read_words

    known = read_words(path)
    if known is None:
        raise DataError(f"{path}: the index has no words. `cvclassic search words` gives it some")
    wanted = [one.strip() for one in text.split(";")] if ";" in text else text.split()
    wanted = [one for one in wanted if one]
    searcher = WordSearcher(index, known)
    searcher.scores(wanted)  # says which word is not known
    return lambda paths, top, expand: query_words(
        index, searcher, wanted, paths, top=top, expand=expand
    )


def _s(began: float) -> str:
    return f"{time.perf_counter() - began:.1f} s"
