"""``cvclassic match``."""

import json

import cv2
import numpy as np
import pytest

from cvclassic.images import read_image, write_image

from .conftest import one_line


@pytest.fixture
def pair(tmp_path, rng):
    """An image of blocks, and the same shifted by (12, 6)."""
    blocks = np.kron(rng.integers(0, 256, (20, 24), dtype=np.uint8), np.ones((9, 9), np.uint8))
    blocks = cv2.GaussianBlur(blocks, (0, 0), 1)
    a, b = tmp_path / "a.png", tmp_path / "b.png"
    write_image(a, blocks[:-6, :-12].copy())
    write_image(b, np.pad(blocks, ((6, 0), (12, 0)), mode="symmetric")[:-12, :-24].copy())
    return a, b


def test_draws_and_counts(in_process, tmp_path, pair):
    out, numbers = tmp_path / "m.png", tmp_path / "m.json"
    done = in_process("match", *pair, "-o", out, "--json", numbers)
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(numbers.read_text())
    (result,) = record["results"]
    np.testing.assert_allclose(np.array(result["model"])[:2, 2], [12, 6], atol=0.3)
    assert result["n_inliers"] == sum(m["inlier"] for m in result["matches"]) > 20
    assert (record["path"], record["status"]) == (str(pair[1]), "ok")
    assert read_image(out).shape[0] > 300
    assert "inliers of one homography" in done.stdout


def test_positions_are_those_of_the_files(in_process, tmp_path, pair):
    large = tmp_path / "large.png"
    write_image(large, cv2.resize(read_image(pair[0]), None, fx=3, fy=3))
    done = in_process("match", large, pair[1], "--max-side", "210", "--json", "-")
    (record,) = json.loads(done.stdout)
    (result,) = record["results"]
    model = np.array(result["model"])
    there = model @ [(100 + 0.5) * 3 - 0.5, (80 + 0.5) * 3 - 0.5, 1]
    np.testing.assert_allclose(there[:2] / there[2], [112, 86], atol=0.7)


@pytest.mark.slow
def test_compare_and_similarity(in_process, tmp_path, pair):
    done = in_process("match", *pair, "--compare", "--similarity", "-o", tmp_path / "m.png")
    assert done.returncode == 0, done.stderr
    for word in ("rootsift", "orb", "akaze", "brisk", "ssim", "frobenius"):
        assert word in done.stdout


def test_no_match_is_an_answer(in_process, tmp_path, pair):
    write_image(tmp_path / "flat.png", np.full((80, 90), 50, np.uint8))
    done = in_process("match", pair[0], tmp_path / "flat.png", "-o", tmp_path / "m.png")
    assert done.returncode == 0, done.stderr
    assert "no consistent geometry" in done.stdout
    assert (tmp_path / "m.png").is_file()


@pytest.mark.slow
def test_unreadable_images_are_named(in_process, tmp_path, pair):
    (tmp_path / "bad.png").write_bytes(b"text")
    numbers = tmp_path / "m.json"
    done = in_process("match", tmp_path / "bad.png", pair[0])
    assert done.returncode == 1
    assert "bad.png" in one_line(done, 1)
    paths = [tmp_path / "bad.png", pair[1], tmp_path / "no.png"]
    done = in_process("match", pair[0], *paths, "--json", numbers)
    assert done.returncode == 1
    codes = [record["code"] for record in json.loads(numbers.read_text())]
    assert codes == ["unsupported_format", "", "not_found"]
    assert "3 inputs: 1 ok, 2 failed" in done.stderr
    assert done.stdout.startswith(f"{pair[1]}: rootsift: ")


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (["--descriptor", "surf"], "'surf' is not one of"),
        (["--ratio", "2"], "0<x<=1"),
        (["--threshold", "-1"], "threshold must be"),
        (["-o", "m.xyz"], "suffix"),
    ],
)
def test_mistakes(in_process, pair, options, fragment):
    done = in_process("match", *pair, *options)
    assert done.returncode == 2
    assert fragment in done.stderr
