"""`PixelClassifier`: it learns textures, lines and colors, from masks and from scribbles."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from cvclassic.errors import CvclassicError, DataError, ModelFileError, ParameterError
from cvclassic.segment import PixelClassifier, load_segmentation, pixel_model, save_segmentation
from cvclassic.segment.examples import Example, choose_images, cut_to_budget


def blobs(rng, n: int, size: int = 96):
    """Noisy images with bright disks, their masks, and numbers of the disks."""
    images, masks, objects = [], [], []
    y, x = np.mgrid[:size, :size]
    for _ in range(n):
        number = np.zeros((size, size), int)
        for k in range(1, 7):
            cx, cy, r = *rng.integers(10, size - 10, 2), rng.integers(6, 11)
            number[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = k
        mask = (number > 0).astype(int)
        image = 90 + 50 * mask + rng.normal(0, 25, mask.shape)
        images.append(np.clip(image, 0, 255).astype(np.uint8))
        masks.append(mask)
        objects.append(number)
    return images, masks, objects


@pytest.fixture(scope="module")
def fitted():
    images, masks, _ = blobs(np.random.default_rng(1), 4)
    return PixelClassifier(n_trees=20, depth=5, random_state=0).fit(images, masks)


def dice(model, images, masks) -> float:
    hits = total = 0
    for found, mask in zip(model.predict(images), masks, strict=True):
        hits += ((found == 1) & (mask == 1)).sum()
        total += (found == 1).sum() + (mask == 1).sum()
    return 2 * hits / total


def test_it_finds_what_it_learned(fitted) -> None:
    images, masks, _ = blobs(np.random.default_rng(2), 3)
    assert dice(fitted, images, masks) > 0.9
    assert fitted.held_out_value_ > 0.9


def test_probabilities_agree_with_classes(fitted) -> None:
    images, _, _ = blobs(np.random.default_rng(3), 1)
    found, shares = fitted.predict(images)[0], fitted.predict_proba(images)[0]
    assert shares.shape == (2, 96, 96)
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)
    assert np.array_equal(found == 1, shares[1] > 0.5)


@pytest.mark.slow
def test_same_seed_same_answer() -> None:
    images, masks, _ = blobs(np.random.default_rng(1), 3)
    settings = {"n_trees": 6, "depth": 4, "random_state": 3}
    one = PixelClassifier(**settings, n_jobs=1).fit(images, masks)
    two = PixelClassifier(**settings, n_jobs=2).fit(images, masks)
    assert np.array_equal(one.predict_proba(images)[0], two.predict_proba(images)[0])


@pytest.mark.slow
def test_scribbles_do_nearly_as_well(fitted) -> None:
    rng = np.random.default_rng(1)
    images, masks, _ = blobs(rng, 4)
    scribbles = []
    for mask in masks:
        marks = np.zeros(mask.shape, int)
        rows = rng.choice(96, 2, replace=False)
        marks[rows] = mask[rows] + 1
        scribbles.append(marks)
    model = PixelClassifier(n_trees=20, depth=5, random_state=0)
    model.fit(images, scribbles, scribbles=True)
    others, truth, _ = blobs(np.random.default_rng(2), 3)
    found = [(answer == 2).astype(int) for answer in model.predict(others)]
    hits = sum(int((f & t).sum()) for f, t in zip(found, truth, strict=True))
    share = 2 * hits / sum(int(f.sum() + t.sum()) for f, t in zip(found, truth, strict=True))
    assert share > 0.95 * dice(fitted, others, truth)


@pytest.mark.slow
def test_one_image_is_enough() -> None:
    images, masks, _ = blobs(np.random.default_rng(1), 1)
    model = PixelClassifier(n_trees=10, depth=4, random_state=0).fit(images, masks)
    assert dice(model, images, masks) > 0.9


@pytest.mark.slow
def test_several_classes_in_color(rng) -> None:
    masks = [np.kron(rng.integers(0, 4, (4, 4)), np.ones((20, 20), int)) for _ in range(3)]
    colors = np.array([(60, 60, 60), (160, 60, 60), (60, 160, 60), (60, 60, 160)])
    images = [np.clip(colors[m] + rng.normal(0, 20, (*m.shape, 3)), 0, 255) for m in masks]
    images = [image.astype(np.uint8) for image in images]
    model = PixelClassifier(n_trees=8, depth=4, max_pixels=20_000, random_state=0)
    model.fit(images, masks)
    found = model.predict(images)
    assert np.mean([(f == m).mean() for f, m in zip(found, masks, strict=True)]) > 0.95
    assert model.predict_proba(images[:1])[0].shape == (4, 80, 80)


@pytest.mark.slow
def test_touching_objects_are_told_apart() -> None:
    images, _, objects = blobs(np.random.default_rng(4), 5)
    model = PixelClassifier(n_trees=20, depth=5, instances=True, random_state=0)
    model.fit(images, objects)
    others, _, truth = blobs(np.random.default_rng(5), 3)
    for found, true in zip(model.predict_instances(others), truth, strict=True):
        assert abs(int(found.max()) - len(np.unique(true)) + 1) <= 2


@pytest.mark.slow
def test_what_is_not_known_does_not_count() -> None:
    images, masks, _ = blobs(np.random.default_rng(1), 3)
    hidden = [np.where(np.arange(96) < 48, mask, -1) for mask in masks]
    turned = [np.where(np.arange(96) < 48, mask, 1 - mask) for mask in masks]
    model = PixelClassifier(n_trees=10, depth=4, random_state=0)
    assert dice(clone(model).fit(images, hidden), images, masks) > 0.88
    assert dice(clone(model).fit(images, turned), images, masks) < 0.85


def test_tiles_give_what_the_whole_gives(fitted, monkeypatch) -> None:
    rng = np.random.default_rng(6)
    image = np.concatenate([np.concatenate(blobs(rng, 4)[0], axis=1) for _ in range(3)])
    whole = fitted.predict_proba([image])[0]
    monkeypatch.setattr(pixel_model, "_ONE_TILE", 1000)
    monkeypatch.setattr(pixel_model, "_TILE", 128)
    tiled = fitted.predict_proba([image])[0]
    assert np.abs(whole - tiled).mean() < 0.01
    assert ((whole[1] > 0.5) == (tiled[1] > 0.5)).mean() > 0.99


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (17, 9), (64, 64, 3)])
def test_odd_sizes(fitted, shape) -> None:
    assert fitted.predict([np.full(shape, 90, np.uint8)])[0].shape == shape[:2]


@pytest.mark.slow
def test_the_input_is_left_alone(fitted) -> None:
    images, masks, _ = blobs(np.random.default_rng(1), 2)
    before = [a.copy() for a in (*images, *masks)]
    PixelClassifier(n_trees=2, depth=2).fit(images, masks).predict(images)
    assert all(np.array_equal(a, b) for a, b in zip(before, (*images, *masks), strict=True))


def test_clone_pickle_and_unfitted(fitted) -> None:
    with pytest.raises(NotFittedError):
        clone(fitted).predict([np.zeros((8, 8), np.uint8)])
    images, _, _ = blobs(np.random.default_rng(3), 1)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(images)[0], fitted.predict(images)[0])


def test_a_file_gives_the_same_model(fitted, tmp_path) -> None:
    save_segmentation(tmp_path / "m", fitted, {"names": ["a", "b"]})
    loaded, summary = load_segmentation(tmp_path / "m")
    images, _, _ = blobs(np.random.default_rng(3), 1)
    assert np.array_equal(loaded.predict_proba(images)[0], fitted.predict_proba(images)[0])
    assert summary["names"] == ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [
        lambda a, c: a.update({"0.features": a["0.features"] + 1000}),
        lambda a, c: a.update({"0.leaves": a["0.leaves"][:, :3]}),
        lambda a, c: a.pop("mixing"),
        lambda a, c: a.update({"ranges": a["ranges"][:, ::-1].copy()}),
        lambda a, c: a.update({"classes": a["classes"][:1]}),
        lambda a, c: c.update(n_levels=40),
        lambda a, c: c.update(n_stages="x"),
        lambda a, c: c["params"].update(depth=99),
        lambda a, c: c.update(rule={"threshold": 1}),
        lambda a, c: c["summary"].update(names=["only one"]),
    ],
)
def test_damaged_files_are_refused(fitted, tmp_path, change) -> None:
    from cvclassic.models.bundles import load_bundle, save_bundle
    from cvclassic.segment.files import KIND, VERSION

    save_segmentation(tmp_path / "m", fitted, {"names": ["a", "b"]})
    arrays, content = load_bundle(tmp_path / "m", KIND, VERSION)
    change(arrays, content)
    save_bundle(tmp_path / "m", KIND, VERSION, arrays, content)
    with pytest.raises(ModelFileError, match="damaged"):
        load_segmentation(tmp_path / "m")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"n_trees": 0}, ParameterError),
        ({"depth": 9}, ParameterError),
        ({"context": "yes"}, ParameterError),
        ({"class_weight": {7: 1.0}}, ParameterError),
        ({"class_weight": "even"}, ParameterError),
    ],
)
def test_bad_parameters(settings, error) -> None:
    images, masks, _ = blobs(np.random.default_rng(1), 1)
    with pytest.raises(error):
        PixelClassifier(**settings).fit(images, masks)


def test_bad_masks() -> None:
    images, masks, _ = blobs(np.random.default_rng(1), 1)
    for bad in ([masks[0][:50]], [np.zeros_like(masks[0])], [masks[0] - 5]):
        with pytest.raises(DataError):
            PixelClassifier(n_trees=1).fit(images, bad)
    with pytest.raises(CvclassicError):
        PixelClassifier(n_trees=1).fit(images, [masks[0] * 1.5])


def test_large_sets_are_cut_to_windows_that_show_labels(rng) -> None:
    mask = np.full((3000, 4000), -1, np.int32)
    mask[2900:2910, 3900:3910] = 1
    cut = cut_to_budget(Example(np.zeros((3000, 4000), np.uint8), mask), 100, rng)
    assert cut.mask.size < 250_000
    assert (cut.mask == 1).any()
    assert cut.placed[2:] == (3000, 4000)


def test_of_many_images_some_are_taken_with_every_class(rng) -> None:
    masks = [np.zeros((1000, 1000), np.int16) for _ in range(200)]
    masks[137][:] = 3
    masks[11][:] = 2
    taken = choose_images(masks, rng)
    assert 60 <= len(taken) <= 62
    assert {11, 137} <= set(taken)
    assert choose_images(masks[:50], rng) == list(range(50))
