"""Dense SIFT against its definition, against VLFeat where it is installed, and its symmetries."""

import cv2
import numpy as np
import pytest

from cvclassic.describe import DenseSIFT, dense_sift_features
from cvclassic.describe.dense_sift import orientation_planes
from cvclassic.images import read_image


@pytest.fixture
def gray(rng) -> np.ndarray:
    """Smooth noise of 90 x 75 pixels."""
    noise = cv2.GaussianBlur(rng.normal(size=(75, 90)).astype(np.float32), (0, 0), 2)
    return cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def naive(gray, x, y, bin_size, window, window_size) -> np.ndarray:
    """Descriptor of one node, straight from the definition: loops over bins and pixels."""
    plane = gray.astype(float)
    gy, gx = np.gradient(plane)
    strength = np.hypot(gx, gy)
    turn = np.arctan2(gy, gx) % (2 * np.pi) / (np.pi / 4)
    out = np.zeros((4, 4, 8))
    sigma = bin_size * window_size
    offsets = np.arange(-bin_size + 1, bin_size)

    def weights(i):
        center = bin_size * (i - 1.5)
        gauss = np.exp(-0.5 * ((center + offsets) / sigma) ** 2)
        triangle = 1 - abs(offsets) / bin_size
        return triangle * (gauss if window == "exact" else gauss.mean())

    for row in range(4):
        for column in range(4):
            for dy, wy in zip(offsets, weights(row), strict=True):
                for dx, wx in zip(offsets, weights(column), strict=True):
                    py = min(max(y + row * bin_size + dy, 0), len(plane) - 1)
                    px = min(max(x + column * bin_size + dx, 0), plane.shape[1] - 1)
                    t = int(turn[py, px])
                    part = turn[py, px] - t
                    out[row, column, t % 8] += wy * wx * strength[py, px] * (1 - part)
                    out[row, column, (t + 1) % 8] += wy * wx * strength[py, px] * part
    vector = out.ravel() / np.linalg.norm(out)
    vector = np.minimum(vector, 0.2)
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("window", ["exact", "flat"])
@pytest.mark.parametrize(("step", "bin_size"), [(7, 5), (4, 6), (6, 4), (1, 2)])
def test_definition(gray, window, step, bin_size) -> None:
    features = dense_sift_features(
        gray, step=step, bin_size=bin_size, window=window, origin=(2, 1), window_size=1.2
    )
    for i in [0, len(features) // 2 + 3, len(features) - 1]:
        x, y = (features.xy[i] - 1.5 * bin_size).astype(int)
        expected = naive(gray, x, y, bin_size, window, 1.2)
        # OpenCV's angles are good to 0.3 degrees
        np.testing.assert_allclose(features.descriptors[i], expected, atol=0.01)
        assert features.descriptors[i] @ expected > 0.9999


@pytest.mark.parametrize("window", ["exact", "flat"])
@pytest.mark.parametrize(("step", "bin_size"), [(4, 8), (3, 5), (2, 6)])
def test_vlfeat_agrees(data_dir, window, step, bin_size) -> None:
    """Same grid, same order, mean cosine of at least 0.99 on real images."""
    vlfeat = pytest.importorskip("benchmarks.opponents.vlfeat")
    if vlfeat.load() is None:
        pytest.skip("libvl is not installed (Debian: libvlfeat1)")
    for path in sorted((data_dir / "bsds500_val").rglob("*.jpg"))[:3]:
        gray = np.ascontiguousarray(
            cv2.cvtColor(read_image(path), cv2.COLOR_RGB2GRAY)[50:190, 60:250]
        )
        filter_ = vlfeat.VlfeatDenseSift(
            *gray.shape[::-1], step=step, bin_size=bin_size, window=window, origin=(3, 2)
        )
        xy, contrast, descriptors = filter_.describe(gray / np.float32(255))
        filter_.close()
        ours = dense_sift_features(gray, step=step, bin_size=bin_size, window=window, origin=(3, 2))
        seen = contrast > 1e-3
        if len(ours) == len(xy):
            np.testing.assert_array_equal(ours.xy, xy)
            cosines = (ours.descriptors * descriptors).sum(axis=1)[seen]
            assert cosines.mean() > 0.999
            assert cosines.min() > 0.99
        threshold = float(np.median(contrast))
        kept = dense_sift_features(
            gray,
            step=step,
            bin_size=bin_size,
            window=window,
            origin=(3, 2),
            contrast_threshold=threshold,
        )
        assert abs(len(kept) - (contrast >= threshold).sum()) <= 0.01 * len(xy)


def test_orientation_planes_share_the_gradient(rng) -> None:
    gx, gy = rng.normal(size=(2, 9, 11)).astype(np.float32)
    planes = orientation_planes(gx, gy)
    assert (planes >= 0).all()
    np.testing.assert_allclose(planes.sum(axis=0), np.hypot(gx, gy), rtol=1e-5)
    assert ((planes > 1e-5).sum(axis=0) <= 2).all()


@pytest.mark.parametrize("k", range(8))
def test_orientation_bins(k) -> None:
    """A ramp of brightness in direction k * 45 degrees is in bin k alone."""
    y, x = np.mgrid[:40, :40].astype(np.float32)
    gray = 128 + 2 * (x * np.cos(k * np.pi / 4) + y * np.sin(k * np.pi / 4))
    bins = dense_sift_features(gray.astype(np.float32), step=5, bin_size=4).descriptors
    bins = bins.reshape(-1, 16, 8)
    assert (bins.argmax(axis=2) == k).all()
    assert np.delete(bins, k, axis=2).max() < 0.01 * bins.max()


@pytest.mark.parametrize("window", ["exact", "flat"])
def test_shift_by_a_step(gray, window) -> None:
    """An image that begins a step later has the descriptors of the nodes from there on."""
    options = {"step": 4, "bin_size": 4, "window": window}
    whole = dense_sift_features(gray, **options)
    shifted = dense_sift_features(np.ascontiguousarray(gray[:, 4:]), **options)
    where = {tuple(xy): i for i, xy in enumerate(whole.xy)}
    inner = [i for i, (x, y) in enumerate(shifted.xy) if x >= 12]  # away from the new edge
    matching = [where[x + 4, y] for x, y in shifted.xy[inner]]
    assert len(inner) > 50
    np.testing.assert_allclose(shifted.descriptors[inner], whole.descriptors[matching], atol=2e-5)


def test_mirror_permutes_bins() -> None:
    """Mirrored left to right: columns of bins swap, orientation t becomes 4 - t."""
    rng = np.random.default_rng(3)
    gray = cv2.GaussianBlur(rng.integers(0, 255, (49, 53), np.uint8), (0, 0), 1)
    describer = DenseSIFT(step=4, bin_sizes=(4,), root=False, contrast_threshold=0)
    first = describer.describe(gray)
    second = describer.describe(np.ascontiguousarray(gray[:, ::-1]))
    where = {tuple(xy): i for i, xy in enumerate(first.xy)}
    order = [where[52 - x, y] for x, y in second.xy]
    bins = first.descriptors[order].reshape(-1, 4, 4, 8)[:, :, ::-1, (4 - np.arange(8)) % 8]
    np.testing.assert_allclose(second.descriptors, bins.reshape(-1, 128), atol=0.01)


def test_contrast_and_brightness_do_not_matter(gray) -> None:
    plane = gray.astype(np.float32)
    first = dense_sift_features(plane)
    second = dense_sift_features(0.25 * plane + 60)
    np.testing.assert_allclose(first.descriptors, second.descriptors, atol=1e-4)


def test_normalisation(gray) -> None:
    """Rows have length 1; RootSIFT is the square root of the L1-normalized rows."""
    plain = dense_sift_features(gray).descriptors
    root = dense_sift_features(gray, root=True).descriptors
    np.testing.assert_allclose(np.linalg.norm(plain, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(root, np.sqrt(plain / plain.sum(axis=1, keepdims=True)), atol=1e-5)


@pytest.mark.parametrize("value", [0, 77, 255])
@pytest.mark.parametrize("shape", [(80, 60), (80, 60, 3), (1, 1), (12, 200)])
def test_uniform_and_tiny_pictures_are_empty(value, shape) -> None:
    describer = DenseSIFT(contrast_threshold=0)
    assert len(describer.describe(np.full(shape, value, np.uint8))) == 0


def test_uniform_half_is_left_out(rng) -> None:
    """Only nodes that reach into the textured half are described, with their own position."""
    gray = np.full((64, 128), 90, np.uint8)
    gray[:, 64:] = rng.integers(0, 255, (64, 64))
    features = DenseSIFT(bin_sizes=(4,), magnification=100).describe(gray)
    assert features.xy[:, 0].min() > 64 - 1.5 * 4 - 4 - 4
    alone = dense_sift_features(np.ascontiguousarray(gray[:, 64:]), bin_size=4, root=True)
    assert len(features) >= len(alone)
    row = np.flatnonzero((features.xy == features.xy[-1]).all(axis=1))
    assert len(row) == 1  # no node twice


def test_scales_and_border(gray) -> None:
    """Every bin size gives a centered grid that keeps its bins inside the border."""
    features = DenseSIFT(step=5, bin_sizes=(4, 7), border=6, contrast_threshold=0).describe(gray)
    for bin_size in (4, 7):
        xy = features.xy[np.isclose(features.scale, bin_size * 2 / 3)]
        low, high = xy.min(axis=0) - 1.5 * bin_size, xy.max(axis=0) + 1.5 * bin_size
        room = np.array(gray.shape[::-1]) - 1 - high
        assert (low >= 6).all()
        assert (room >= 6).all()
        assert (abs(room - low) <= 1).all()
        assert (np.unique(np.diff(np.unique(xy[:, 0]))) == 5).all()


def test_smoothing(gray) -> None:
    """`magnification` blurs by bin size / magnification pixels before the gradient."""
    smooth = cv2.GaussianBlur(
        gray.astype(np.float32), (17, 17), 2.0, borderType=cv2.BORDER_REPLICATE
    )
    describer = DenseSIFT(step=6, bin_sizes=(6,), magnification=3, root=False, contrast_threshold=0)
    origin = describer.describe(gray).xy[0] - 9
    expected = dense_sift_features(smooth, step=6, bin_size=6, origin=tuple(int(v) for v in origin))
    np.testing.assert_allclose(
        describer.describe(gray).descriptors, expected.descriptors, atol=1e-5
    )


@pytest.mark.parametrize("window", ["exact", "flat"])
@pytest.mark.parametrize(("step", "bin_size"), [(8, 10), (4, 14), (8, 20), (12, 28)])
def test_fewer_samples_of_smooth_gradients(root, window, step, bin_size) -> None:
    """The descriptors are nearly those of all gradients."""
    image = read_image(next(iter(sorted((root / "sample_images").rglob("*.jpg")))), max_side=180)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    options = {"bin_size": bin_size, "sigma": bin_size / 6, "window": window, "origin": (3, 1)}
    few = dense_sift_features(gray, step=step, subsample=True, **options)
    every = dense_sift_features(gray, step=step, **options)
    assert not np.array_equal(few.descriptors, every.descriptors)
    where = {tuple(xy): i for i, xy in enumerate(every.xy)}
    same = every.descriptors[[where[tuple(xy)] for xy in few.xy]]
    assert len(few) > 20
    alike = (few.descriptors * same).sum(axis=1)
    assert np.median(alike) > 0.998
    assert alike.min() > 0.98
