"""What the site is made from: generated pages, links, words, and that nothing is loaded."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def generated():
    """The module that writes pages from the code."""
    path = DOCS / "extensions" / "generated_pages.py"
    spec = importlib.util.spec_from_file_location("generated_pages", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_has_a_page(generated) -> None:
    import cvclassic

    pages = generated.reference()
    for room in generated.rooms():
        assert f"reference/{room}.rst" in pages
        for name, found in generated.public_names(room).items():
            if callable(found):
                assert ".. auto" in pages[f"reference/api/cvclassic.{room}.{name}.rst"]
    assert set(generated.rooms()) <= set(cvclassic.__all__)


def test_methods_of_scikit_learn_are_left_to_it(generated) -> None:
    from cvclassic.encode import BagOfWords

    methods = generated._own_methods(BagOfWords)
    assert "fit" in methods
    assert "get_metadata_routing" not in methods


def test_every_command_and_option_has_its_place(generated) -> None:
    pytest.importorskip("cvclassic_cli", reason="cvclassic is not installed (./dev setup)")
    from cvclassic_cli.main import COMMANDS

    pages = generated.commands()
    for name in COMMANDS:
        assert f"commands/{name}.md" in pages
    assert "`-o, --output PATH`" in pages["commands/teach.md"]
    assert "## cvclassic faces detect" in pages["commands/faces.md"]
    assert "```text\nExample" not in pages["commands/teach.md"]


def test_the_benchmarks_page_names_every_benchmark_and_result(generated) -> None:
    page = generated.benchmarks()["benchmarks.md"]
    for path in (DOCS.parent / "benchmarks" / "results").glob("*.json"):
        if not path.stem.endswith("-quick"):
            assert f"`{path.name}`" in page
    assert "`accuracy`" in page


def test_links_between_pages_lead_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        if {"generated", "_build"} & set(page.relative_to(DOCS).parts):
            continue
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if target.startswith(("http:", "https:", "mailto:", "generated/")):
                continue
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_of_the_guide_is_in_a_list_of_contents() -> None:
    listed = set()
    for name in ("index", "guide", "project"):
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        for block in re.findall(r"```\{toctree\}(.*?)```", text, re.DOTALL):
            listed |= {line.rpartition("<")[2].rstrip(">").strip() for line in block.splitlines()}
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    assert pages <= listed, f"in no list of contents: {sorted(pages - listed)}"


def test_spelling() -> None:
    pytest.importorskip("codespell_lib", reason="codespell is not installed")
    root = DOCS.parent
    sources = [*DOCS.glob("*.md"), *DOCS.glob("decisions/*.md"), *DOCS.glob("gallery/*/*.py")]
    sources += [
        *root.glob("*.md"),
        *(root / "cli").rglob("*.py"),
        *(root / "cvclassic").rglob("*.py"),
    ]
    words = "nd,fo,ot,mot,lins,hart,caf"
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", "--ignore-words-list", words, *sources],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""


def test_the_built_site_loads_nothing() -> None:
    """`./dev docs` fails at any warning by itself; this looks at what it has made."""
    out = DOCS / "_build" / "html"
    if not (out / "index.html").is_file():
        pytest.skip("the site is not built (./dev docs)")
    loads = re.compile(
        r"<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=\"(https?:|//)[^\"]*"
    )
    for page in out.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page.relative_to(out)
    for name in ("index", "getting-started", "generated/gallery/index", "play"):
        assert (out / f"{name}.html").is_file()
