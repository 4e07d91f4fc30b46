"""Only ``reading.py`` decodes, and no path reaches OpenCV."""

import ast

import pytest

from tests.source_trees import nodes_of

BANNED = {
    "imread",
    "imreadmulti",
    "imreadanimation",
    "imreadWithMetadata",
    "imcount",
    "imwrite",
    "imwritemulti",
    "imwriteanimation",
    "imwriteWithMetadata",
    "haveImageReader",
    "haveImageWriter",
    "VideoCapture",
    "VideoWriter",
    "FileStorage",
}
DECODE = {"imdecode", "imdecodemulti", "imdecodeanimation", "imdecodeWithMetadata"}


def uses(source, names):
    """Lines where a module takes one of the names from cv2, by attribute or by import."""
    lines = []
    for node in nodes_of(source):
        if isinstance(node, ast.Attribute) and node.attr in names:
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id.startswith("cv"):
                lines.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cv2"):
            lines += [node.lineno for alias in node.names if alias.name in names]
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") == "getattr"
            and len(node.args) > 1
            and isinstance(node.args[1], ast.Constant)
            and node.args[1].value in names
        ):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize(
    "source",
    [
        "import cv2\ncv2.imread('a')",
        "import cv2 as cv\ncv.imread('a')",
        "from cv2 import imread as r",
        "import cv2\nf = getattr(cv2, 'imread')",
    ],
)
def test_the_check_sees(source):
    assert uses(source, BANNED)


@pytest.mark.slow
def test_no_banned_call(root):
    modules = [path for top in ("cvclassic", "cli") for path in (root / top).rglob("*.py")]
    assert len(modules) > 10
    for path in modules:
        source = path.read_text(encoding="utf-8")
        # text in memory, which is checked before
        cascades = path == root / "cvclassic" / "cascade" / "loading.py"
        banned = [name for name in BANNED if not (cascades and name == "FileStorage")]
        assert uses(source, banned) == [], path
        if path != root / "cvclassic" / "images" / "reading.py":
            assert uses(source, DECODE) == [], path
    assert uses((root / "cvclassic/images/reading.py").read_text(encoding="utf-8"), DECODE)
