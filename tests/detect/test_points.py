"""Blobs, corners, lines and keypoints against images whose answer is known, and references."""

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree

from cvclassic import detect
from cvclassic.detect.blobs import _hessians
from cvclassic.errors import ParameterError


def discs(*specs, size=(120, 160), ground=0) -> np.ndarray:
    """Anti-aliased discs (x, y, radius, gray)."""
    image = np.full(size, ground, np.uint8)
    for x, y, r, gray in specs:
        cv2.circle(image, (x * 16, y * 16), r * 16, gray, -1, cv2.LINE_AA, 4)
    return image


@pytest.mark.parametrize("find", [detect.blobs_log, detect.blobs_dog, detect.blobs_doh])
@pytest.mark.parametrize("radius", [6, 12, 24])
def test_blobs_have_place_and_radius(find, radius):
    blobs = find(discs((80, 60, radius, 255)))
    np.testing.assert_allclose(blobs.xy[0], [80, 60], atol=1)
    assert blobs.radius[0] == pytest.approx(radius, rel=0.35)


def test_mser_and_simple_blobs_have_place_and_radius():
    image = discs((40, 60, 9, 255), (110, 50, 15, 255), ground=30)
    for blobs in (detect.blobs_mser(image), detect.blobs_simple(image, polarity="bright")):
        for xy, radius in (((40, 60), 9), ((110, 50), 15)):
            nearest = np.linalg.norm(blobs.xy - xy, axis=1).argmin()
            np.testing.assert_allclose(blobs.xy[nearest], xy, atol=1)
            assert blobs.radius[nearest] == pytest.approx(radius, abs=2)
            assert blobs.response[nearest] > 0


@pytest.mark.parametrize("find", [detect.blobs_log, detect.blobs_dog, detect.blobs_doh])
@pytest.mark.parametrize("sign", [1, -1])
def test_discs_give_one_blob_each(find, sign):
    """Neither edges nor the rings around discs are blobs."""
    y, x = np.mgrid[:200, :220]
    places = ((50, 50, 10), (150, 55, 14), (55, 145, 20), (155, 140, 25))
    image = np.full(y.shape, 128 - 100 * sign, np.uint8)
    for cx, cy, r in places:
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = 128 + 100 * sign
    blobs = find(image)
    assert sorted(np.rint(blobs.xy).tolist()) == sorted([x, y] for x, y, _ in places)


def test_edges_are_no_blobs():
    image = np.zeros((90, 120), np.uint8)
    image[:, 60:] = 255
    assert len(detect.blobs_log(image)) == len(detect.blobs_doh(image)) == 0


def test_wide_blurs_have_no_ripple():
    """The plane is blurred at a lower resolution; what interpolation adds must not be amplified."""
    y, x = np.mgrid[:160, :160]
    image = (((x - 80) ** 2 + (y - 80) ** 2 < 40**2) * 255).astype(np.uint8)
    for sigma in (9.07, 15.0, 19.3, 24.9):
        sigmas = [*np.geomspace(2, sigma, 8)]
        xx, yy, _ = list(_hessians(image, sigmas))[-1]
        assert np.abs(np.diff((xx + yy)[80], 2)).max() < 0.03


@pytest.mark.parametrize("find", [detect.corners_harris, detect.corners_shi_tomasi])
@pytest.mark.parametrize("side", range(1, 9))
@pytest.mark.parametrize("min_distance", [2, 10])
def test_refined_corners_keep_their_distance(find, side, min_distance):
    """The corners of a dot all move to its center."""
    image = np.zeros((60, 60), np.uint8)
    image[30 : 30 + side, 30 : 30 + side] = 255
    xy = find(image, min_distance=min_distance).xy
    apart = np.abs(xy[:, None] - xy).max(axis=2)[np.triu_indices(len(xy), 1)]
    assert len(xy)
    assert (apart >= min_distance).all()


@pytest.mark.parametrize("find", [detect.blobs_log, detect.blobs_dog])
def test_polarity(find):
    image = discs((40, 60, 10, 255), (110, 60, 10, 0), ground=128)
    both = find(image).strongest(2)
    assert sorted(np.sign(both.response)) == [-1, 1]
    bright, dark = (find(image, polarity=p) for p in ("bright", "dark"))
    np.testing.assert_allclose(bright.xy[0], [40, 60], atol=1)
    np.testing.assert_allclose(dark.xy[0], [110, 60], atol=1)
    inverted = find(255 - image)
    np.testing.assert_allclose(inverted.radius, find(image).radius, atol=1e-4)


def test_dog_agrees_with_scikit_image(scene):
    feature = pytest.importorskip("skimage.feature")
    options = {"min_sigma": 2, "max_sigma": 20, "threshold": 0.1, "overlap": 1}
    expected = feature.blob_dog(scene / 255, **options)
    found = detect.blobs_dog(scene, polarity="bright", **options)
    assert len(expected) > 10
    distance, index = cKDTree(found.xy).query(expected[:, 1::-1])
    assert (distance <= 1).mean() > 0.95
    ratio = found.radius[index] / np.sqrt(2) / expected[:, 2]
    assert np.median(np.abs(np.log(ratio))) < 0.01


def test_weaker_blobs_that_overlap_are_left_out(scene):
    blobs = detect.blobs_log(scene, overlap=0.3, threshold=0.05)
    pairs = cKDTree(blobs.xy).query_pairs(1.0)
    assert not pairs
    assert len(detect.blobs_log(scene, overlap=1.0, threshold=0.05)) > len(blobs)


def test_harris_agrees_with_scikit_image(scene):
    feature = pytest.importorskip("skimage.feature")
    ours = detect.harris_response(scene, window="gaussian", sigma=1.5)
    theirs = feature.corner_harris(scene / 255, sigma=1.5, k=0.05)
    inner = np.s_[10:-10, 10:-10]
    assert np.corrcoef(ours[inner].ravel(), theirs[inner].ravel())[0, 1] > 0.9999
    np.testing.assert_array_equal(
        detect.harris_response(scene), cv2.cornerHarris(scene, 3, 3, 0.05)
    )


@pytest.mark.parametrize("find", [detect.corners_harris, detect.corners_shi_tomasi])
def test_corners_of_a_box_below_the_pixel(find):
    # Drawn at eight times the size and averaged, so that corners are known to an eighth of a pixel.
    large = np.zeros((480, 640), np.uint8)
    large[100:381, 123:500] = 255
    image = cv2.resize(large, (80, 60), interpolation=cv2.INTER_AREA)
    found = find(image)
    assert len(found) == 4
    # Edges lie between pixels 122 and 123, 499 and 500, and so on, of the large image.
    x, y = (np.array([122.5, 499.5]) + 0.5) / 8 - 0.5, (np.array([99.5, 380.5]) + 0.5) / 8 - 0.5
    expected = np.array([(a, b) for a in x for b in y])
    distance, index = cKDTree(found.xy).query(expected)
    assert sorted(index) == [0, 1, 2, 3]
    assert distance.max() < 0.4
    coarse = find(image, subpixel=False)
    assert distance.mean() < cKDTree(coarse.xy).query(expected)[0].mean()


def test_corners_keep_their_distance(scene):
    found = detect.corners_harris(scene, min_distance=7, threshold=0.001, subpixel=False)
    gap = np.abs(found.xy[:, None] - found.xy).max(axis=2)
    assert gap[~np.eye(len(found), dtype=bool)].min() > 6
    assert len(detect.corners_harris(scene, max_corners=5)) == 5
    assert (np.diff(found.response) <= 0).all()


def test_fast_agrees_with_opencv(scene):
    expected = cv2.FastFeatureDetector_create(30).detect(scene)
    found = detect.corners_fast(scene, threshold=30, max_corners=None)
    assert {tuple(p.pt) for p in expected} == {tuple(xy) for xy in found.xy.tolist()}


@pytest.mark.parametrize(
    "find", [detect.segments_lsd, detect.segments_edlines, detect.segments_hough]
)
def test_the_sides_of_a_box_are_found(find):
    image = np.full((120, 160), 30, np.uint8)
    image[30:91, 40:121] = 220
    segments = find(image)
    for x, y in ((39.5, 60), (120.5, 60), (80, 29.5), (80, 90.5)):
        a, b = segments.ends[:, :2], segments.ends[:, 2:]
        t = np.clip((((x, y) - a) * (b - a)).sum(1) / ((b - a) ** 2).sum(1), 0, 1)
        assert np.linalg.norm(a + t[:, None] * (b - a) - (x, y), axis=1).min() < 1.5
    assert (np.diff(segments.response) <= 0).all()


def test_hough_lines_obey_their_equation():
    edges = np.zeros((100, 100), bool)
    i = np.arange(100)
    edges[i, i] = True
    rho, theta, votes = detect.hough_lines(edges)[0]
    np.testing.assert_allclose(i * np.cos(theta) + i * np.sin(theta), rho, atol=1)
    assert votes >= 90


@pytest.mark.parametrize("method", ["sift", "orb", "akaze", "brisk"])
def test_keypoints_are_well_formed(scene, method):
    found = detect.detect_keypoints(scene, method, max_keypoints=30)
    assert 5 < len(found) <= 30
    assert found.xy.dtype == found.scale.dtype == found.angle.dtype == np.float32
    assert (found.scale > 0).all()
    assert ((found.angle >= 0) & (found.angle < 2 * np.pi + 1e-5)).all()
    assert (np.diff(found.response) <= 0).all()
    more = detect.detect_keypoints(scene, method, max_keypoints=None, sensitivity=3)
    assert len(more) > len(detect.detect_keypoints(scene, method, max_keypoints=None))


@pytest.mark.parametrize("n_levels", [1, 3, 40, 10_000])
def test_keypoints_of_equal_strength_come_in_order_of_place(rng, n_levels):
    from cvclassic.detect.keypoints import _strongest_first

    for n in (0, 1, 2, 70):
        xy = rng.integers(0, 5, (n, 2)).astype(np.float32)
        response = rng.integers(0, n_levels, n).astype(np.float32)
        expected = np.lexsort((xy[:, 0], xy[:, 1], -response))
        np.testing.assert_array_equal(_strongest_first(xy, response), expected)


def test_our_sift_stages_are_opencvs_sift(scene):
    stages = detect.sift_stages(scene)
    reference = detect.detect_keypoints(scene, "sift", max_keypoints=None)
    ours = stages.oriented
    space = np.column_stack([ours.xy, 20 * np.log2(ours.scale)])
    turn = 5 * np.column_stack([np.cos(ours.angle), np.sin(ours.angle)])
    theirs = np.column_stack([reference.xy, 20 * np.log2(reference.scale)])
    their_turn = 5 * np.column_stack([np.cos(reference.angle), np.sin(reference.angle)])
    distance, _ = cKDTree(np.hstack([space, turn])).query(np.hstack([theirs, their_turn]))
    assert len(reference) > 40
    assert (distance < 2).mean() > 0.95
    assert abs(len(ours) - len(reference)) < 0.1 * len(reference)


def test_each_stage_is_stricter(scene):
    stages = detect.sift_stages(scene)
    assert len(stages.extrema) > len(stages.strong) > len(stages.stable) > 0
    assert len(stages.oriented) >= len(stages.stable)
    assert stages.strong.response.min() >= 0.04 / 3 - 1e-6
    loose = detect.sift_stages(scene, edge_threshold=1e6)
    assert len(stages.strong) >= len(loose.stable) > len(stages.stable)


def test_the_scale_space_is_a_scale_space(scene):
    stages = detect.sift_stages(scene)
    assert stages.gaussians[0].shape == (6, 300, 400)
    for stack, dogs in zip(stages.gaussians, stages.differences, strict=True):
        assert (np.diff(stack.std(axis=(1, 2))) < 0).all()  # blur only takes away
        np.testing.assert_allclose(dogs, stack[1:] - stack[:-1])


def test_results_come_as_plain_records(scene):
    import json

    found = detect.blobs_dog(scene)
    records = json.loads(json.dumps(found.records()))
    assert len(records) == len(found)
    np.testing.assert_allclose([r["xy"] for r in records], found.xy, rtol=1e-6)
    larger = found.scaled(2)
    np.testing.assert_allclose(larger.xy, (found.xy + 0.5) * 2 - 0.5)
    np.testing.assert_allclose(larger.radius, 2 * found.radius)


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda i: detect.detect_keypoints(i, "surf"), "method must be one of"),
        (lambda i: detect.detect_keypoints(i, max_keypoints=0), "max_keypoints must be"),
        (lambda i: detect.detect_keypoints(i, sensitivity=0), "sensitivity must be"),
        (lambda i: detect.blobs_log(i, min_sigma=5, max_sigma=2), "min_sigma must be <="),
        (lambda i: detect.blobs_log(i, max_sigma=1e9), "max_sigma must be"),
        (lambda i: detect.blobs_dog(i, ratio=1), "ratio must be"),
        (lambda i: detect.blobs_dog(i, polarity="red"), "polarity must be one of"),
        (lambda i: detect.blobs_simple(i, min_area=10, max_area=5), "max_area must be >"),
        (lambda i: detect.corners_harris(i, k=1), "k must be"),
        (lambda i: detect.corners_harris(i, min_distance=0), "min_distance must be"),
        (lambda i: detect.corners_fast(i, threshold=0), "threshold must be"),
        (lambda i: detect.segments_lsd(i, min_length=-1), "min_length must be"),
        (lambda i: detect.hough_lines(i, rho=0), "rho must be"),
        (lambda i: detect.sift_stages(i, n_layers=0), "n_layers must be"),
    ],
)
def test_bad_calls_say_why(scene, call, fragment):
    with pytest.raises(ParameterError) as caught:
        call(scene)
    assert fragment in str(caught.value)
