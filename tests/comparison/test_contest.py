"""Contestants in processes of their own; damage; splits."""

import importlib.util
import os

import numpy as np
import pytest

from cvclassic.comparison import (
    DAMAGES,
    METHODS,
    damage_image,
    make_method,
    measure_method,
    run_apart,
    run_contest,
    split_pictures,
)
from cvclassic.comparison.splitting import first_of_each
from cvclassic.describe import Embedding
from cvclassic.errors import DataError, MissingDependencyError, ParameterError
from tests.checks import picture_labels, pictures
from tests.tiny_network import tiny_network

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed (extra cnn)"
)


def die() -> None:
    os._exit(3)


def complain() -> None:
    raise ParameterError("a must be b. Got c instead.")


@pytest.mark.slow
def test_another_process_answers() -> None:
    assert run_apart(os.getpid) != os.getpid()
    assert run_apart(max, 3, 5) == 5
    assert "OMP_WAIT_POLICY" not in os.environ


@pytest.mark.slow
def test_a_process_that_dies_is_an_error() -> None:
    with pytest.raises(DataError, match="ended without a result"):
        run_apart(die)
    with pytest.raises(DataError, match="a must be b"):
        run_apart(complain)


@pytest.mark.slow
def test_a_contest() -> None:
    ended = []
    found = run_contest(
        ["embedding", "hog", "fused"],
        (pictures(), picture_labels()),
        (pictures(6), picture_labels(6)),
        network=None,
        on_end=lambda name, what: ended.append(name),
        n_damaged=2,
    )
    assert list(found.measured) == ["hog"]
    assert "--network" in found.left_out["embedding"]
    assert ended == ["embedding", "hog", "fused"]
    one = found.measured["hog"]
    assert one.probabilities.shape == (6, 3)
    assert {"fit_s", "latency_ms", "ms_per_image", "model_mb", "peak_mb"} <= set(one.row)
    assert all(one.row[key] > 0 for key in ("fit_s", "latency_ms", "model_mb", "peak_mb"))
    assert set(one.robustness) == {"none", *DAMAGES}
    seen = one.predictions(list("abcdef"), picture_labels(6))
    assert seen.right.dtype == bool


def test_nobody_can_take_part() -> None:
    data = (pictures(), picture_labels())
    with pytest.raises(DataError, match="Nothing could be measured: No pre-trained network"):
        run_contest(["embedding"], data, data)


def test_a_network_counts_with_its_file() -> None:
    method = make_method("embedding", network=tiny_network()).fit(pictures(), picture_labels())
    assert method.n_bytes() > os.path.getsize(tiny_network())


def test_a_network_keeps_its_name(monkeypatch) -> None:
    """Its file alone would not tell what the network was trained on."""
    for module in ("comparison.methods", "describe.embedding"):
        monkeypatch.setattr(f"cvclassic.{module}.network_path", lambda name: str(tiny_network()))
    method = make_method("embedding", network="efficientnet-lite0")
    vectors = method.fit(pictures(), picture_labels())._pipeline[0].transform(pictures())
    own = Embedding(tiny_network(), scaling="symmetric", power=0.5).fit_transform(pictures())
    np.testing.assert_allclose(vectors, own, atol=1e-6)
    assert method.n_bytes() > os.path.getsize(tiny_network())


def test_methods_are_known() -> None:
    with pytest.raises(ParameterError, match="method must be one of"):
        make_method("vgg")
    assert all("\n" not in about for about in METHODS.values())


@needs_torch
@pytest.mark.parametrize("kind", ["cnn-small", "cnn-resnet"])
def test_networks_learn(kind: str) -> None:
    """Bright from dark, in seconds, and the same for a short and a long budget's form."""
    rng = np.random.default_rng(0)
    images = [
        np.clip(rng.normal(60 + 130 * (i % 2), 20, (28, 28)), 0, 255).astype(np.uint8)
        for i in range(40)
    ]
    labels = [("dark", "bright")[i % 2] for i in range(40)]
    data = (images, labels)
    found = measure_method(kind, data, data, budgets=(0.5, 4), clock="processor")
    assert [row["budget_s"] for row in found.budgets] == [0.5, 4]
    assert found.budgets[1]["epochs"] > found.budgets[0]["epochs"]
    assert found.budgets[1]["accuracy"] > 0.9
    assert found.row["fit_s"] == 4
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is not None, reason="PyTorch is installed (extra cnn)"
)
def test_without_torch_the_hint_says_how() -> None:
    with pytest.raises(MissingDependencyError, match="pip install"):
        make_method("cnn-small")


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage(kind: str) -> None:
    """Same shape, another image, the same each time, the given one unchanged."""
    for image in (pictures(1)[0], pictures(1)[0][:, :, 0].copy(), np.full((1, 1), 9, np.uint8)):
        before = image.copy()
        for amount in DAMAGES[kind][2]:
            damaged = damage_image(image, kind, amount)
            assert damaged.shape == image.shape
            assert damaged.dtype == np.uint8
            assert np.array_equal(damaged, damage_image(image, kind, amount))
            if image.size > 1:
                assert not np.array_equal(damaged, image)
        assert np.array_equal(image, before)


def test_harsher_damage_is_further_away() -> None:
    (image,) = pictures(1)
    for kind in ("blur", "noise", "jpeg", "occlusion"):
        far = [
            float(np.abs(damage_image(image, kind, a).astype(float) - image).mean())
            for a in DAMAGES[kind][2]
        ]
        assert far == sorted(far), kind


def test_splits() -> None:
    labels = list("aaaaaabbbc" * 2)
    train, test = split_pictures(labels, 0.5, seed=1)
    assert sorted([*train, *test]) == list(range(20))
    known = np.array(labels)
    for label in "abc":
        assert (known[train] == label).any()
        assert (known[test] == label).any()
    assert np.array_equal(split_pictures(labels, 0.5, seed=1)[0], train)
    assert not np.array_equal(split_pictures(labels, 0.5, seed=2)[0], train)
    with pytest.raises(DataError, match="Class b has one image"):
        split_pictures(list("aab"))
    few, more = (set(first_of_each(labels, n)) for n in (1, 2))
    assert few < more
    assert len(few) == 3
