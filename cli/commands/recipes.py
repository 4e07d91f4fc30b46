"""``cvclassic recipes``: the ways from pixels to labels that there are."""

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
    from cvclassic.classify import HEADS, RECIPES, REGRESSORS, make_recipe, own_head, settings_of

    from ..shared.console import show_table

    if name is None:
        rows = [(key, line) for key, (line, _) in RECIPES.items()]
        rows.append(("auto", "the best of several, chosen by cross-validation"))
        show_table(rows, headers=("recipe", "what it is"))
        return
    first = own_head(name)
    for head in dict.fromkeys([first, "svm", "ridge", "mlp"]):
        settings = settings_of(make_recipe(name, head=head))
        if head != first:
            settings = {key: value for key, value in settings.items() if key.startswith("head__")}
        show_table(
            [(key, repr(value)) for key, value in settings.items()],
            headers=("parameter", "default"),
            title=f"{name}, head {head}",
        )
    click.echo(f"Heads: {', '.join([*HEADS, *REGRESSORS])}; {first} is the recipe's own.")
