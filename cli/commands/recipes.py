"""``cvclassic recipes``: the recipes that there are, and their parameters."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False)
def recipes(name):
    """List the recipes; with NAME, the parameters that --param can set and their defaults.

    \b
    Example:
      cvclassic recipes
      cvclassic recipes sift-bow
    """
    from cvclassic.classify.catalog import AUTO, HEADS, RECIPES

    if name is None or name == "auto":
        rows = [("auto", AUTO), *RECIPES.items()]
        click.echo("Recipes:")
        for key, line in rows:
            click.echo(f"  {key:<10} {line}")
        click.echo("\nHeads (--head):")
        for key, line in HEADS.items():
            click.echo(f"  {key:<14} {line}")
        return
    from cvclassic.classify import make_recipe, own_head, settings_of

    from ..shared.console import show_table

    first = own_head(name)
    for head in dict.fromkeys([first, "svm", "ridge", "mlp"]):
        settings = settings_of(make_recipe(name, head=head))
        if head != first:
            settings = {key: value for key, value in settings.items() if key.startswith("head__")}
        show_table(
            [(key, repr(value)) for key, value in settings.items()],
            headers=("parameter", "default"),
            title=f"{name} + {head}",
        )
    click.echo(f"Heads: {', '.join(HEADS)}. The recipe's own is {first}.")
