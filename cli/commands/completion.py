"""``cvclassic completion``: what a shell needs to complete commands and options."""

from __future__ import annotations

import click

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell):
    """Print a script that completes commands and options in SHELL: bash, zsh or fish.

    \b
    Example:
      cvclassic completion bash >> ~/.bashrc
      cvclassic completion zsh >> ~/.zshrc
      cvclassic completion fish > ~/.config/fish/completions/cvclassic.fish
    """
    from click.shell_completion import get_completion_class

    from ..main import main

    kind = get_completion_class(shell)
    assert kind is not None, shell
    made = kind(main, {}, "cvclassic", "_CVCLASSIC_COMPLETE")
    click.echo(made.source_template % made.source_vars())
