"""Examples of the gallery run; a few always, all of them with ``./dev test --all``."""

import re
import runpy
import warnings
from pathlib import Path

import pytest

GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"
EXAMPLES = sorted(GALLERY.glob("*/plot_*.py"))
QUICK = {
    "classify/plot_08_augment",
    "data/plot_01_audit",
    "detect/plot_02_blobs",
    "detect/plot_03_corners",
    "faces/plot_03_integral",
    "features/plot_01_kernels",
    "features/plot_07_lbp",
    "learn/plot_04_kernel_map",
}


def name_of(path: Path) -> str:
    """Subject and name of an example."""
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, id=name_of(path), marks=[] if name_of(path) in QUICK else pytest.mark.slow
        )
        for path in EXAMPLES
    ],
)
def test_an_example_runs_and_draws(path, tmp_path, monkeypatch) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    plt.close("all")
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        runpy.run_path(str(path), run_name="__main__")
    assert plt.get_fignums(), "the example draws nothing"
    plt.close("all")
    assert not list(tmp_path.iterdir()), "the example leaves files behind"


def test_there_are_enough_examples_and_each_begins_with_a_title() -> None:
    assert len(EXAMPLES) >= 30
    assert {name_of(path) for path in EXAMPLES} >= QUICK
    titles = set()
    for path in EXAMPLES:
        source = path.read_text(encoding="utf-8")
        found = re.match(r'"""\n(.+)\n(=+)\n\n(.+)', source)
        assert found, f"{path} does not begin with a title and a sentence"
        assert len(found[1]) == len(found[2]), path
        titles.add(found[1])
        # short enough to be read on a page
        assert len(source.splitlines()) <= 75, path
        assert "shared" not in source
        assert "http" not in source, f"{path} must run without network"
    assert len(titles) == len(EXAMPLES)


def test_every_subject_has_a_place_and_a_heading() -> None:
    order = runpy.run_path(str(GALLERY.parent / "extensions" / "gallery_order.py"))["SUBJECTS"]
    folders = {path.parent.name for path in EXAMPLES}
    assert folders == set(order)
    assert all((GALLERY / folder / "README.rst").is_file() for folder in folders)
