"""``cvclassic search duplicates``: copies among the images of an index."""

from __future__ import annotations

import click

from ...shared.json_files import write_json
from ...shared.options import quiet_option
from ...shared.outputs import TextFile


@click.command()
@click.argument("index_", metavar="INDEX", type=click.Path())
@click.option("--json", "json_file", type=TextFile(), help="Write all clusters to this file.")
@quiet_option
def duplicates(index_, json_file, quiet):
    """Find copies in INDEX: identical, resized, recolored and cropped images, in clusters.

    \b
    Example:
      cvclassic search duplicates photos.index
      cvclassic search duplicates photos.index --json copies.json
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.search import ImageIndex, find_duplicates

    from ...shared.console import plain, stages

    if json_file is not None:
        check_writable(json_file)
    searched = ImageIndex.open(index_)
    with stages(quiet) as progress:
        found = find_duplicates(searched, watch=lambda all_, n: progress.count(all_, "compare", n))
    name = searched.searcher_.name
    n = sum(map(len, found.clusters))
    click.echo(
        f"{len(found.clusters)} cluster{'' if len(found.clusters) == 1 else 's'} of copies "
        f"({n:,} of {searched.n_images_:,} image{'' if searched.n_images_ == 1 else 's'})"
    )
    for number, cluster in enumerate(found.clusters, 1):
        for image in cluster:
            click.echo(f"{number:5}  {plain(name(image))}")
    if json_file is not None:
        write_json(
            json_file,
            {
                "n_images": searched.n_images_,
                "clusters": [[name(image) for image in cluster] for cluster in found.clusters],
                "pairs": [
                    {
                        "first": name(pair.first),
                        "second": name(pair.second),
                        "kind": pair.kind,
                        "inliers": pair.n_inliers,
                    }
                    for pair in found.pairs
                ],
            },
        )
