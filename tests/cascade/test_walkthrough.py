"""The tutorial in docs/cascade.md does what it says."""

import json
import re
import shlex
import subprocess
import sys

import pytest

pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")


@pytest.mark.slow
def test_walkthrough(root, tmp_path, monkeypatch) -> None:
    from click.testing import CliRunner

    from cvclassic_cli.main import main

    page = (root / "docs" / "cascade.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(# make_signs\.py\n.*?)```", page, re.DOTALL)
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"<!-- run:begin -->(.*?)<!-- run:end -->", page, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    assert len(lines) == 4
    said = []
    for line in lines:
        words = shlex.split(line)
        assert words[:2] == ["cvclassic", "cascade"]
        more = ["--json", "scores.json"] if words[2] == "evaluate" else []
        done = CliRunner().invoke(main, [*words[1:], *more])
        assert done.exit_code == 0, done.output
        said.append(done.output)
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["recall"] >= 0.9
    assert scores["precision"] >= 0.9
    assert "passes all" in said[2]
    assert "rejected by stage" in said[3]
    assert (tmp_path / "curve.png").stat().st_size
