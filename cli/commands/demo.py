"""``cvclassic demo``: the main job on the images that come along."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from ..shared.options import jobs_option, n_jobs
from ..shared.outputs import OutputFolder


@click.command()
@click.option(
    "-o",
    "--output",
    type=OutputFolder(),
    help="Folder for the model and the pages. [default: deleted afterwards]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@jobs_option
@click.pass_context
def demo(ctx, output, seed, jobs):
    """Train, evaluate and classify on bundled sample images (half a minute).

    \b
    Example:
      cvclassic demo
      cvclassic demo -o demo-output
    """
    if output:
        Path(output).mkdir(parents=True, exist_ok=True)
        _run(ctx, Path(output), seed, n_jobs(jobs), keep=True)
        return
    with tempfile.TemporaryDirectory(prefix="cvclassic-") as folder:
        _run(ctx, Path(folder), seed, n_jobs(jobs), keep=False)


def _run(ctx: click.Context, output: Path, seed: int, jobs: int, *, keep: bool) -> None:
    """Call the real commands, saying which."""
    from importlib.resources import as_file, files

    from .classify import classify
    from .evaluate import evaluate
    from .train import train

    with as_file(files("cvclassic_samples").joinpath("materials")) as materials:
        model = str(output / "materials.cvmodel")
        labels = str(output / "labels.csv")
        report = str(output / "report.html")
        steps = [
            (
                train,
                [str(materials / "train"), "-o", model, "--seed", str(seed)]
                + ["--recipe", "sift-bow", "--param", "n_words=200"],
            ),
            (evaluate, [model, str(materials / "test"), "--report", report]),
            (classify, [model, str(materials / "test"), "-o", labels]),
        ]
        for command, arguments in steps:
            arguments += ["--jobs", str(jobs)]
            shown = " ".join(arguments).replace(str(materials), "materials")
            click.secho(f"\n$ cvclassic {command.name} {shown}", bold=True)
            # standalone_mode=False gives the exit code back
            code = command.main(arguments, prog_name=command.name, standalone_mode=False)
            if code:
                ctx.exit(code)
        click.echo("\nThe first records:")
        for line in Path(labels).read_text().splitlines()[:4]:
            click.echo(line.replace(f"{materials}/", ""))
    if keep:
        click.echo("\nOpen these pages in a browser:")
        for page in (output / "materials.html", output / "report.html"):
            click.echo(f"  {page}")
    else:
        click.echo("\nTo keep the model and its pages: cvclassic demo -o demo-output")
