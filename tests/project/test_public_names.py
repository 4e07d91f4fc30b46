"""What users may build on stands in public_names.txt: a change of it is a decision."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {
    room: names.split()
    for room, _, names in (
        line.partition(":")
        for line in Path(__file__).with_name("public_names.txt").read_text().splitlines()
    )
}


def rooms() -> list[str]:
    """Packages that have a stub, by their names below ``cvclassic``."""
    stubs = (ROOT / "cvclassic").glob("*/**/__init__.pyi")
    return sorted(".".join(stub.parent.relative_to(ROOT / "cvclassic").parts) for stub in stubs)


@pytest.mark.parametrize("room", rooms())
def test_public_names_are_those_promised(room: str) -> None:
    found = sorted(importlib.import_module(f"cvclassic.{room}").__all__)
    assert found == sorted(PROMISED.get(room, [])), (
        f"cvclassic.{room} exports other names than tests/project/public_names.txt says. "
        "What goes away is deprecated first; for what is new, add it there and to CHANGELOG.md."
    )


def test_every_name_in_the_guide_is_promised() -> None:
    pages = [
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs").glob("gallery/**/*.py"),
    ]
    found = []
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for room, several, single in re.findall(
            r"^(?:>>> )?from cvclassic\.([\w.]+) import (?:\(([^)]*)\)|([^\n(#]*))",
            text,
            re.MULTILINE,
        ):
            names = re.findall(r"(\w+)(?: as \w+)?", several or single)
            found += [f"{page.name}: {room}.{n}" for n in names if n not in PROMISED.get(room, [n])]
    assert not found, "\n".join(found)
