"""Training curves and contact sheets."""

import numpy as np
import pytest

from cvclassic.classify import MLPClassifier
from cvclassic.draw import contact_sheet, draw_curve, sparkline
from cvclassic.errors import ParameterError
from cvclassic.images import read_image
from tests.checks import vectors


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"calibrate": False, "early_stopping": False}])
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_curve(tmp_path, params, suffix) -> None:
    head = MLPClassifier((4,), max_iter=5, **params).fit(*vectors())
    path = tmp_path / f"curve.{suffix}"
    draw_curve(head.epochs_, path)
    if suffix == "png":
        assert read_image(path).std() > 5
    else:
        assert path.read_bytes().startswith(b"<?xml")


def test_curve_messages(tmp_path) -> None:
    with pytest.raises(ParameterError, match="curve must end in"):
        draw_curve([], tmp_path / "curve.txt")
    with pytest.raises(ParameterError, match="at least one epoch"):
        draw_curve([], tmp_path / "curve.png")


def test_sparkline() -> None:
    assert sparkline([]) == ""
    assert sparkline([2.0]) == "▁"
    line = sparkline([5, 4, float("nan"), 1])
    assert len(line) == 3
    assert (line[0], line[-1]) == ("█", "▁")
    assert len(sparkline(range(100), width=10)) == 10


def test_sheet_keeps_pixels_square_and_proportions() -> None:
    small = np.zeros((10, 5), np.uint8)
    wide = np.zeros((100, 400, 3), np.uint8)
    sheet = contact_sheet([small, wide], columns=2, side=40, gap=0)
    assert sheet.shape == (40, 80, 3)
    assert (sheet[:, :40].min(axis=2) == 0).sum() == 40 * 20
    assert (sheet[:, 40:].min(axis=2) == 0).sum() == 10 * 40
    with pytest.raises(ParameterError, match="at least one image"):
        contact_sheet([])
