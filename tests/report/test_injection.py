"""Names that are markup or terminal commands: shown, never obeyed."""

import re
import subprocess

import numpy as np
import pytest

from cvclassic.comparison import Contest, advise
from cvclassic.evaluate import Predictions, compare_predictions
from cvclassic.explain.words import VisualWord
from cvclassic.images import write_image
from cvclassic.report import words_page, write_compare_page
from cvclassic.report.comparison_page import VersusReport, write_versus_page

EVIL = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
BELL = "\x1b]0;owned\x07\x1b[31mred"


def assert_harmless(page: str) -> None:
    """No markup of ours, no control character, and a policy that lets nothing run."""
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror" in page
    assert "{{7*7}}" in page
    assert "\x1b" not in page
    assert "\x07" not in page
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe-eval" not in policy[1]


def answers(names: list[str]) -> dict[str, Predictions]:
    truth = [EVIL, BELL] * 6
    paths = [f"{EVIL}{i}{BELL}.png" for i in range(12)]
    return {
        name: Predictions(paths, truth, truth if i == 0 else [EVIL] * 12, [EVIL, BELL])
        for i, name in enumerate(names)
    }


def test_compare_page(tmp_path) -> None:
    seen = answers([EVIL, BELL])
    found = compare_predictions(list(seen), list(seen.values()))
    extras = [{"file": n, "n_bytes": 1, "ms_per_image": 1.0, "n_failed": 0} for n in seen]
    write_compare_page(tmp_path / "c.html", found, extras, [(EVIL, "corrupt", BELL)])
    assert_harmless((tmp_path / "c.html").read_text())


def test_versus_page(tmp_path) -> None:
    seen = answers(["fast", f"{EVIL}{BELL}.csv"])
    advice = advise(seen, {})
    report = VersusReport(
        name=EVIL + BELL,
        n_train=9,
        contest=Contest(),
        answers=seen,
        advice=advice,
        comparison=compare_predictions(list(seen), list(seen.values())),
        test_images=[np.zeros((20, 20), np.uint8)] * 12,
        budget=1,
        failures=[(EVIL, "corrupt", BELL)],
        command=f"cvclassic versus-cnn {BELL}",
    )
    write_versus_page(tmp_path / "v.html", report)
    assert_harmless((tmp_path / "v.html").read_text())


def test_words_page() -> None:
    patch = [np.zeros((16, 16), np.uint8)]
    word = VisualWord(1, 0, 3, patch, np.array([0.5, -0.5]))
    assert_harmless(words_page([word], [EVIL, BELL], title=EVIL + BELL))


@pytest.fixture
def evil_folder(tmp_path):
    folder = tmp_path / "data"
    for i, name in enumerate((BELL.replace("/", ""), "b\x1b[2J")):
        (folder / name).mkdir(parents=True)
        for k in range(4):
            pixels = np.random.default_rng(10 * i + k).integers(0, 255, (32, 32), np.uint8)
            write_image(folder / name / f"{k}\x1b[2J.png", pixels // (1 + i))
        (folder / name / "broken\x1b[2J.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


@pytest.mark.slow
def test_messages_obey_no_terminal_commands(evil_folder, tmp_path) -> None:
    """Class names and paths with escape sequences, in what train and evaluate say."""
    from tests.command_line import command

    train = ["train", evil_folder, "-o", tmp_path / "m", "--recipe", "pixels", "--head", "ridge"]
    for words in (train, ["evaluate", tmp_path / "m", evil_folder], ["info", tmp_path / "m"]):
        done = subprocess.run([*command(), *map(str, words)], capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert "x1b" in done.stdout + done.stderr
    assert "\x1b" not in (tmp_path / "m.html").read_text()
