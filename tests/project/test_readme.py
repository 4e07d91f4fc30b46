"""The commands in README.md work.

Every ``cvclassic ...`` line of a ``sh`` block, and every ``$ cvclassic ...`` line of a ``console``
block, is run in order in one folder where ``sample_images`` lies. A line that needs images of
the reader's own, or far too long, is not run when it ends in ``# not run: <why>``, or when
``<!-- not run: <why> -->`` stands before its block; its command and options are still checked.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import click
import pytest

FENCE = re.compile(
    r"(?P<marker><!-- *not run:[^\n]*-->\s*)?"
    r"^(?P<indent> *)```(?P<language>sh|console)\n(?P<text>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)


class Line(NamedTuple):
    """One command of the README."""

    text: str
    run: bool


def lines_of(readme: str) -> list[Line]:
    """The commands in the blocks of a README, with their continuation lines."""
    found = []
    for block in FENCE.finditer(readme):
        text = block["text"].replace("\\\n", " ")
        for raw in text.splitlines():
            line = raw.strip()
            if block["language"] == "console":
                if not line.startswith("$ "):
                    continue
                line = line[2:].strip()
            command, _, comment = line.partition(" # ")
            if command and not command.startswith("#"):
                skip = block["marker"] or comment.startswith("not run:")
                found.append(Line(" ".join(shlex.split(command, posix=False)), not skip))
    return found


@pytest.fixture(scope="module")
def lines(root: Path) -> list[Line]:
    """The commands of our README."""
    return lines_of((root / "README.md").read_text(encoding="utf-8"))


def calls(line: Line) -> list[list[str]]:
    """The arguments of each call of cvclassic in a line, without pipes and redirections."""
    lexer = shlex.shlex(line.text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[list[str]] = [[]]
    skip = False
    for token in lexer:
        if set(token) <= set("|&;()"):
            words.append([])
        elif set(token) <= set("<>"):
            skip = True
        elif skip:
            skip = False
        else:
            words[-1].append(token)
    return [call[1:] for call in words if call and call[0] == "cvclassic"]


def test_command_names_and_options_exist(lines: list[Line]) -> None:
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    from cvclassic_cli.main import main

    for line in lines:
        for args in calls(line):
            check_call(main, args, line.text)


def check_call(group: click.Command, args: list[str], text: str) -> None:
    """Parse the words of a call as its command would, without looking at any file."""
    command, context = group, click.Context(group, info_name="cvclassic")
    try:
        while isinstance(command, click.Group) and args and not args[0].startswith("-"):
            found = command.get_command(context, args[0])
            assert found is not None, f"README: no command {args[0]}: {text}"
            context = click.Context(found, parent=context, info_name=args[0])
            command, args = found, args[1:]
        command.make_parser(context).parse_args(list(args))
    except click.UsageError as error:
        pytest.fail(f"README: {error.format_message()}: {text}")


def test_dev_commands_exist(lines: list[Line], root: Path) -> None:
    done = subprocess.run([root / "dev", "help"], capture_output=True, text=True, check=True)
    known = re.findall(r"^  (\w+) ", done.stdout, re.MULTILINE)
    for line in lines:
        words = line.text.split()
        if words[0] == "./dev":
            assert words[1] in known, line.text


@pytest.mark.slow
def test_commands_run(
    lines: list[Line], root: Path, tmp_path: Path, cli_on_path: str, monkeypatch
) -> None:
    """In a shell where a line needs one; else without a second's start of a new process each."""
    from click.testing import CliRunner

    from cvclassic_cli.main import main

    (tmp_path / "sample_images").symlink_to(root / "sample_images")
    monkeypatch.chdir(tmp_path)
    for line in lines:
        if not (line.run and calls(line)):
            continue
        if line.text.startswith("cvclassic ") and not set("|&;()<>*$") & set(line.text):
            result = CliRunner().invoke(main, shlex.split(line.text)[1:])
            assert result.exit_code == 0, f"README: {line.text}\n{result.output}"
        else:
            done = subprocess.run(
                ["sh", "-c", line.text],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env={**os.environ, "PATH": cli_on_path},
                timeout=300,
            )
            assert done.returncode == 0, f"README: {line.text}\n{done.stderr}"


def test_how_commands_are_found() -> None:
    text = """
Text with `cvclassic nothing`.

```sh
./dev demo   # takes a minute
cvclassic train photos \\
    -o "my model"   # not run: needs your photos
# a comment
```

```console
$ cvclassic info "my model" | head > out.txt
recipe  sift-bow
```

<!-- not run: long -->
```sh
cvclassic evaluate m
```

```python
cvclassic = 1
```
"""
    assert lines_of(text) == [
        Line("./dev demo", True),
        Line('cvclassic train photos -o "my model"', False),
        Line('cvclassic info "my model" | head > out.txt', True),
        Line("cvclassic evaluate m", False),
    ]
    assert [calls(line) for line in lines_of(text)] == [
        [],
        [["train", "photos", "-o", "my model"]],
        [["info", "my model"]],
        [["evaluate", "m"]],
    ]


def test_wrong_commands_are_found() -> None:
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    from cvclassic_cli.main import main

    check_call(main, ["doctor", "--json"], "")
    for wrong in (["nonsense"], ["doctor", "--nonsense"], ["--nonsense"]):
        with pytest.raises((AssertionError, pytest.fail.Exception), match="README"):
            check_call(main, wrong, "")


def test_figures_are_those_of_the_results(root: Path) -> None:
    """`python -m benchmarks readme` would change nothing that comes from results."""
    from benchmarks.readme import IN_README, fill

    text = (root / "README.md").read_text(encoding="utf-8")
    assert fill(text, IN_README) == text
    for name in IN_README:
        assert f"<!-- generated: {name} -->" in text


def test_tables_in_the_docs_are_those_of_the_results(root: Path) -> None:
    """`python -m benchmarks vision_docs` would change nothing, and no table is missing."""
    from benchmarks.vision_docs import BLOCKS, block, fill

    for page in {home for _, home, _ in BLOCKS.values()}:
        text = (root / "docs" / page).read_text(encoding="utf-8")
        assert fill(page, text) == text, f"docs/{page}: run python -m benchmarks vision_docs"
        for name, (_, home, _) in BLOCKS.items():
            if home == page:
                assert block(name) in text


def test_the_comparison_is_that_of_the_results(root: Path) -> None:
    """`python -m benchmarks comparison` would change nothing."""
    from benchmarks.comparison import fill

    text = (root / "docs" / "comparison.md").read_text(encoding="utf-8")
    assert fill(text) == text, "run python -m benchmarks comparison"
