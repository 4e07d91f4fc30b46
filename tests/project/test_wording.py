"""The few rules of style that a machine can check; the rest is read by eye."""

import ast
import re
from pathlib import Path

import pytest

from tests.source_trees import nodes_of

ROOT = Path(__file__).resolve().parents[2]

# what reads like a translation -> what to write
BANNED = {
    r"\bpictures?\b": "image",
    r"\b(images|words|samples|patches|pixels) an? (class|image|face|side|sample|person)\b": "per",
    r"\bms an? (image|query|frame)\b": "ms per image",
    r"\bis gone on with\b|\bare gone on with\b": "is resumed",
    r"\bhangs? on\b": "depends on",
    r"\b[Ss]urest\b": "most confident",
    r"\bspeaks? (for|against)\b|\bspoke (for|against)\b": "evidence for",
    r"\btaken for\b": "predicted as",
    r"\b[Nn]obody\b": "no model, no one",
    r"\bcomes? along\b|\bbrought along\b": "bundled",
    r"\bof the truth\b": "of the true class",
    r"\b[Aa]t most so many\b": "maximum number of",
    r"\bcolour|\bgrey\b|\bneighbour|\bnormalis|\bstandardis|\bcentre\b|\brecognis": "American",
}
PERCENT = re.compile(r"\d[\d.]* %(?![\w(%{]| \()|\} %(?!\})")
# identifiers, options and files that are called so
NAMES = re.compile(
    r"--pictures|pictures=|[\w./]*_pictures?\w*|small-pictures|for-pictures|`[^`]*`|picture\.jpg"
)


def python_texts(path: Path) -> list[tuple[int, str]]:
    """Messages and help texts: strings with blanks that are no docstrings of the code."""
    nodes = nodes_of(path.read_text(encoding="utf-8"))
    docs = set()
    for node in nodes:
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            docs.add(id(body[0].value))
    found = []
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            parts = [n.value if isinstance(n, ast.Constant) else "{}" for n in node.values]
            found.append((node.lineno, "".join(map(str, parts))))
        elif isinstance(node, ast.Constant) and id(node) not in docs:
            text = node.value
            if isinstance(text, str) and " " in text:
                found.append((node.lineno, text))
    return found


def prose(path: Path) -> list[tuple[int, str]]:
    """Lines of a page, without blocks of code."""
    found, code = [], False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            code = not code
        elif not code:
            found.append((number, line))
    return found


def template_texts(path: Path) -> list[tuple[int, str]]:
    """What a page says: its text outside of tags, and quoted words inside of them."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        quoted = [
            text
            for block in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", line)
            for text in re.findall(r'"([^"]* [^"]*)"', block)
        ]
        found += [(number, text) for text in quoted]
        found.append((number, re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", "", line)))
    return found


def all_texts() -> list[tuple[str, int, str]]:
    """Every text that users read."""
    texts = []
    for folder in ("cli", "cvclassic"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            texts += [(path, *found) for found in python_texts(path)]
        for path in sorted((ROOT / folder).rglob("*.j2")):
            texts += [(path, *found) for found in template_texts(path)]
    for path in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]:
        texts += [(path, *found) for found in prose(path)]
    return [(str(path.relative_to(ROOT)), number, text) for path, number, text in texts]


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, int, str]]:
    return all_texts()


@pytest.mark.parametrize("phrase", BANNED)
def test_no_text_has_a_phrase_that_is_not_english(texts, phrase) -> None:
    wrong = [
        f"{path}:{number}: {text.strip()[:90]}"
        for path, number, text in texts
        if re.search(phrase, NAMES.sub("", text))
    ]
    assert not wrong, f"write {BANNED[phrase]!r} instead:\n" + "\n".join(wrong)


def test_percentages_have_no_space(texts) -> None:
    wrong = [
        f"{path}:{number}: {text.strip()[:90]}"
        for path, number, text in texts
        if not path.endswith(".j2") and PERCENT.search(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_whatever_is_written_is_said_by_one_helper() -> None:
    """``Wrote x.html (0.3 MB)`` comes from cli/shared/outputs.py."""
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {text}"
        for path in sorted((ROOT / "cli").rglob("*.py"))
        if path.name != "outputs.py"
        for number, text in python_texts(path)
        if text.startswith("Wrote {}") and " to " not in text
    ]
    assert not wrong, "\n".join(wrong)


def test_counts_go_through_the_plural_helper() -> None:
    """``1 images`` is wrong, and so is a rule of its own in each message."""
    own = re.compile(r"'s' \* \(|'' if \w+ == 1 else '|\"\" if \w+ == 1 else \"")
    many = re.compile(
        r"\{(len\([\w.]+\)|n|n_\w+)(:,)?\} (images|queries|objects|faces|files|shots|tracks)\b"
    )
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "cli").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if own.search(line) or (many.search(line) and " of {" not in line)
    ]
    assert not wrong, "\n".join(wrong)
