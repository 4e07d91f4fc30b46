"""``cvclassic completion``: scripts that shells understand."""

import os
import shutil
import subprocess

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_completes_cvclassic(in_process, shell, tmp_path) -> None:
    done = in_process("completion", shell)
    assert done.returncode == 0
    assert "_CVCLASSIC_COMPLETE" in done.stdout
    program = shutil.which(shell)
    if program is not None:
        script = tmp_path / "script"
        script.write_text(done.stdout)
        subprocess.run([program, "-n", script], check=True)


def test_commands_and_options_are_completed() -> None:
    from click.shell_completion import BashComplete

    from cvclassic_cli.main import main

    complete = BashComplete(main, {}, "cvclassic", "_CVCLASSIC_COMPLETE")
    assert {"train", "classify"} <= {one.value for one in complete.get_completions([], "")}
    assert "--recipe" in {one.value for one in complete.get_completions(["train"], "--re")}


def test_another_shell_is_a_usage_error(in_process) -> None:
    assert in_process("completion", "tcsh" + os.sep).returncode == 2
