"""``cvclassic config``: the options of a run as a file."""

from __future__ import annotations

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def config(ctx, command, arguments):
    """Print the options of COMMAND as a TOML file, for --config.

    With ARGUMENTS, print the options of that run, without running it. Options that are not given
    appear as comments with their defaults.

    \b
    Example:
      cvclassic config train > train.toml
      cvclassic config train photos/ --recipe fisher --seed 3 > train.toml
      cvclassic train --config train.toml
    """
    from ..shared.config import config_text

    group = ctx.parent.command
    found = group.get_command(ctx.parent, command)
    if found is None:
        group.resolve_command(ctx.parent, [command])
    with found.make_context(found.name, list(arguments), parent=ctx.parent) as inner:
        click.echo(config_text(inner), nl=False)
