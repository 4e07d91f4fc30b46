"""The page of moments of videos."""

from __future__ import annotations

import pytest

from cvclassic.draw import draw_timeline, timeline_figure
from cvclassic.report import Clip, Moment, write_moments_page
from tests.images.clips import numbered, write_clip

pytest.importorskip("av")


def test_moments_have_frames_and_texts_are_escaped(tmp_path) -> None:
    clip = tmp_path / "a <b>.mp4"
    write_clip(clip, numbered(20))
    moments = [Moment("<i>Ann</i>", 0.0, 0.2, 0.12, 5), Moment("Bob", 0.3, 0.9, 0.6, 12)]
    clips = [
        Clip(str(clip), 0.0, 0.9, moments),
        Clip(str(tmp_path / "gone.mp4"), 0.0, 1.0, moments[1:]),
        Clip("camera:0", 0.0, 1.0, []),
    ]
    path = tmp_path / "p.html"
    size = write_moments_page(path, clips, title="Who", lead="When.", what="name")
    page = path.read_text()
    assert size == path.stat().st_size
    assert page.count("data:image/") == 2  # what is gone has no frame
    assert "<i>Ann" not in page
    assert "&lt;i&gt;Ann" in page
    assert page.count('class="chart timeline"') == 2
    assert "There is nothing to show." in page
    write_moments_page(path, clips, title="Who", lead="When.", what="why", timeline=False)
    assert "chart timeline" not in path.read_text()


def test_timelines_have_a_row_for_each_name() -> None:
    spans = [("b", 1.0, 2.0), ("a" * 50, 0.0, 1.0), ("b", 3.0, 3.0)]
    drawn = draw_timeline(spans, 0.0, 4.0, "who")
    assert drawn.count("<rect") == 3
    axes = timeline_figure(spans, 0.0, 4.0).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a" * 30, "b"]
    assert draw_timeline([], 0.0, 0.0).count("<rect") == 0
