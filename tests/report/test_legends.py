"""Colors are explained where they are used."""

import numpy as np

from cvclassic.draw import add_legend, draw_convolution


def test_a_legend_leaves_the_image_alone(rng) -> None:
    image = rng.integers(0, 255, (40, 300, 3), np.uint8)
    one = add_legend(image, [((250, 0, 250), "cell")])
    assert (one[:40] == image).all()
    assert one.shape[1] == 300
    assert (one[40:] == (250, 0, 250)).all(axis=-1).sum() > 50
    many = add_legend(image, [((i, 0, 0), f"a rather long name {i}") for i in range(6)])
    assert many.shape[0] > one.shape[0] + 20, "as many lines as it takes"
    assert (add_legend(image, []) == image).all()
    assert add_legend(image[:, :3], [((0, 0, 0), "narrow")]).shape[1] == 3


def test_large_and_flat_kernels_are_drawn() -> None:
    image = np.zeros((12, 9), np.uint8)
    for kernel in (np.zeros((3, 3)), np.ones((1, 1)), np.ones((31, 2)) / 62):
        assert draw_convolution(image, kernel, image, low=0, high=255).ndim == 3
