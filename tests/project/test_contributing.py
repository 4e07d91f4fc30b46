"""The worked examples of CONTRIBUTING.md are tried as they stand there."""

import doctest
import importlib
import re
import types
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def example(path: str) -> types.ModuleType:
    """The module of the code block that follows the name of its file."""
    code = re.search(rf"`{re.escape(path)}`:\n\n```python\n(.*?)```", TEXT, re.DOTALL)
    assert code, path
    name = path.removesuffix(".py").replace("/", ".")
    module = types.ModuleType(name)
    module.__package__ = name.rpartition(".")[0]
    importlib.import_module(module.__package__)
    exec(compile(code[1], path, "exec"), vars(module))
    assert not doctest.testmod(module).failed
    return module


def line(pattern: str) -> tuple[str, ...]:
    """Parts of a line for a table."""
    found = re.search(pattern, TEXT)
    assert found, pattern
    return found.groups()


def test_a_describer() -> None:
    from cvclassic.encode import BagOfWords
    from tests import checks

    made = example("cvclassic/describe/brightness.py").Brightness
    for size in ((1, 1), (7, 30), (64, 50, 3)):
        features = made().describe(np.full(size, 90, np.uint8))
        assert len(features) == (size[0] // 8) * (size[1] // 8)
        assert (features.descriptors == 90).all()
    assert BagOfWords(made(), n_words=4).fit_transform(checks.pictures(4)).shape[0] == 4
    with pytest.raises(ValueError, match="step"):
        made(step=1).describe(np.zeros((9, 9), np.uint8))


def test_a_kernel(monkeypatch) -> None:
    from cvclassic.filters import get_kernel, kernel_names, kernels

    made = example("cvclassic/filters/disc.py")
    monkeypatch.setitem(__import__("sys").modules, "cvclassic.filters.disc", made)
    name, entry, text = line(r'`"(\w+)": \("([\w:]+)", "([\w ]+)"\),`')
    monkeypatch.setitem(kernels._BUILDERS, name, (entry, text))
    assert kernel_names()["disc"] == "mean over a disc"
    assert get_kernel("disc", radius=1).astype(bool).tolist() == [
        [False, True, False], [True, True, True], [False, True, False]
    ]  # fmt: skip


def test_an_output_format(monkeypatch, tmp_path) -> None:
    from cvclassic.batch import Column, Record
    from cvclassic.batch.outputs import writers
    from cvclassic_cli.shared.outputs import RecordsFile

    made = example("cvclassic/batch/outputs/markdown.py")
    monkeypatch.setitem(__import__("sys").modules, "cvclassic.batch.outputs.markdown", made)
    name, entry = line(r'`"(\w+)": "(markdown:\w+)",`')
    monkeypatch.setitem(writers.TEXT_FORMATS, name, entry)
    monkeypatch.setitem(writers._SUFFIXES, name, name)
    out = tmp_path / "a.md"
    columns = (Column("n", "integer"), Column("found", "json"))
    with writers.open_writer(out, writers.format_of(out), columns) as writer:
        writer.write(Record("a|b.png", "ok", values={"n": 2, "found": [1, 2]}))
    assert out.read_text().splitlines() == [
        "| path | status | code | message | n | found |",
        "| --- | --- | --- | --- | --- | --- |",
        r"| a\|b.png | ok |  |  | 2 | [1, 2] |",
    ]
    assert RecordsFile().holds(str(out))
    out.write_text("# My notes\n")
    assert not RecordsFile().holds(str(out))
