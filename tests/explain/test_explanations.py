"""Shares of keypoints: they sum to the decision, and say what matters."""

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from cvclassic.classify import HomogeneousMap, SVMClassifier, make_head, make_recipe
from cvclassic.describe import SIFT, DenseSIFT
from cvclassic.encode import LLC, VLAD, BagOfWords, FisherVector
from cvclassic.errors import ImageReadError, ParameterError
from cvclassic.explain import explain_picture, find_flipping_set
from cvclassic.explain.attribution import damping, trace
from cvclassic.explain.directions import direction_between
from cvclassic.explain.explanation import class_column
from cvclassic.explain.flipping import Removal, shortest_prefix
from cvclassic.explain.local_features import members_of, open_bags
from cvclassic.images import single_threaded
from tests.checks import picture_labels, pictures, vectors

SMALL = {"n_jobs": 1, "random_state": 0}
RECIPES = {
    "sift-bow": {"n_words": 15},
    "phow": {"n_words": 15, "step": 8},
    "llc": {"n_words": 15, "step": 8},
    "vlad": {"n_words": 4, "features__n_components": 16, "step": 8},
    "fast": {"n_gaussians": 4, "n_components": 8},
}


def small_recipe(name: str, head: str = "svm") -> Pipeline:
    params = dict(RECIPES.get(name, {}))
    params |= {"svm": {"C": 1.0}, "mlp": {"max_iter": 20}}.get(head, {})
    recipe = make_recipe(name, head, **SMALL, **params)
    if name == "fisher":
        for _, member in recipe[0].transformer_list:
            if isinstance(member, FisherVector):
                member.set_params(n_gaussians=3, n_components=8)
    return recipe


@pytest.fixture(scope="module")
def models() -> dict[str, Pipeline]:
    """Every recipe of local features with its linear head."""
    return {
        name: small_recipe(name).fit(pictures(), picture_labels()) for name in [*RECIPES, "fisher"]
    }


def assert_sums(model: Pipeline, image, **options) -> None:
    found = explain_picture(model, image, **options)
    one, other = (found.classes.index(c) for c in (found.label, found.against))
    total = found.bias + found.shares.sum()
    assert total == pytest.approx(found.decision, rel=1e-6, abs=1e-12)
    # the head computes in float32
    head = np.atleast_2d(model[-1].decisions(model[:-1].transform([image])))[0]
    assert total == pytest.approx(head[one] - head[other], rel=1e-5, abs=1e-5)
    assert found.shares.dtype == np.float64
    assert len(found) == len(found.xy) == len(found.scale) == len(found.words) > 0


@pytest.mark.parametrize("name", [*RECIPES, "fisher"])
def test_shares_and_bias_sum_to_the_decision(models, name):
    for image in pictures()[:3]:
        assert_sums(models[name], image)
        assert_sums(models[name], image, label="coarse", against="middle")
    assert explain_picture(models[name], pictures()[0]).exact


@pytest.mark.slow
@pytest.mark.parametrize("head", ["ridge", "ridge-rbf", "mlp"])
@pytest.mark.parametrize("name", ["sift-bow", "fast"])
def test_other_heads(name, head):
    model = small_recipe(name, head).fit(pictures(), picture_labels())
    assert_sums(model, pictures()[4])
    assert explain_picture(model, pictures()[4]).exact == (head == "ridge")


ENCODERS = {
    "soft votes": lambda: BagOfWords(n_words=12, n_nearest=3, pyramid=((1, 1), (2, 2))),
    "l2": lambda: BagOfWords(n_words=12, norm="l2"),
    "plain counts": lambda: BagOfWords(n_words=12, norm=None),
    "position": lambda: FisherVector(n_gaussians=3, n_components=6, augment_position=True),
    "no power": lambda: FisherVector(n_gaussians=3, n_components=None, power=1),
    "odd power": lambda: FisherVector(n_gaussians=3, n_components=6, power=0.3),
    "vlad": lambda: VLAD(n_words=3, intra=False, power=1),
    "llc": lambda: LLC(DenseSIFT(step=8), n_words=12, pyramid=((1, 1), (2, 2))),
}


@pytest.mark.parametrize("kind", ENCODERS)
def test_traces_are_the_encoder_and_lose_nothing(kind, rng):
    encoder = ENCODERS[kind]().set_params(random_state=0).fit(pictures())
    image = pictures()[1]
    with single_threaded():  # as the encoder is: products of two threads may round otherwise
        (bag,) = open_bags(members_of(encoder), image)
        found = trace(encoder, bag.features, bag.cells)
    np.testing.assert_array_equal(found.vector, encoder.transform([image])[0])
    parts = rng.normal(size=len(found.vector)) * found.vector
    assert found.shares(parts).sum() == pytest.approx(parts.sum(), rel=1e-9, abs=1e-12)
    # every entry on its own
    for i in rng.choice(np.flatnonzero(found.vector), 5):
        alone = np.where(np.arange(len(parts)) == i, parts, 0)
        assert found.shares(alone).sum() == pytest.approx(parts[i], rel=1e-7, abs=1e-12)


def test_a_linear_encoding_gives_each_what_it_adds():
    """Without power and intra-normalization the share is the descriptor's own vector times w."""
    for encoder in (
        FisherVector(n_gaussians=3, n_components=6, power=1, random_state=0),
        VLAD(n_words=3, intra=False, power=1, random_state=0),
    ):
        encoder.fit(pictures())
        (bag,) = open_bags(members_of(encoder), pictures()[1])
        found = trace(encoder, bag.features, bag.cells)
        w = np.random.default_rng(2).normal(size=len(found.vector))
        shares = found.shares(w * found.vector)
        keep = np.arange(len(shares)) % 7 == 3
        # a sum over a part of the descriptors, up to the length of the whole and of the part
        part = encoder.encode_features(bag.features.take(keep), bag.cells[:, keep])
        other = np.random.default_rng(3).normal(size=len(w))
        second = found.shares(other * found.vector)
        expected = (w @ part) / (other @ part)
        assert shares[keep].sum() / second[keep].sum() == pytest.approx(expected, rel=1e-3)


def test_words_share_equally(models):
    found = explain_picture(models["sift-bow"], pictures()[2])
    for word in np.unique(found.words):
        assert np.ptp(found.shares[found.words == word]) == 0


def test_cancelling_sums_do_not_blow_up():
    sums = np.array([1e-9, 1.0, -5.0, 0.0])
    rates = damping(sums, np.ones(4), 0.25) * np.abs(sums) ** 0.25
    assert (rates <= np.abs(sums) ** 0.25).all()
    # part over sum, times a summand of size one: bounded however small the sum
    assert rates[0] / 1e-9 <= 1.01
    assert (damping(sums, np.ones(4), 1.0) == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "head",
    [
        "svm", "ridge", "ridge-rbf", "mlp", "mlp-deep", "perceptron",
    ],
)  # fmt: skip
def test_directions_are_gradients(head):
    X, y = vectors(n_classes=3)
    model = make_head(head, **({"max_iter": 30} if head == "mlp-deep" else {})).fit(X, y)
    assert_tangent(model, X[3].astype(np.float64))


@pytest.mark.parametrize("params", [{"kernel": "rbf", "C": 10.0}])
def test_direction_of_an_rbf_svm(params):
    X, y = vectors(n_classes=3)
    assert_tangent(SVMClassifier(**params).fit(X, y), X[3].astype(np.float64))


def assert_tangent(model, x) -> None:
    direction = direction_between(model, x, 0, 2)

    def decision(at):
        d = model.decisions(at[None].astype(np.float32))[0].astype(np.float64)
        return d[0] - d[2]

    assert direction.bias + direction.weights @ x == pytest.approx(decision(x), abs=1e-4)
    step = 0.5 if direction.exact else 1e-2
    for i in range(len(x)):
        e = np.eye(len(x))[i] * step
        slope = (decision(x + e) - decision(x - e)) / (2 * step)
        assert slope == pytest.approx(direction.weights[i], rel=0.05, abs=0.02)


def test_two_classes_are_antisymmetric():
    labels = [str(i % 2) for i in range(12)]
    model = small_recipe("sift-bow").fit(pictures(), labels)
    one = explain_picture(model, pictures()[0])
    other = explain_picture(model, pictures()[0], label=one.against)
    assert other.decision == pytest.approx(-one.decision)
    np.testing.assert_allclose(other.shares, -one.shares, atol=1e-12)
    assert one.probability(one.label) >= 0.5


def test_deletion_and_insertion_beat_random_order(models, rng):
    for name in ("sift-bow", "fast"):
        model, gains = models[name], []
        for image in pictures()[:6]:
            bags = open_bags(members_of(model[0]), image)
            found = explain_picture(model, image)
            removal = Removal(model, bags)
            column = found.classes.index(found.label)
            rival = found.classes.index(found.against)

            def margin(order, removal=removal, column=column, rival=rival):
                keep = np.ones(len(order), bool)
                keep[order[: len(order) // 5]] = False
                d = removal.decisions(keep)
                return d[column] - d[rival]

            best = np.argsort(-found.shares)
            gains.append(margin(rng.permutation(best)) - margin(best))
            gains.append(margin(best[::-1]) - margin(rng.permutation(best)))
        assert np.mean(np.array(gains) > 0) > 0.9, name


def test_flipping_sets_flip(models):
    for name in ("sift-bow", "fast"):
        model, image = models[name], pictures()[0]
        found = find_flipping_set(model, image)
        assert 0 < len(found) < found.n_keypoints
        bags = open_bags(members_of(model[0]), image)
        keep = np.ones(found.n_keypoints, bool)
        keep[found.index] = False
        answers = Removal(model, bags).decisions(keep)
        assert model.classes_[answers.argmax()] == found.label_after != found.label
        keep[found.index[-1]] = True  # one less is not enough
        assert model.classes_[Removal(model, bags).decisions(keep).argmax()] == found.label


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 100])
def test_shortest_prefix(n):
    for least in range(1, n + 2):
        expected = least if least <= n else None
        assert shortest_prefix(n, lambda m, least=least: m >= least) == expected
    assert shortest_prefix(0, lambda m: True) is None


def test_a_blank_picture_leaves_the_bias(models):
    found = explain_picture(models["sift-bow"], np.full((64, 64), 90, np.uint8))
    assert len(found) == 0
    assert found.bias == pytest.approx(found.decision)


@pytest.mark.parametrize("name", ["pixels", "hog", "kernels"])
def test_whole_pictures_by_occlusion(name, rng):
    images = [np.full((28, 28), 30, np.uint8) for _ in range(12)]
    for i, image in enumerate(images):
        noise = rng.integers(0, 255, (10, 10))
        image[(slice(0, 10), slice(18, 28))[i % 2], 2:12] = noise
    model = make_recipe(name, "ridge").fit(images, [str(i % 2) for i in range(12)])
    found = explain_picture(model, images[0])
    assert not found.exact
    assert not found.sums
    assert found.words is None
    assert "blurred" in found.how
    best = found.xy[found.shares.argmax()]
    assert best[0] < 16
    with pytest.raises(ParameterError, match="uses the whole image"):
        find_flipping_set(model, images[0])


def test_sources_agree(models, tmp_path):
    from cvclassic.images import encode_image, write_image

    image = pictures()[0]
    write_image(tmp_path / "a.png", image)
    found = [
        explain_picture(models["fast"], source).shares
        for source in (image, tmp_path / "a.png", encode_image(image, ".png"))
    ]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_larger_pictures_are_in_the_recipes_pixels():
    model = small_recipe("fast").fit(pictures(), picture_labels())
    found = explain_picture(model, pictures(1, 300, 400)[0])
    assert max(found.image_shape) == 150
    assert found.xy.max() < 150


def test_mistakes(models):
    model, image = models["sift-bow"], pictures()[0]
    with pytest.raises(ParameterError, match=r"label must be one of the model's 3.*'fine'.*Got"):
        explain_picture(model, image, "fines")
    label = explain_picture(model, image).label
    with pytest.raises(ParameterError, match="is the model's answer"):
        explain_picture(model, image, against=label)
    with pytest.raises(ParameterError, match="must differ"):
        explain_picture(model, image, "fine", "fine")
    with pytest.raises(ImageReadError):
        explain_picture(model, "missing.png")
    with pytest.raises(ParameterError, match="a fitted recipe"):
        explain_picture(SVMClassifier(), image)
    numbers = make_recipe("pixels", "mlp-regressor", max_iter=2).fit(pictures(), range(12))
    with pytest.raises(ParameterError, match="gives numbers"):
        explain_picture(numbers, image)
    assert class_column(("a", "b"), "label", "b") == 1


def test_unknown_steps_are_named():
    from sklearn.preprocessing import StandardScaler

    model = Pipeline(
        [
            ("f", BagOfWords(SIFT(), n_words=10)),
            ("s", StandardScaler()),
            ("head", SVMClassifier(C=1.0)),
        ]
    ).fit(pictures(), picture_labels())
    with pytest.raises(ParameterError, match=r"HomogeneousMap.*StandardScaler"):
        explain_picture(model, pictures()[0])
    mapped = Pipeline(
        [
            ("f", BagOfWords(n_words=10, norm="l1")),
            ("m", HomogeneousMap(order=3)),
            ("h", SVMClassifier(C=1)),
        ]
    ).fit(pictures(), picture_labels())
    assert_sums(mapped, pictures()[0])


def test_real_pictures(data_dir):
    """The sum property where normalizations meet real sums that nearly cancel."""
    from cvclassic.images import load_manifest

    data = load_manifest(data_dir / "caltech101" / "manifest.csv", "train")
    some = [i for i, label in enumerate(data.labels) if label in ("brain", "lotus", "anchor")]
    some = [i for k, i in enumerate(some) if k % 5 == 0]
    paths, labels = [data.paths[i] for i in some], [data.labels[i] for i in some]
    model = make_recipe("fast", C=1.0, random_state=0).fit(paths, labels)
    for path in paths:
        found = explain_picture(model, path)
        total = found.bias + found.shares.sum()
        assert total == pytest.approx(found.decision, rel=1e-6, abs=1e-9)
        assert np.abs(found.shares).max() < 1
