"""The version stands in three places, and the day in two; they agree."""

import re
from pathlib import Path

import cvclassic

ROOT = Path(__file__).resolve().parents[2]
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def sections() -> list[tuple[str, str | None, str]]:
    """Version, day and text of each section of the change log."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.split(r"^## \[([\w.]+)\](?: - (\d{4}-\d\d-\d\d))?\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::3], parts[2::3], parts[3::3], strict=True))


def test_the_newest_release_is_the_version_everywhere() -> None:
    first, newest = sections()[:2]
    assert first[:2] == ("Unreleased", None)
    assert newest[0] == cvclassic.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {newest[0]}\n" in citation
    assert f"\ndate-released: {newest[1]}\n" in citation


def test_sections_have_the_usual_headings_once() -> None:
    for version, _, text in sections():
        found = re.findall(r"^### (\w+)$", text, re.MULTILINE)
        assert found == [kind for kind in KINDS if kind in found], version
        entries = re.findall(r"^- (.{60})", text, re.MULTILINE)
        assert len(set(entries)) == len(entries), version
