"""Feature planes: they answer to what they are named after, and tiles agree with the whole."""

import numpy as np
import pytest

from cvclassic.segment.features import (
    channels_of,
    context_responses,
    image_responses,
    learn_mixing,
    response_names,
)
from cvclassic.segment.planes import (
    Window,
    context_planes,
    image_planes,
    learn_ranges,
    n_planes,
    padded_crop,
    sample_responses,
    whole,
)

GRAY = np.array([[0.299, 0.587, 0.114]], np.float32)


def _responses(image, n_levels=1):
    names = [name for level in range(n_levels) for name in response_names(0, level)]
    found = {n: r for n, _, r in image_responses(channels_of(image, GRAY), n_levels)}
    return {(name, i): found[i] for i, name in enumerate(names)}


def _of(image, wanted):
    return next(r for (name, _), r in _responses(image).items() if name == wanted)


def test_lines_and_edges_are_told_apart() -> None:
    line = np.full((48, 48), 200, np.uint8)
    line[23:25] = 60
    assert _of(line, "dark line")[24, 24] > 3 * abs(_of(line, "bright line")[24, 24])
    assert _of(line, "valley")[24, 24] > 0.01
    assert _of(255 - line, "bright line")[24, 24] < -3 * abs(_of(255 - line, "dark line")[24, 24])
    assert _of(line, "gradient")[21, 24] > _of(line, "gradient")[5, 5] + 0.1


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_turning_the_image_turns_the_responses(rng, turn: int) -> None:
    image = (rng.normal(0, 1, (64, 64)).cumsum(0).cumsum(1) % 251).astype(np.uint8)
    straight = _responses(image, 2)
    turned = _responses(np.ascontiguousarray(np.rot90(image, turn)), 2)
    for key, response in straight.items():
        np.testing.assert_allclose(np.rot90(response, turn), turned[key], atol=2e-3, err_msg=key[0])


def test_a_flat_image_has_no_structure() -> None:
    for (name, _), response in _responses(np.full((32, 32), 77, np.uint8)).items():
        if name != "value":
            assert np.abs(response).max() < 0.06, name  # a root of rounding


def test_only_what_is_wanted_is_computed(rng) -> None:
    image = rng.integers(0, 256, (64, 64), dtype=np.uint8)
    everything = {n: r for n, _, r in image_responses(channels_of(image, GRAY), 3)}
    some = {n: r for n, _, r in image_responses(channels_of(image, GRAY), 3, {0, 9, 11, 20})}
    assert set(some) == {0, 9, 11, 20}
    assert all(np.array_equal(some[n], everything[n]) for n in some)


def test_numbers_are_those_that_are_counted() -> None:
    channels = [np.zeros((32, 32), np.float32)] * 3
    assert len(list(image_responses(channels, 4))) == n_planes(3, 4)
    responses, extra = n_planes(5, 4, context=True)
    maps = np.zeros((5, 32, 32), np.uint8)
    assert len(list(context_responses([m.astype(np.float32) for m in maps], 4))) == responses
    ranges = np.tile(np.array([0, 1], np.float32), (responses, 1))
    wanted = list(range(responses + extra))
    assert len(context_planes(maps, whole((32, 32)), ranges, 4, 0, wanted)) == responses + extra


def test_a_tile_with_its_surroundings_is_like_the_whole(rng) -> None:
    image = np.clip(rng.normal(0, 9, (400, 300)).cumsum(1) + 120, 0, 255).astype(np.uint8)
    n_levels = 4
    crop, _, _ = padded_crop(image, whole(image.shape), 0, 8)
    ranges = learn_ranges([sample_responses(image_responses(channels_of(crop, GRAY), n_levels))])
    wanted = list(range(len(ranges) + 2))
    everything = image_planes(image, whole(image.shape), GRAY, ranges, n_levels, 0, wanted)
    window = Window(128, 77, 150, 130)
    tile = image_planes(image, window, GRAY, ranges, n_levels, 96, wanted)
    for n, (a, b) in enumerate(zip(everything, tile, strict=True)):
        part = a[128:278, 77:207].astype(int)
        assert part.shape == b.shape
        assert np.abs(part - b).max() <= 5, n


def test_the_channel_that_tells_the_classes_leads(rng) -> None:
    labels = (rng.random((80, 80)) < 0.5).astype(int)
    image = rng.integers(90, 110, (80, 80, 3), dtype=np.uint8)
    image[..., 2] += (60 * labels).astype(np.uint8)
    mixing = learn_mixing([image], [labels])
    assert mixing[0].tolist() == [0, 0, 1]
    assert len(mixing) == 4
    assert len(learn_mixing([image[..., 0]], [labels])) == 1
