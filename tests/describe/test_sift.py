"""Sparse SIFT by its properties, and against OpenCV called directly."""

import cv2
import numpy as np
import pytest

from cvclassic.describe import SIFT, LocalFeatures, root_normalize, sift_features
from cvclassic.errors import ParameterError
from cvclassic.images import to_gray
from tests.checks import pictures


@pytest.fixture(scope="module")
def gray() -> np.ndarray:
    """Blobs of several sizes, away from the border."""
    rng = np.random.default_rng(2)
    image = np.full((160, 200), 90, np.uint8)
    for _ in range(45):
        center = (int(rng.integers(30, 170)), int(rng.integers(30, 130)))
        cv2.circle(image, center, int(rng.integers(2, 9)), int(rng.integers(0, 256)), -1)
    return cv2.GaussianBlur(image, (0, 0), 1.0)


def nearest(a, b) -> np.ndarray:
    """Distance of each position of `a` to the nearest of `b`."""
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2)).min(axis=1)


def test_is_opencvs_sift(gray) -> None:
    keypoints, descriptors = cv2.SIFT_create().detectAndCompute(gray, None)
    features = sift_features(gray)
    assert np.array_equal(features.descriptors, descriptors)
    assert np.array_equal(features.xy, np.float32([k.pt for k in keypoints]))
    assert np.array_equal(features.scale, np.float32([k.size for k in keypoints]))
    np.testing.assert_allclose(features.angle, np.radians([k.angle for k in keypoints]), rtol=1e-6)
    assert ((features.angle >= 0) & (features.angle <= 2 * np.pi + 1e-6)).all()


@pytest.mark.parametrize("limit", [1, 7, 40, 299])
def test_limit_is_hard_and_keeps_the_strongest(gray, limit) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    for image in (gray, noise):
        everything, some = sift_features(image), sift_features(image, max_keypoints=limit)
        assert len(some) == min(limit, len(everything))
        assert (nearest(some.xy, everything.xy) == 0).all()


def test_limit_keeps_what_answers_most(gray) -> None:
    keypoints = cv2.SIFT_create().detect(gray, None)
    responses = sorted((k.response for k in keypoints), reverse=True)
    kept = {k.pt for k in keypoints if k.response >= responses[9]}
    assert {tuple(xy) for xy in sift_features(gray, max_keypoints=10).xy.tolist()} <= kept


def test_moves_with_the_picture(gray) -> None:
    """A shift by a multiple of the coarsest octave's step shifts the positions."""
    moved = np.roll(gray, (8, 16), axis=(0, 1))
    first, second = sift_features(gray), sift_features(moved)
    inside = ((first.xy > 25) & (first.xy < [170, 125])).all(axis=1)
    assert inside.sum() > 15
    assert np.median(nearest(first.xy[inside] + [16, 8], second.xy)) < 0.1


def test_mirror(gray) -> None:
    """Positions are mirrored: x goes to width - 1 - x."""
    first, second = sift_features(gray), sift_features(np.ascontiguousarray(gray[:, ::-1]))
    mirrored = first.xy * [-1, 1] + [gray.shape[1] - 1, 0]
    assert np.median(nearest(mirrored, second.xy)) < 0.6


def test_brightness_does_not_matter(gray) -> None:
    dark, bright = sift_features(gray // 2), sift_features(gray // 2 + 100)
    assert (nearest(dark.xy, bright.xy) < 0.05).mean() > 0.95
    assert (nearest(dark.descriptors, bright.descriptors) < 20).mean() > 0.8


def test_thresholds_are_monotonic(gray) -> None:
    by_contrast = [len(sift_features(gray, contrast_threshold=t)) for t in (0.01, 0.04, 0.1)]
    by_edge = [len(sift_features(gray, edge_threshold=t)) for t in (3, 10, 30)]
    assert by_contrast == sorted(by_contrast, reverse=True)
    assert by_edge == sorted(by_edge)
    assert len(set(by_contrast)) == 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 80), (80, 1), (5, 5), (64, 64), (300, 2)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_nothing_to_see(shape, value) -> None:
    features = sift_features(np.full(shape, value, np.uint8), root=True)
    assert len(features) == 0
    assert features.descriptors.shape == (0, 128)
    assert features.image_shape == shape


def test_root_normalisation(rng) -> None:
    """Products of RootSIFT vectors are Bhattacharyya coefficients of the histograms."""
    raw = rng.integers(0, 256, (20, 128)).astype(np.float32)
    shares = raw / raw.sum(axis=1, keepdims=True)
    roots = root_normalize(raw.copy())
    np.testing.assert_allclose((roots**2).sum(axis=1), 1, rtol=1e-5)
    expected = np.sqrt(shares[:, None] * shares[None]).sum(axis=2)
    np.testing.assert_allclose(roots @ roots.T, expected, rtol=1e-5)
    assert not root_normalize(np.zeros((2, 4), np.float32)).any()
    np.testing.assert_allclose(root_normalize(raw * 7), roots, rtol=1e-5)


def test_root_is_the_only_difference(gray) -> None:
    plain, root = SIFT(root=False).describe(gray), SIFT(root=True).describe(gray)
    assert np.array_equal(plain.xy, root.xy)
    np.testing.assert_allclose(
        root_normalize(plain.descriptors.copy()), root.descriptors, rtol=1e-6
    )


def test_large_pictures_are_reduced_and_answered_in_their_own_pixels(gray) -> None:
    large = cv2.resize(gray, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    reduced, whole = SIFT(max_side=200).describe(large), SIFT(max_side=None).describe(large)
    assert reduced.image_shape == whole.image_shape == large.shape
    assert len(reduced) > 10
    coarse = whole.xy[whole.scale > 16]
    assert np.median(nearest(coarse, reduced.xy)) < 3
    small = SIFT(max_side=200).describe(gray)
    assert np.median(nearest(small.xy * 4 + 1.5, reduced.xy)) < 1.5


def test_gray_of_color() -> None:
    (image,) = pictures(1)
    gray = to_gray(image)
    expected = image @ np.array([0.299, 0.587, 0.114])
    assert np.abs(gray - expected).max() <= 1
    assert to_gray(gray) is gray


def test_local_features_take_and_scale(gray) -> None:
    features = sift_features(gray)
    order = np.random.default_rng(0).permutation(len(features))
    turned = features.take(order)
    assert np.array_equal(turned.descriptors, features.descriptors[order])
    assert np.array_equal(turned.take(np.argsort(order)).xy, features.xy)
    assert len(features.take(np.zeros(len(features), bool))) == 0
    # the corners of the image stay its corners
    corners = LocalFeatures(
        np.float32([[-0.5, -0.5], [199.5, 159.5]]),
        np.ones(2, np.float32),
        np.zeros(2, np.float32),
        np.zeros((2, 3), np.float32),
        gray.shape,
    ).scaled(2.5, (400, 500))
    assert corners.xy.tolist() == [[-0.5, -0.5], [499.5, 399.5]]
    assert corners.scale.tolist() == [2.5, 2.5]
    assert corners.image_shape == (400, 500)


@pytest.mark.parametrize("wrong", ["xy", "scale", "angle", "descriptors"])
def test_local_features_agree_in_length(wrong) -> None:
    arrays = {
        "xy": np.zeros((3, 2), np.float32),
        "scale": np.zeros(3, np.float32),
        "angle": np.zeros(3, np.float32),
        "descriptors": np.zeros((3, 8), np.float32),
    }
    arrays[wrong] = arrays[wrong][:2]
    with pytest.raises(ParameterError, match="LocalFeatures needs"):
        LocalFeatures(**arrays, image_shape=(4, 4))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_side": 8}, "max_side must be an integer >= 16 or None. Got 8 instead."),
        ({"max_keypoints": 0}, "max_keypoints must be an integer >= 1 or None. Got 0 instead."),
        ({"root": 1}, "root must be True or False. Got 1 instead."),
        ({"sigma": 0}, "sigma must be a number > 0. Got 0 instead."),
        (
            {"contrast_threshold": float("nan")},
            "contrast_threshold must be a number >= 0. Got nan instead.",
        ),
    ],
)
def test_messages(gray, params, message) -> None:
    with pytest.raises(ParameterError) as caught:
        SIFT(**params).describe(gray)
    assert str(caught.value) == message
