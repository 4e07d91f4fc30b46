"""``--config FILE``: the options of a command from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

_NEVER = {"config", "dry_run", "help"}


def config_option(command: Callable) -> Callable:
    """``--config FILE``."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_load,
        help="TOML file with options of this command; options on the command line take precedence. "
        "`cvclassic config` writes one.",
    )(command)


def _load(ctx: click.Context, _param: click.Parameter, path: str | None) -> None:
    """Take what the file says as the defaults of the command."""
    if path is None:
        return
    ctx.default_map = read_config(ctx.command, path)
    ctx.meta["config"] = path  # for the command that a page names


def read_config(command: click.Command, path: str) -> dict[str, Any]:
    """Values of a command's options in a TOML file.

    The file may have a table per command (``[train]``), or the options at its top.
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise click.UsageError(f"--config {path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"--config {path}: {error}") from None
    name = command.name or ""
    values = {key: value for key, value in content.items() if not isinstance(value, dict)}
    values |= content.get(name, {}) if isinstance(content.get(name), dict) else {}
    if isinstance(content.get("params"), dict):  # a table of its own, at the top
        values["params"] = content["params"]
    known = {_key(param): param for param in command.params if param.name not in _NEVER}
    found: dict[str, Any] = {}
    for key, value in values.items():
        param = known.get(key.replace("_", "-"))
        if param is None or param.name is None:
            from cvclassic._basics.suggest import did_you_mean

            hint = did_you_mean(key, known) or f" Options are: {', '.join(known)}."
            raise click.UsageError(f"--config {path}: {name} has no option {key!r}.{hint}")
        if isinstance(value, dict):  # [train.param] n_words = 500
            import json

            value = [f"{k}={json.dumps(v)}" for k, v in value.items()]
        found[param.name] = value
    return found


def _key(param: click.Parameter) -> str:
    """What an option is called in a file: its long name without dashes."""
    if isinstance(param, click.Argument):
        return str(param.name)
    return max(param.opts, key=len).lstrip("-")


def config_text(ctx: click.Context) -> str:
    """The options of a run as TOML: those that were given, and the others as comments."""
    given, others = [], []
    for param in ctx.command.params:
        if param.name is None or param.name in _NEVER:
            continue
        value = ctx.params.get(param.name)
        is_default = ctx.get_parameter_source(param.name) in (ParameterSource.DEFAULT, None)
        if is_default:
            others.append(f"# {_key(param)} = {'' if value is None else _toml(value)}".rstrip(" ="))
        else:
            given.append(f"{_key(param)} = {_toml(value)}")
    return "\n".join([f"[{ctx.command.name}]", *given, *others, ""])


def _toml(value: Any) -> str:
    import json

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(str(value))
