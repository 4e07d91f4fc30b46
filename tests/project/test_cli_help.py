"""Every command has help, an example, and a word on every option."""

from collections.abc import Iterator

import click
import pytest

pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")

from click.testing import CliRunner

from cvclassic_cli.main import COMMANDS, main


def commands(words: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    """The command that the words call, and all commands below it."""
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None, words
        command = found
    yield words, command
    if words and isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from commands([*words, name])


@pytest.mark.parametrize(
    "words", [[], *([name] for name in COMMANDS)], ids=lambda words: " ".join(words) or "(none)"
)
def test_help(words: list[str]) -> None:
    for path, command in commands(words):
        call = " ".join(["cvclassic", *path])
        done = CliRunner().invoke(main, [*path, "--help"], prog_name="cvclassic")
        assert done.exit_code == 0, done.output
        assert command.help, f"{call} has no help"
        text, found, example = done.output.partition("Example")
        assert found, f"the help of {call} has no Example"
        lines = example.partition("Options:")[0].splitlines()
        assert not path or any(f"{line.strip()} ".startswith(f"{call} ") for line in lines), (
            f"no line of the example of {call} starts with it"
        )
        assert text.strip()
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help, f"{call} {option.opts[-1]} has no help"


def test_the_list_shows_every_command() -> None:
    done = CliRunner().invoke(main, ["--help"])
    listed = done.output.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)


def test_lines_in_the_list_are_not_cut() -> None:
    for _, line in COMMANDS.values():
        assert len(line) <= 66
        assert line.endswith(".")
