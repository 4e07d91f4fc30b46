"""The video commands, and videos as a source of other commands, as a user calls them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cvclassic.images import read_frames, read_image, write_image
from tests.images.clips import write_clip
from tests.video.test_shots import pan

pytest.importorskip("av")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("video") / "two shots.mp4"
    write_clip(path, pan(0, 30, 10) + pan(1, 25, 90))
    return path


@pytest.mark.slow
def test_shots(cvclassic, clip, tmp_path) -> None:
    outputs = ("--sheet", "s.png", "--edl", "x.edl", "--csv", "-", "--split", "parts")
    done = cvclassic("video", "shots", str(clip), *outputs, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["transition"], row["first"], row["last"]) for row in rows] == [
        ("", "0", "29"),
        ("cut", "30", "54"),
    ]
    assert "2 shots" in done.stderr
    assert "00:00:01:05" in (tmp_path / "x.edl").read_text()
    parts = sorted((tmp_path / "parts").iterdir())
    assert [len(list(read_frames(part))) for part in parts] == [30, 25]
    assert (tmp_path / "s.png").stat().st_size > 1000


@pytest.mark.slow
def test_track_and_motion(cvclassic, clip, tmp_path) -> None:
    done = cvclassic("video", "track", str(clip), "-o", "t.csv", "--box", "60,30,40,40",
               "--video", "drawn.mp4", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader((tmp_path / "t.csv").open()))
    assert len(rows) == 55
    assert rows[0][:6] == ["1", "1", "60.00", "30.00", "40.00", "40.00"]
    theirs = [frame.time for frame in read_frames(clip)]
    np.testing.assert_allclose(
        [frame.time for frame in read_frames(tmp_path / "drawn.mp4")], theirs, atol=1e-4
    )
    done = cvclassic(
        "video", "motion", f"{clip}#t=0,0.4", "-o", "m.mp4", "--kind", "flow", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert len(list(read_frames(tmp_path / "m.mp4"))) == 10


def test_frames_are_inputs_like_others(cvclassic, clip, toy_model_file, tmp_path) -> None:
    args = ("classify", str(toy_model_file), str(clip), "--every", "0.5s")
    done = cvclassic(*args, "-o", "a.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert [row["path"].partition("#t=")[2] for row in rows] == [
        "0.000000", "0.520000", "1.000000", "1.520000", "2.000000",
    ]  # fmt: skip
    for i, frame in enumerate(read_frames(clip)):
        if f"{frame.time:.6f}" in ("0.000000", "1.000000"):
            write_image(tmp_path / f"{i:03}.png", frame.value)
    done = cvclassic("classify", str(toy_model_file), "000.png", "025.png", cwd=tmp_path)
    alone = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["label"] for row in alone] == [rows[0]["label"], rows[2]["label"]]


@pytest.mark.slow
def test_labels_over_time(cvclassic, clip, toy_model_file, tmp_path) -> None:
    """One command: smoothed labels, a timeline as page and image, and a video of the drawings."""
    done = cvclassic("classify", toy_model_file, clip, "--smooth", "0.5", "-o", "l.csv",
                     "--timeline", "t.html", "--timeline", "t.png", "--video", "d.mp4",
                     "--live", "-q", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "there is no display" in done.stderr or os.environ.get("DISPLAY")
    rows = list(csv.DictReader((tmp_path / "l.csv").open()))
    assert len(rows) == 55
    assert set(rows[0]) >= {"label", "probability", "label_alone"}
    smooth, alone = ([row[name] for row in rows] for name in ("label", "label_alone"))
    assert sum(a != b for a, b in pairwise(smooth)) <= sum(a != b for a, b in pairwise(alone))
    page = (tmp_path / "t.html").read_text()
    assert all(label in page for label in set(smooth))
    assert "data:image/" in page
    assert read_image(tmp_path / "t.png").shape[1] > 500
    times = [frame.time for frame in read_frames(tmp_path / "d.mp4")]
    np.testing.assert_allclose(times, [frame.time for frame in read_frames(clip)], atol=1e-4)


@pytest.mark.slow
def test_shots_and_sequences_as_frames(cvclassic, clip, tmp_path) -> None:
    for i, frame in enumerate(read_frames(clip)):
        write_image(tmp_path / f"f_{i + 1:03d}.png", frame.value)
    done = cvclassic("detect", "edges", "f_%03d.png", "--frames", "shots", "--json", "e.json",
                     "--video", "e.mp4", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    records = json.loads((tmp_path / "e.json").read_text())
    assert [record["path"] for record in records] == [
        "f_%03d.png#t=0.560000",
        "f_%03d.png#t=1.680000",
    ]
    assert len(list(read_frames(tmp_path / "e.mp4"))) == 2
    done = cvclassic("video", "shots", ".", cwd=tmp_path)
    assert [row["first"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["0", "30"]


def test_what_takes_one_video(cvclassic, clip, tmp_path) -> None:
    write_image(tmp_path / "a.png", pan(0, 1, 10)[0])
    for arguments, word in (
        (("detect", "edges", "a.png", "--video", "x.mp4"), "one video"),
        (("detect", "edges", clip, "--frames", "shots", "--every", "2"), "do not go together"),
        (("detect", "edges", clip, "--video", "x.avi"), ".mp4"),
    ):
        done = cvclassic(*map(str, arguments), cwd=tmp_path)
        assert done.returncode == 2
        assert word in done.stderr
        assert "Traceback" not in done.stderr


def test_errors_are_one_line(cvclassic, clip, tmp_path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"nothing" * 100)
    done = cvclassic("video", "shots", "bad.mp4", cwd=tmp_path)
    assert done.returncode == 1
    assert "bad.mp4: corrupt: it is damaged or not a video" in done.stderr
    for args, word in (
        (("track", str(clip), "-o", "t.csv", "--box", "1,2"), "X,Y,W,H"),
        (("motion", str(clip), "-o", "t.gif"), "must end in"),
    ):
        done = cvclassic("video", *args, cwd=tmp_path)
        assert done.returncode == 2
        assert word in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_killed_runs_go_on_to_the_same_bytes(cvclassic, clip, toy_model_file, tmp_path) -> None:
    words = ("classify", str(toy_model_file), str(clip), "-q", "--engine", "threads", "-o")
    assert cvclassic(*words, "a.csv", cwd=tmp_path).returncode == 0
    partial, killed = tmp_path / ".b.csv.partial", 0
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-m", "cvclassic_cli", *words, "b.csv"],
                                   cwd=tmp_path)  # fmt: skip
        before = partial.stat().st_size if partial.exists() else 0
        while process.poll() is None:
            if partial.exists() and partial.stat().st_size > before:
                process.kill()
                killed += 1
                break
            time.sleep(0.002)
        process.wait()
    assert killed or (tmp_path / "b.csv").exists()
    if not (tmp_path / "b.csv").exists():
        assert cvclassic(*words, "b.csv", cwd=tmp_path).returncode == 0
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
