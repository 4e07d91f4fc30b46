"""Drawings: what must be seen is there, on light and on dark."""

import numpy as np
import pytest

from cvclassic import draw
from cvclassic.detect import Blobs, Corners, Keypoints, Segments, sift_stages
from cvclassic.errors import ParameterError

XY = np.array([[50, 40], [20, 60]], np.float32)
ONES = np.ones(2, np.float32)
DRAWINGS = {
    "keypoints": lambda i: draw.draw_keypoints(i, Keypoints(XY, 20 * ONES, ONES, ONES)),
    "blobs": lambda i: draw.draw_blobs(i, Blobs(XY, 10 * ONES, np.float32([1, -1]))),
    "corners": lambda i: draw.draw_corners(i, Corners(XY, ONES)),
    "segments": lambda i: draw.draw_segments(
        i, Segments.from_ends(np.array([[10, 10, 80, 60], [30, 50, 30, 10]]))
    ),
}


def luma(image: np.ndarray) -> np.ndarray:
    return image.astype(float) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize("name", DRAWINGS)
def test_marks_show_on_any_ground(name, ground):
    image = np.full((100, 120, 3), ground, np.uint8)
    drawn = DRAWINGS[name](image)
    marked = np.abs(luma(drawn) - ground) > 60
    assert 30 <= marked.sum() < 0.3 * marked.size
    assert len(np.unique(luma(drawn).round())) > 10  # anti-aliased: in-between grays


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_picture_is_not_drawn_on(name):
    image = np.full((100, 120, 3), 90, np.uint8)
    DRAWINGS[name](image)
    assert (image == 90).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (900, 700), (1500, 1000, 3)])
def test_sizes_grow_by_whole_factors(shape):
    image = np.zeros(shape, np.uint8)
    drawn = draw.draw_corners(image, Corners.empty())
    assert drawn.shape[0] % shape[0] == drawn.shape[1] % shape[1] == 0
    assert drawn.shape == draw.enlarge(image).shape


def test_a_corner_is_drawn_where_it_is():
    image = np.zeros((100, 120), np.uint8)
    drawn = draw.draw_corners(image, Corners(XY[:1], ONES[:1]))
    factor = drawn.shape[0] // 100
    y, x = np.nonzero(luma(drawn) > 100)
    center = (np.array([x.mean(), y.mean()]) + 0.5) / factor - 0.5
    np.testing.assert_allclose(center, XY[0], atol=0.2)


def test_wild_positions_do_no_harm():
    wild = np.array([[1e9, -1e9], [-5, 3]], np.float32)
    drawn = draw.draw_keypoints(
        np.zeros((50, 50), np.uint8), Keypoints(wild, np.float32([1e9, 5]), ONES, ONES)
    )
    assert drawn.shape[2] == 3


def test_edges_are_ink_on_paper():
    edges = np.zeros((100, 100), bool)
    edges[:, 50] = True
    drawn = draw.draw_edges(np.zeros((100, 100, 3), np.uint8), edges)
    assert luma(drawn)[:, :200].min() > 240
    assert luma(drawn).min() < 40


def test_sheets_hold_every_panel():
    panels = [np.full((60, 80, 3), gray, np.uint8) for gray in (10, 60, 110, 160)]
    sheet = draw.side_by_side(panels, list("abcd"))
    for gray in (10, 60, 110, 160):
        assert (sheet == gray).all(axis=2).sum() >= 60 * 80
    assert max(draw.side_by_side(panels * 20, max_side=500).shape) <= 560
    mixed = draw.side_by_side([np.zeros((5, 9), np.uint8), panels[0]])
    assert mixed.ndim == 3


def test_titles_are_cut_to_fit():
    short = draw.label_panel(np.zeros((20, 60), np.uint8), "x" * 500)
    assert short.shape[1] == 60
    draw.label_panel(np.zeros((20, 60), np.uint8), "line\nbreak \udc80")


def test_maps_keep_zero_in_the_middle():
    from cvclassic.draw.panels import map_to_gray

    plane = np.array([[-4.0, 0, 2]])
    assert map_to_gray(plane).tolist() == [[0, 128, 191]]
    assert map_to_gray(np.abs(plane)).tolist() == [[255, 0, 128]]
    assert draw.draw_maps(np.zeros((3, 10, 12))).dtype == np.uint8


@pytest.mark.parametrize("shape", [(1, 1), (60, 20), (80, 120, 3)])
def test_stages_of_any_picture(rng, shape):
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    assert draw.draw_sift_stages(image, sift_stages(image)).ndim == 3


def test_matches_of_pictures_of_different_sizes(rng):
    from cvclassic.match import match_images

    small = rng.integers(0, 256, (20, 20), dtype=np.uint8)
    a = np.kron(small, np.ones((8, 8), np.uint8))
    b = np.dstack([a[:, 30:]] * 3)
    drawn = draw.draw_match(a, b, match_images(a, b))
    assert drawn.ndim == 3
    nothing = draw.draw_match(a, b[:5, :5].copy(), match_images(a, b[:5, :5].copy()))
    assert nothing.ndim == 3
    plain = draw.enlarge(b)

    def same(shift: float) -> float:
        overlay = draw.draw_warp(a, b, np.array([[1.0, 0, shift], [0, 1, 0], [0, 0, 1]]))
        return (np.abs(overlay[:, : plain.shape[1]].astype(int) - plain).max(axis=2) < 12).mean()

    # The right homography changes nothing but the outline, and sharp rims a little.
    assert same(-30) > 0.85 > 0.6 > same(-26)


@pytest.mark.parametrize("shape_a", [(60, 80), (120, 40), (30, 300), (700, 500, 3)])
@pytest.mark.parametrize("shape_b", [(60, 80), (20, 9), (400, 1600, 3)])
@pytest.mark.parametrize("model", [np.eye(3), None])
def test_match_sheets_waste_little(shape_a, shape_b, model):
    from types import SimpleNamespace

    from cvclassic.draw.panels import PAPER

    xy = np.full((1, 2), 4.0)
    result = SimpleNamespace(
        xy_a=xy, xy_b=xy, inliers=np.array([False]), model=model, kind="homography"
    )
    result.n_inliers, result.mean_error = 0, 0.5
    a, b = np.full(shape_a, 90, np.uint8), np.full(shape_b, 160, np.uint8)
    sheet = draw.draw_match(a, b, result)
    height, width = sheet.shape[:2]
    assert 850 < max(height, width) < 1750
    used = (sheet != PAPER).any(axis=2)
    # All but margins, gaps and headlines.
    assert used.sum() > height * width - 110 * height - 160 * width
    if model is None:  # both images begin and end in the same rows, but for a dot
        rows = [(sheet == value).all(axis=2).any(axis=1).nonzero()[0] for value in (90, 160)]
        np.testing.assert_allclose(rows[0][[0, -1]], rows[1][[0, -1]], atol=8)


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda: draw.side_by_side([]), "at least one"),
        (lambda: draw.side_by_side([np.zeros((2, 2), np.uint8)], ["a", "b"]), "as many as"),
        (lambda: draw.draw_maps(np.zeros((3, 3))), "shape (n, H, W)"),
        (lambda: draw.enlarge(np.zeros((3, 3))), "uint8"),
    ],
)
def test_bad_calls_say_why(call, fragment):
    with pytest.raises(ParameterError) as caught:
        call()
    assert fragment in str(caught.value)
