"""Images against each other."""

import json

import cv2
import numpy as np
import pytest

from cvclassic.errors import ParameterError
from cvclassic.match import describe, describe_views, match_images, project, similarity


def texture(seed: int, shape=(220, 260)) -> np.ndarray:
    """An image with structure at many sizes."""
    rng = np.random.default_rng(seed)
    image = np.zeros(shape, np.float32)
    for side in (4, 9, 20, 44):
        noise = rng.normal(0, 1, (shape[0] // side + 2, shape[1] // side + 2)).astype(np.float32)
        image += cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return texture(1)


def corner_error(model, truth, shape) -> float:
    h, w = shape
    corners = np.array([[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1.0]])
    return float(np.linalg.norm(project(corners, model) - project(corners, truth), axis=1).mean())


TURN = np.array([[0.85, -0.3, 60], [0.28, 0.9, -20], [1e-4, 2e-4, 1]])


@pytest.mark.parametrize("descriptor", ["rootsift", "sift", "orb", "akaze", "brisk"])
def test_a_known_homography_is_found(picture, descriptor):
    other = cv2.warpPerspective(picture, TURN, picture.shape[::-1])
    result = match_images(picture, other, descriptor=descriptor)
    assert corner_error(result.model, TURN, picture.shape) < 2
    assert result.n_inliers > 30
    assert result.mean_error < 1.5
    off = np.linalg.norm(project(result.xy_a, TURN) - result.xy_b, axis=1)
    assert off[result.inliers].max() < 6


@pytest.mark.slow
@pytest.mark.parametrize("descriptor", ["rootsift", "orb"])
def test_different_pictures_do_not_match(picture, descriptor):
    for seed in (2, 3):
        result = match_images(picture, texture(seed), descriptor=descriptor)
        assert result.model is None
        assert result.n_inliers == 0
        assert result.mean_error is None
        assert np.isnan(result.errors).all()


def test_guided_matching_finds_more(picture):
    other = cv2.warpPerspective(picture, TURN, picture.shape[::-1])
    plain = match_images(picture, other, guided=False)
    assert match_images(picture, other).n_inliers >= plain.n_inliers


@pytest.mark.slow
def test_simulated_views_see_what_is_aslant(picture):
    slant = np.array([[0.22, 0.0, 20], [0.0, 1.0, 0], [0, 0, 1]])
    other = cv2.warpPerspective(
        cv2.GaussianBlur(picture, (0, 0), 1.8, sigmaY=0.1), slant, (100, 220)
    )
    never = match_images(picture, other, views="never")
    result = match_images(picture, other, views="always")
    assert result.used_views
    assert result.n_inliers > 2 * never.n_inliers
    assert corner_error(result.model, slant, picture.shape) < 3


def test_views_are_in_pixels_of_the_picture(picture):
    views = describe_views(picture, max_keypoints=600, tilts=(1, 2, 3))
    assert len(views) <= 600
    plain = describe(picture, max_keypoints=None, sensitivity=4)
    from scipy.spatial import cKDTree

    # Most of what is seen aslant is also seen from the front, at the same place.
    distance, _ = cKDTree(plain.xy).query(views.xy)
    by_chance = cKDTree(plain.xy).query(views.xy + 7.3)[0]
    assert np.median(distance) < 0.5 * np.median(by_chance)


@pytest.mark.parametrize("model", ["homography", "fundamental"])
def test_results_in_pixels_of_larger_pictures(picture, model):
    other = cv2.warpPerspective(picture, TURN, picture.shape[::-1])
    result = match_images(picture, other, model=model)
    larger = result.scaled(2.0, 3.0)
    from cvclassic.match.geometry import epipolar_error, reprojection_error

    measure = reprojection_error if model == "homography" else epipolar_error
    again = measure(larger.xy_a, larger.xy_b, larger.model)
    if model == "homography":
        np.testing.assert_allclose(again, 3 * result.errors, atol=1e-2)
        np.testing.assert_allclose(again, larger.errors, atol=1e-2)
    else:
        assert (again[result.inliers] <= 3 * 1.5 + 0.01).all()


def test_records_are_json(picture):
    for other in (picture, texture(9)):
        record = match_images(picture, other, views="never").to_dict()
        again = json.loads(json.dumps(record, allow_nan=False))
        assert again["n_matches"] == len(again["matches"])
        assert again["n_inliers"] == sum(m["inlier"] for m in again["matches"])


@pytest.mark.parametrize("blank", [np.zeros((1, 1), np.uint8), np.full((90, 70, 3), 9, np.uint8)])
def test_blank_pictures_match_nothing(picture, blank):
    for a, b in ((blank, picture), (picture, blank), (blank, blank)):
        result = match_images(a, b)
        assert result.model is None
        assert len(result.xy_a) == 0


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"descriptor": "surf"}, "descriptor must be one of"),
        ({"model": "affine"}, "model must be one of"),
        ({"views": "often"}, "views must be one of"),
        ({"threshold": -1}, "threshold must be"),
        ({"max_keypoints": 0}, "max_keypoints must be"),
    ],
)
def test_bad_parameters_say_why(picture, options, fragment):
    with pytest.raises(ParameterError) as caught:
        match_images(picture, picture, **options)
    assert fragment in str(caught.value)
    with pytest.raises(ParameterError, match="b must be a uint8"):
        match_images(picture, picture.astype(float))


@pytest.mark.slow
def test_hard_pairs_of_the_oxford_pictures(data_dir):
    from cvclassic.images import read_image

    folder = data_dir / "oxford_affine"
    if not folder.is_dir():
        pytest.skip(f"Oxford images not found in {folder}")
    for name, number in (("graf", 4), ("leuven", 6), ("ubc", 6)):
        a, b = (read_image(folder / name / f"img{i}.png") for i in (1, number))
        truth = np.loadtxt(folder / name / f"H1to{number}p.txt")
        result = match_images(a, b)
        assert corner_error(result.model, truth, a.shape[:2]) < 5


class TestSimilarity:
    """Measures of likeness."""

    def test_a_picture_is_most_like_itself(self, picture):
        same, other = similarity(picture, picture), similarity(picture, texture(4))
        assert list(same) == ["frobenius", "correlation", "ssim", "histogram", "inliers"]
        for name in ("frobenius", "correlation", "ssim", "histogram"):
            assert same[name] == pytest.approx(1)
            assert other[name] < same[name]
        assert same["inliers"] > 100 > other["inliers"] == 0

    def test_measures_are_symmetric(self, picture):
        other = texture(4)
        for name in ("frobenius", "correlation", "ssim", "histogram"):
            forth, back = similarity(picture, other, [name]), similarity(other, picture, [name])
            assert forth[name] == pytest.approx(back[name])

    def test_ssim_agrees_with_scikit_image(self, picture):
        metrics = pytest.importorskip("skimage.metrics")
        noise = np.random.default_rng(0).normal(0, 20, picture.shape)
        noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
        expected = metrics.structural_similarity(
            picture,
            noisy,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
        )
        assert similarity(picture, noisy, ["ssim"])["ssim"] == pytest.approx(expected, abs=0.005)

    def test_correlation_does_not_see_brightness_and_contrast(self, picture):
        other = (picture * 0.5 + 60).astype(np.uint8)
        assert similarity(picture, other, ["correlation"])["correlation"] > 0.999
        assert similarity(picture, 255 - picture, ["correlation"])["correlation"] < -0.999

    def test_histogram_does_not_see_places(self, picture):
        shuffled = np.random.default_rng(0).permutation(picture.ravel()).reshape(picture.shape)
        assert similarity(picture, shuffled, ["histogram"])["histogram"] == 1
        assert similarity(picture, shuffled, ["ssim"])["ssim"] < 0.3

    def test_flat_and_tiny_pictures(self):
        black, white = np.zeros((5, 7), np.uint8), np.full((1, 1, 3), 255, np.uint8)
        for a, b in ((black, black), (black, white), (white, black)):
            assert all(np.isfinite(value) for value in similarity(a, b).values())
        assert similarity(black, black, ["frobenius"])["frobenius"] == 1
        assert similarity(black, white, ["frobenius"])["frobenius"] == 0

    def test_unknown_measures_are_named(self, picture):
        with pytest.raises(ParameterError, match="measures must be one of"):
            similarity(picture, picture, ["taste"])
