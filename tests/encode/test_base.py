"""What every encoder inherits: the sample for its codebook, streaming, the pyramid."""

import gc
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from sklearn.base import clone

from cvclassic.describe import SIFT, Describer, LocalFeatures
from cvclassic.encode import BagOfWords, LocalEncoder, balanced_order, cell_index
from cvclassic.errors import DataError, ImageReadError, ParameterError
from tests.checks import picture_labels, pictures


class Told(Describer):
    """Descriptors that say which image they are of: the value of its first pixel."""

    n_dims = 4

    def __init__(self, n=50, max_side=None):
        self.n = n
        self.max_side = max_side

    def _check(self):
        pass

    def describe_pixels(self, pixels):
        rng = np.random.default_rng(int(pixels[0, 0]))
        height, width = pixels.shape[:2]
        descriptors = np.zeros((self.n, self.n_dims), np.float32)
        descriptors[:, 0] = pixels[0, 0]
        descriptors[:, 1:] = rng.random((self.n, self.n_dims - 1))
        none = np.zeros(self.n, np.float32)
        xy = rng.uniform(-0.5, [width - 0.5, height - 0.5], (self.n, 2)).astype(np.float32)
        return LocalFeatures(xy, none + 1, none, descriptors, (height, width))


class Sampled(LocalEncoder):
    """An encoder that keeps its sample and counts features in cells."""

    def __init__(
        self, describer=None, pyramid=((1, 1),), sample_mb=1, random_state=None, n_jobs=None
    ):
        self.describer = describer
        self.pyramid = pyramid
        self.sample_mb = sample_mb
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_encoder(self):
        pass

    def _fit_codebook(self, sample, rng):
        self.sample_ = sample

    def _cell_dims(self):
        return 1

    def encode_features(self, features, cells):
        counts = np.bincount(cells.ravel(), minlength=self.n_features_out_)
        return counts.astype(np.float32)


def marked(values) -> list[np.ndarray]:
    """One image for each value."""
    return [np.full((8, 8), value, np.uint8) for value in values]


# ------------------------------------------------------------------------------------ sampling


def test_order_takes_the_classes_in_turn(rng) -> None:
    labels = np.repeat(list("abcd"), [1, 5, 40, 200])[rng.permutation(246)]
    order = balanced_order(labels, 246, np.random.RandomState(0))
    assert sorted(order) == list(range(246))
    for n in range(4, 246, 7):
        counts = Counter(labels[order[:n]])
        whole = {"a": 1, "b": 5, "c": 40, "d": 200}
        # a class that falls behind has nothing left
        most = max(counts.values())
        assert all(counts[c] in (whole[c], most, most - 1) for c in "abcd")


def test_order_is_random_within_a_class() -> None:
    labels = ["a", "b"] * 50
    orders = [balanced_order(labels, 100, np.random.RandomState(seed)) for seed in range(3)]
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[2], balanced_order(labels, 100, np.random.RandomState(2)))
    assert sorted(balanced_order(None, 10, np.random.RandomState(0))) == list(range(10))
    with pytest.raises(ParameterError, match=r"for each of the 3 images\. Got 2"):
        balanced_order(["a", "b"], 3, np.random.RandomState(0))


@pytest.mark.parametrize("sample_mb", [0.0001, 0.001, 0.01])
def test_sample_keeps_its_bound(sample_mb) -> None:
    fitted = Sampled(Told(200), sample_mb=sample_mb, random_state=0).fit(marked(range(30)))
    assert 0 < fitted.sample_.nbytes <= sample_mb * 1e6
    assert fitted.sample_.dtype == np.float32


def test_sample_takes_everything_where_there_is_room() -> None:
    fitted = Sampled(Told(7), sample_mb=1, random_state=0).fit(marked(range(30)))
    values = Counter(fitted.sample_[:, 0].astype(int).tolist())
    assert values == dict.fromkeys(range(30), 7)


def test_sample_is_balanced_between_pictures_and_classes() -> None:
    """9 images of a common class and 3 of a rare one; room for a part of them."""
    labels = ["common"] * 9 + ["rare"] * 3
    room_for = 12 * 20
    encoder = Sampled(Told(100), sample_mb=room_for * 16 / 1e6, random_state=0)
    sample = encoder.fit(marked(range(12)), labels).sample_
    counts = Counter(sample[:, 0].astype(int).tolist())
    assert len(sample) == room_for
    assert set(counts.values()) == {20}
    # many more images than are needed: as many of either class are taken
    many = Sampled(Told(100), sample_mb=800 * 16 / 1e6, random_state=0)
    labels = ["common"] * 2000 + ["rare"] * 300
    images = marked([1] * 2000 + [2] * 300)
    share = (many.fit(images, labels).sample_[:, 0] == 2).mean()
    assert 0.4 < share < 0.6
    unbalanced = (many.fit(images).sample_[:, 0] == 2).mean()
    assert unbalanced < 0.25


def test_sample_does_not_depend_on_jobs() -> None:
    images = pictures()
    samples = [
        Sampled(SIFT(), sample_mb=0.02, random_state=0, n_jobs=n_jobs)
        .fit(images, picture_labels())
        .sample_
        for n_jobs in (None, 1, 2, 3)
    ]
    for sample in samples[1:]:
        assert np.array_equal(sample, samples[0])


def test_pictures_without_features_are_passed_over() -> None:
    blank = [np.zeros((64, 64), np.uint8)] * 5
    fitted = Sampled(SIFT(), random_state=0).fit(blank + pictures(2))
    assert len(fitted.sample_)
    with pytest.raises(DataError, match="No local features were found in any of the 5"):
        Sampled(SIFT(), random_state=0).fit(blank)


def test_an_unreadable_picture_is_named() -> None:
    with pytest.raises(ImageReadError, match=r"no/such\.jpg"):
        Sampled(SIFT(), random_state=0).fit([*pictures(2), "no/such.jpg"])


# ----------------------------------------------------------------------------------- streaming


def peak_of(function) -> int:
    """Peak of Python's and NumPy's memory while `function` runs, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_descriptors() -> None:
    """20,000 descriptors an image are 320 kB; 60 images of them would be 19 MB."""
    encoder = Sampled(Told(20_000), sample_mb=1, random_state=0, n_jobs=1)
    few, many = marked([1] * 20), marked([1] * 80)
    fits = [peak_of(lambda X=X: clone(encoder).fit(X)) for X in (few, many)]
    assert fits[1] < fits[0] + 1.5e6
    assert fits[1] < 12e6
    encoder.fit(few)
    passes = [peak_of(lambda X=X: encoder.transform(X)) for X in (few, many)]
    assert passes[1] < passes[0] + 1e6
    assert passes[1] < 12e6


# ------------------------------------------------------------------------------------- pyramid

LEVELS = ((1, 1), (2, 2), (3, 1), (4, 5))


def positions(rng, n=500, shape=(30, 50)) -> np.ndarray:
    """All over the image, its very edges included."""
    xy = rng.uniform(-0.5, [shape[1] - 0.5, shape[0] - 0.5], (n, 2))
    edges = [[-0.5, -0.5], [shape[1] - 0.5, shape[0] - 0.5], [shape[1] - 0.5, -0.5], [0, 0]]
    return np.vstack([xy, edges]).astype(np.float32)


def test_every_position_is_in_one_cell_of_each_level(rng) -> None:
    cells = cell_index(positions(rng), (30, 50), LEVELS)
    assert cells.shape == (4, 504)
    first = 0
    for level, (rows, columns) in zip(cells, LEVELS, strict=True):
        assert set(level) == set(range(first, first + rows * columns))
        first += rows * columns


def test_cells_are_even_and_run_row_by_row() -> None:
    y, x = np.mgrid[:30, :50]
    xy = np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)
    for rows, columns in [(2, 2), (3, 5), (5, 10), (1, 2)]:
        (cells,) = cell_index(xy, (30, 50), ((rows, columns),))
        grid = cells.reshape(30, 50)
        expected = np.repeat(np.arange(rows * columns).reshape(rows, columns), 30 // rows, 0)
        assert np.array_equal(grid, np.repeat(expected, 50 // columns, 1))


def test_mirroring_mirrors_the_cells(rng) -> None:
    xy = positions(rng)[:500]
    mirrored = xy * [-1, 1] + [49, 0]
    for rows, columns in LEVELS:
        (cells,) = cell_index(xy, (30, 50), ((rows, columns),))
        (turned,) = cell_index(mirrored, (30, 50), ((rows, columns),))
        row, column = np.divmod(cells, columns)
        assert np.array_equal(turned, row * columns + columns - 1 - column)


def test_scale_does_not_matter(rng) -> None:
    xy = positions(rng)
    larger = (xy + 0.5) * 4 - 0.5
    assert np.array_equal(cell_index(xy, (30, 50), LEVELS), cell_index(larger, (120, 200), LEVELS))


def test_pyramid_levels_sum_to_the_whole() -> None:
    """The counts of every level's cells sum to those of the image."""
    images = pictures(4)
    pyramid = ((1, 1), (2, 3), (4, 4))
    encoder = BagOfWords(n_words=9, norm=None, pyramid=pyramid, random_state=0).fit(images)
    assert encoder.block_sizes_ == [9, 54, 144]
    levels = np.split(encoder.transform(images), np.cumsum(encoder.block_sizes_)[:-1], axis=1)
    whole = levels[0]
    assert whole.sum() > 0
    for level in levels[1:]:
        assert np.array_equal(level.reshape(4, -1, 9).sum(axis=1), whole)
    flat = BagOfWords(n_words=9, norm=None, random_state=0).fit(images)
    assert np.array_equal(flat.transform(images), whole)


@pytest.mark.parametrize("bad", [(), ((1,),), ((0, 1),), ((1.5, 1),), 3, "21", None, ((1, -1),)])
def test_bad_pyramids(bad) -> None:
    with pytest.raises(ParameterError, match=r"pyramid must be a sequence of \(rows, columns\)"):
        BagOfWords(n_words=4, pyramid=bad).fit(pictures(3))


@pytest.mark.parametrize("good", [[[1, 1], [2, 2]], ((1, 1), (2, 2)), np.array([[1, 1], [2, 2]])])
def test_pyramids_of_other_kinds(good) -> None:
    encoder = BagOfWords(n_words=4, pyramid=good, random_state=0).fit(pictures(3))
    assert encoder.n_features_out_ == 20


@pytest.mark.parametrize("bad", [SIFT, "sift", 3])
def test_bad_describers(bad) -> None:
    with pytest.raises(ParameterError, match="describer must be a describer such as SIFT"):
        BagOfWords(bad, n_words=4).fit(pictures(3))


def test_an_encoder_that_is_no_describer_is_refused() -> None:
    with pytest.raises(ParameterError, match="describer must be a describer such as SIFT"):
        BagOfWords(BagOfWords(), n_words=4).fit(pictures(3))
