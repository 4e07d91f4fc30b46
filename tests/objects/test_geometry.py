"""Windows that a detector scans: those that its training boxes ask for."""

import numpy as np

from cvclassic.objects.geometry import plan_geometry


def boxes(width: float, height: float, n: int = 40, spread: float = 0.2) -> np.ndarray:
    """Boxes at the origin, of about one size and shape."""
    rng = np.random.default_rng(int(width))
    sides = np.array([width, height]) * np.exp(rng.uniform(-spread, spread, (n, 2)))
    return np.concatenate([np.zeros((n, 2)), sides], axis=1)


def nearest_misfit(sizes: np.ndarray, width: float, height: float) -> float:
    """How far the best window is from a box, as a factor."""
    return float(np.exp(np.abs(np.log(sizes / [width, height])).max(axis=1).min()))


def test_windows_of_one_kind_of_object_reach_its_boxes() -> None:
    found = plan_geometry(boxes(60, 120)).sizes()
    for box in boxes(60, 120):
        assert nearest_misfit(found, *box[2:]) < 1.3


def test_small_wide_and_large_tall_objects_do_not_ask_for_small_tall_windows() -> None:
    plates, people = boxes(40, 14), boxes(120, 300)
    sizes = plan_geometry(np.concatenate([plates, people])).sizes()
    for box in np.concatenate([plates, people]):
        assert nearest_misfit(sizes, *box[2:]) < 1.35
    assert nearest_misfit(sizes, 15, 37) > 2  # as tall as people, as small as plates
    assert nearest_misfit(sizes, 318, 113) > 2  # as large as people, as wide as plates
