"""``cvclassic filter``: one kernel over one picture."""

from __future__ import annotations

import os
from pathlib import Path

import click

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
@click.argument("image", type=click.Path())
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(),
    help="Picture to write, or .npy for the numbers (n_maps, H, W).",
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
    "--stride", type=click.IntRange(min=1), default=1, show_default=True, help="Pixels per step."
)
@click.option(
    "--padding",
    default="reflect",
    show_default=True,
    help="Pixels of zeros, or valid, same (zeros), reflect, symmetric, edge, wrap.",
)
@click.option("--pool", type=click.IntRange(min=1), help="Side of max-pooling windows.")
@click.option("--convolution", is_flag=True, help="Turn the kernel by half a turn first.")
@click.option("--gray", is_flag=True, help="Filter the gray picture instead of each color.")
@click.option(
    "--show",
    type=click.Choice(["auto", "clip", "stretch"]),
    default="auto",
    show_default=True,
    help="clip: as a picture, 0 to 255; stretch: full range with zero as middle gray; "
    "auto: stretch for kernels whose sum is 0.",
)
def filter_(kernel, image, output, stride, padding, pool, convolution, gray, show):
    """Apply KERNEL to IMAGE.

    KERNEL is a name (see --list) with optional parameters, rows of numbers, JSON, or @FILE that
    holds one of these. It is laid on the picture as it is written (correlation, as in neural
    networks) unless --convolution is given.

    Exit code: 0 all well, 1 the picture could not be read, 2 usage, 3 output.

    \b
    Example:
      cvclassic filter gaussian:sigma=3 photo.jpg -o soft.png
      cvclassic filter "0 1 0; 1 -4 1; 0 1 0" photo.jpg -o laplacian.png
      cvclassic filter --list
    """
    import numpy as np

    from cvclassic._basics.atomic import atomic_file, check_writable
    from cvclassic.errors import ImageReadError
    from cvclassic.filters import convolve, gabor_bank, parse_kernel
    from cvclassic.filters import pool as pool_maps
    from cvclassic.images import encode_image, read_image, write_image

    as_numbers = Path(output).suffix.lower() == ".npy"
    if not as_numbers:
        # A wrong suffix is better found before the work.
        encode_image(np.zeros((1, 1, 3), np.uint8), Path(output).suffix)
    check_writable(output)
    sheet = kernel == "gabor-bank"
    bank = gabor_bank(_WAVELENGTHS, _N_ANGLES) if sheet else [parse_kernel(_kernel_text(kernel))]
    try:
        pixels = read_image(image)
    except ImageReadError as error:
        click.echo(f"Error: {' '.join(str(error).split())}", err=True)
        raise click.exceptions.Exit(1) from None
    if pixels.ndim == 3 and (gray or sheet):
        pixels = _to_gray(pixels)
    if sheet:
        from cvclassic.filters import center_pad

        bank = center_pad(bank)
    maps = convolve(
        pixels,
        bank,
        stride=stride,
        padding=int(padding) if padding.isdigit() else padding,
        operation="convolution" if convolution else "correlation",
        channels="separate" if bank[0].ndim == 2 else "sum",
    )
    if pool is not None:
        maps = pool_maps(maps, pool)
    if as_numbers:
        with atomic_file(output) as file:
            np.save(file, maps, allow_pickle=False)
    else:
        write_image(output, _picture(maps, bank, sheet, show))
    click.echo(
        f"{len(maps)} x {maps.shape[1]} x {maps.shape[2]} values from "
        f"{maps.min():.6g} to {maps.max():.6g} -> {os.fspath(output)}"
    )


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


def _to_gray(pixels):
    """Gray picture of a colored one."""
    from cvclassic.describe import to_gray

    return to_gray(pixels)


def _picture(maps, bank, sheet: bool, show: str):
    """Feature maps as a picture."""
    import numpy as np

    if sheet:
        from cvclassic.draw import draw_maps

        titles = [f"wavelength {w:g}, {30 * i}°" for w in _WAVELENGTHS for i in range(_N_ANGLES)]
        return draw_maps(maps, titles)
    flat = all(abs(k.sum()) < 1e-6 * max(abs(k).sum(), 1e-12) for k in bank)
    if show == "stretch" or (show == "auto" and flat):
        top = float(np.abs(maps).max()) or 1.0
        maps = 127.5 + 127.5 * maps / top
    planes = np.rint(np.clip(maps, 0, 255)).astype(np.uint8)
    return np.ascontiguousarray(planes.transpose(1, 2, 0)) if len(planes) == 3 else planes[0]
