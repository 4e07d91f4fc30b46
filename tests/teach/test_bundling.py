"""Modules joined into a script, the page around it, and the command that writes it."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from cvclassic.errors import DataError, ParameterError
from cvclassic.teach import build_teaching_page, bundle, write_teaching_page
from cvclassic.teach.building import read_modules

SAMPLES = Path(__file__).resolve().parents[2] / "sample_images"


def test_modules_come_after_what_they_import() -> None:
    modules = {
        "a/x.js": 'import { y } from "../b/y.js";\nimport { z } from "./z.js";\n'
        "export const x = y + z;\n",
        "b/y.js": 'import { z } from "../a/z.js";\nexport function y() { return z; }\n',
        "a/z.js": "export const z = 1;\n",
        "unused.js": "export const never = 1;\n",
    }
    script = bundle(modules, "a/x.js")
    places = [script.index(f'modules["{name}"] = ') for name in ("a/z.js", "b/y.js", "a/x.js")]
    assert places == sorted(places)
    assert "never" not in script


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('import { a } from "./gone.js";\n', "gone.js: not found"),
        ('import { b } from "./other.js";\n', "does not export"),
        ('import { entry } from "./circle.js";\n', "import each other"),
        ('import all from "./other.js";\n', "of another kind"),
        ("export default 3;\n", "of another kind"),
        ('const text = "</SCRIPT>";\n', "</script"),
    ],
)
def test_what_a_bundle_cannot_hold_is_an_error(source, message) -> None:
    modules = {
        "entry.js": source + "export const entry = 1;\n",
        "other.js": "export const a = 1;\n",
        "circle.js": 'import { entry } from "./entry.js";\nexport const c = 1;\n',
    }
    with pytest.raises(DataError, match=message):
        bundle(modules, "entry.js")


def test_every_module_of_the_page_is_used() -> None:
    script = bundle(read_modules(SAMPLES), "app.js")
    unused = [name for name in read_modules(SAMPLES) if f'modules["{name}"] = ' not in script]
    assert not unused


def test_the_policy_names_script_and_style_by_their_hash() -> None:
    page = build_teaching_page(SAMPLES)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy
    assert len(page) < 1_000_000
    assert not re.search(r"https?://", page.replace("http://www.w3.org", ""))


def test_only_a_page_of_its_own_is_replaced(tmp_path) -> None:
    path = tmp_path / "teach.html"
    assert write_teaching_page(path, SAMPLES) == path.stat().st_size
    write_teaching_page(path, SAMPLES)
    path.write_text("<p>mine</p>", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"teach\.html"):
        write_teaching_page(path, SAMPLES)
    with pytest.raises(ParameterError, match=r"\.html"):
        write_teaching_page(tmp_path / "teach.txt", SAMPLES)


def test_the_command_writes_the_page(tmp_path) -> None:
    from click.testing import CliRunner

    from cvclassic_cli.commands.teach import teach

    path = tmp_path / "lesson.html"
    result = CliRunner().invoke(teach, ["-o", str(path)])
    assert result.exit_code == 0
    assert result.output.startswith(f"Wrote {path} (0.")
    assert path.read_text(encoding="utf-8") == build_teaching_page(SAMPLES)
