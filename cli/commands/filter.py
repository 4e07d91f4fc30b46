"""``cvclassic filter``: one kernel over one image."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import click

from cvclassic._basics.printable import printable

from ..shared.outputs import OutputFile, picture_place, wrote
from ..shared.running import (
    Session,
    engine_for,
    format_of_records,
    records_option,
    run_options,
    say_failure,
    source_options,
)

_WAVELENGTHS, _N_ANGLES = (4.0, 10.0), 6


def _list_kernels(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Print the bank and stop."""
    if not value or ctx.resilient_parsing:
        return
    from cvclassic.filters import kernel_names, kernel_parameters

    from ..shared.console import show_table

    rows = []
    for name, text in kernel_names().items():
        parameters = kernel_parameters(name).items()
        rows.append((name, text, ", ".join(k if v is None else f"{k}={v}" for k, v in parameters)))
    rows.append(("gabor-bank", "12 Gabor kernels, drawn as a sheet of feature maps", ""))
    show_table(rows, ("kernel", "what it does", "parameters"))
    ctx.exit()


# Unknown options are let through because a kernel may begin with a minus.
@click.command("filter", context_settings={"ignore_unknown_options": True})
@click.argument("kernel")
@partial(source_options, short_null=False)  # -0.5 is the beginning of a kernel
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(),
    help="Image to write, or .npy for the numbers (n_maps, H, W); for several inputs a folder.",
)
@click.option(
    "--list",
    "list_",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_kernels,
    help="List the kernels and their parameters, and exit.",
)
@click.option(
    "--stride",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Step of the kernel in pixels.",
)
@click.option(
    "--padding",
    default="reflect",
    show_default=True,
    help="Padding: a number of zero pixels, or valid, same (zeros), "
    "reflect, symmetric, edge, wrap.",
)
@click.option("--pool", type=click.IntRange(min=1), help="Max-pool with windows of this side.")
@click.option(
    "--convolution", is_flag=True, help="Rotate the kernel by 180 degrees first (true convolution)."
)
@click.option("--gray", is_flag=True, help="Filter the gray image instead of each color channel.")
@click.option(
    "--show",
    type=click.Choice(["auto", "clip", "stretch"]),
    default="auto",
    show_default=True,
    help="clip: clip to 0 to 255; stretch: full range with zero as middle gray; auto: "
    "stretch for kernels whose sum is 0.",
)
@click.option(
    "--figure",
    is_flag=True,
    help="Draw the input, the kernel with its numbers, and the output side by side.",
)
@click.option(
    "--numbers", is_flag=True, help="With a folder as -o: write .npy files instead of images."
)
@records_option
@run_options(json_flag=False)
@click.pass_context
def filter_(
    ctx, kernel, sources, output, stride, padding, pool, convolution, gray, show, figure, numbers,
    records, options,
):  # fmt: skip
    """Apply KERNEL to the images in PATHS.

    KERNEL is a name (see --list) with optional parameters, rows of numbers, JSON, or @FILE that
    holds one of these. It is applied as written (correlation, as in neural networks) unless
    --convolution is given.

    PATHS can be images, folders, archives, patterns, URLs, or - for a list of names. With several
    images -o is a folder.

    Exit code: 0 all well, 1 an image could not be read, 2 usage, 3 output.

    \b
    Example:
      cvclassic filter gaussian:sigma=3 photo.jpg -o soft.png
      cvclassic filter "0 1 0; 1 -4 1; 0 1 0" photo.jpg -o laplacian.png
      cvclassic filter sobel_x photo.jpg -o sobel.png --figure
      cvclassic filter sobel_x photos/ -o edges/
      cvclassic filter --list
    """
    from cvclassic.filters import center_pad, gabor_bank, parse_kernel

    folder, name, ending = picture_place(output, sources, "filtered", also=(".npy",))
    if numbers:
        ending = f"{os.path.splitext(ending)[0]}.npy" if name is None else ".npy"
    if figure and (ending.endswith(".npy") or kernel == "gabor-bank"):
        raise click.UsageError("--figure draws one kernel as an image: leave out .npy or the bank.")
    titles = None
    if kernel == "gabor-bank":
        bank = center_pad(gabor_bank(_WAVELENGTHS, _N_ANGLES))
        titles = [f"wavelength {w:g}, {30 * i}°" for w in _WAVELENGTHS for i in range(_N_ANGLES)]
    else:
        bank = [parse_kernel(_kernel_text(kernel))]
    if figure and bank[0].ndim != 2:
        raise click.UsageError("--figure draws a kernel of rows and columns only.")
    settings = {
        "stride": stride,
        "padding": int(padding) if padding.isdigit() else padding,
        "operation": "convolution" if convolution else "correlation",
    }
    with Session(options, records, engine_for(sources)) as session:
        from ..tasks.filter import FilterTask

        task = FilterTask(
            bank, titles, settings, pool, gray, show, folder, ending, kernel if figure else None
        )
        code = session.run(
            sources,
            task,
            format=format_of_records(records),
            folder=folder,
            name=name,
            each=partial(_say, folder, options.quiet or records == "-"),
            what="Filtering",
            brief=True,
        )
    ctx.exit(code)


def _say(folder: str, quiet: bool, record: Any) -> None:
    """One line about one image."""
    if record.failed:
        say_failure(record)
    elif not quiet and record.files:
        n, height, width = record.values["shape"]
        low, high = record.values["min"], record.values["max"]
        target = os.path.join(folder, record.files[0])
        line = f"{n} x {height} x {width} values from {low:.6g} to {high:.6g}. {wrote(target)}"
        click.echo(printable(line))


def _kernel_text(kernel: str) -> str:
    """The kernel's text, from a file where it is @FILE."""
    if not kernel.startswith("@"):
        return kernel
    from cvclassic.errors import ParameterError

    try:
        with open(kernel[1:], encoding="utf-8") as file:
            return file.read(1_000_000)
    except UnicodeDecodeError:
        raise ParameterError(f"{kernel[1:]}: a kernel file must be UTF-8 text.") from None
